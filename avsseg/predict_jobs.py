"""One video of many by a common plan: skips it where it is done, and records what was done."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from avsseg.checkpoint import load_model
from avsseg.errors import UsageError
from avsseg.heap import share_heap
from avsseg.inputs import Job
from avsseg.listening import require_sound
from avsseg.media.ffmpeg_input import transcoded
from avsseg.media.manifest import FileReport
from avsseg.media.outputs import KINDS, OutputSettings
from avsseg.media.probe import probe
from avsseg.media.spectrogram import SpectrogramMeter
from avsseg.model.segmenter import AVSegmenter
from avsseg.page.film_page import NEEDED, PAGE, write_film_page
from avsseg.predict_file import Progress, predict_file
from avsseg.prediction import PredictSettings
from avsseg.run_record import (
    Recipe,
    content_hash,
    finished_outputs,
    recorded,
    refuse_taken,
    write_record,
)
from avsseg.stage_timer import NO_TIMER, NoTimer

DoJob = Callable[[Job, Progress | None], FileReport]
"""Does a job, or looks at what there would be to do, and tells how far it is."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that a run over many videos needs to know.

    Attributes:
        weights: a checkpoint file.
        device: where to compute.
        resolution: side of the pictures that the network looks at; None for its own.
        audio_track: number of the sound track to listen to; None for the best.
        silent_ok: a video without sound gives empty masks instead of an error.
        overwrite: do again what is there already.
        report: each video gets a page to look at; ``outputs`` must hold what it is made from.
        decoder: ``bundled``, ``cuda`` for the same with pictures decoded by a GPU where it can, or
            ``ffmpeg`` for the installed program, which may read more.
    """

    weights: Path
    device: str = "auto"
    resolution: int | None = None
    predict: PredictSettings = field(default_factory=PredictSettings)
    outputs: OutputSettings = field(default_factory=OutputSettings)
    audio_track: int | None = None
    silent_ok: bool = False
    overwrite: bool = False
    report: bool = False
    decoder: Literal["bundled", "cuda", "ffmpeg"] = "bundled"

    def __post_init__(self) -> None:
        missing = [kind for kind in NEEDED if kind not in self.outputs.kinds]
        if self.report and missing:
            raise UsageError(f"a report is made from the output {missing[0]}; add it.")

    @property
    def files(self) -> dict[str, str]:
        """What is written for each video, by kind: names in the video's folder."""
        page = {"report": PAGE} if self.report else {}
        return {kind: KINDS[kind].file for kind in self.outputs.kinds} | page

    def arguments(self) -> dict[str, Any]:
        """Every setting that decides the outputs, by name."""
        predict = {k: v for k, v in vars(self.predict).items() if k != "batch_size"}
        chosen = {"audio_track": self.audio_track, "silent_ok": self.silent_ok}
        page = {"report": True} if self.report else {}
        reading = {"decoder": self.decoder} if self.decoder != "bundled" else {}
        looking = {} if self.resolution is None else {"resolution": self.resolution}
        return {**predict, **vars(self.outputs), **chosen, **page, **reading, **looking}


class Predictor:
    """Does jobs under one plan; the network is loaded when the first of them needs it.

    Attributes:
        plan: what it goes by.
        timer: told what each stage takes, over all jobs.
    """

    def __init__(self, plan: Plan, timer: NoTimer = NO_TIMER) -> None:
        share_heap()  # loading the network begins a thread
        self.plan, self.timer = plan, timer

    @cached_property
    def model(self) -> AVSegmenter:
        """The network, on its device."""
        plan = self.plan
        return load_model(plan.weights, plan.device, resolution=plan.resolution)

    @cached_property
    def recipe(self) -> Recipe:
        """What, with a video, decides its outputs."""
        return Recipe(
            weights=self.plan.weights.name,
            weights_sha256=content_hash(self.plan.weights),
            arguments=self.plan.arguments(),
        )

    def do(self, job: Job, progress: Progress | None = None) -> FileReport:
        """One video, unless its outputs are there and made from the same things.

        Raises:
            MediaError: the video cannot be used, or its outputs cannot be written.
            CheckpointError: the weights cannot be used, for this video or any other.
        """
        plan, fingerprint = self.plan, self.recipe.fingerprint(job.source)
        finished = self._finished(job, fingerprint)
        if finished is not None:
            return finished
        files = list(plan.files.values())
        meter = SpectrogramMeter() if plan.report else None
        with (
            recorded(job.folder, files=files, overwrite=plan.overwrite, source=job.source),
            self._readable(job.source) as film,
        ):
            report = predict_file(
                film,
                job.folder,
                self.model,
                plan.predict,
                plan.outputs,
                audio_track=plan.audio_track,
                hardware="cuda" if plan.decoder == "cuda" else None,
                silent_ok=plan.silent_ok,
                progress=progress,
                also=None if meter is None else meter.add,
                timer=self.timer,
            )
            report = replace(report, source=job.source)
            if meter is not None:
                report = self._with_page(job, report, meter)
            return write_record(job.folder, self.recipe, fingerprint, report)

    def foresee(self, job: Job, progress: Progress | None = None) -> FileReport:
        """What :meth:`do` would make of a video, as far as its headers tell; writes nothing.

        Raises:
            MediaError: as :meth:`do` would.
        """
        plan, files = self.plan, self.plan.files
        finished = self._finished(job, self.recipe.fingerprint(job.source))
        if finished is not None:
            return finished
        if not plan.overwrite:
            refuse_taken(job.folder, files.values())
        facts = {} if plan.decoder == "ffmpeg" else self._facts_of(job.source)
        outputs = {kind: job.folder / name for kind, name in files.items()}
        return FileReport(source=job.source, status="planned", outputs=outputs, facts=facts)

    def _facts_of(self, source: Path) -> dict[str, Any]:
        info = probe(source, audio_track=self.plan.audio_track)
        require_sound(info, silent_ok=self.plan.silent_ok)
        seconds = None if info.duration is None else round(float(info.duration), 3)
        return {"seconds": seconds, "width": info.width, "height": info.height}

    def _finished(self, job: Job, fingerprint: str) -> FileReport | None:
        outputs = None if self.plan.overwrite else finished_outputs(job.folder, fingerprint)
        if outputs is None:
            return None
        return FileReport(
            source=job.source, status="skipped", outputs=outputs, reason="finished before"
        )

    def _readable(self, source: Path) -> AbstractContextManager[Path]:
        return transcoded(source) if self.plan.decoder == "ffmpeg" else nullcontext(source)

    def _with_page(self, job: Job, report: FileReport, meter: SpectrogramMeter) -> FileReport:
        page = write_film_page(
            job.folder,
            job.source,
            outputs=report.outputs,
            recipe=self.recipe,
            sound=meter.spectrogram(),
            start=self.plan.predict.start,
            audio_track=self.plan.audio_track,
            notes=report.notes,
        )
        return replace(report, outputs={**report.outputs, "report": page})
