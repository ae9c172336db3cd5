"""Many videos, one after the other: skips what is done, goes on after what is broken."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from avsseg.checkpoint import load_model
from avsseg.errors import AvssegError, UsageError
from avsseg.inputs import Job
from avsseg.media.ffmpeg_input import transcoded
from avsseg.media.manifest import FileReport
from avsseg.media.outputs import KINDS, OutputSettings
from avsseg.media.spectrogram import SpectrogramMeter
from avsseg.model.segmenter import AVSegmenter
from avsseg.page.film_page import NEEDED, PAGE, write_film_page
from avsseg.predict_file import Progress, predict_file
from avsseg.prediction import PredictSettings
from avsseg.run_record import Recipe, content_hash, finished_outputs, recorded, write_record
from avsseg.stage_timer import NO_TIMER, NoTimer

_log = logging.getLogger(__name__)

Watch = Callable[[Job], Progress | None]
"""Told of each job as it begins; what it returns is told how far that job is."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All that a run over many videos needs to know.

    Attributes:
        weights: a checkpoint file.
        device: where to compute.
        audio_track: number of the sound track to listen to; None for the best.
        silent_ok: a video without sound gives empty masks instead of an error.
        overwrite: do again what is there already.
        report: each video gets a page to look at; ``outputs`` must hold what it is made from.
        decoder: ``bundled``, or ``ffmpeg`` for the installed program, which may read more.
    """

    weights: Path
    device: str = "auto"
    predict: PredictSettings = field(default_factory=PredictSettings)
    outputs: OutputSettings = field(default_factory=OutputSettings)
    audio_track: int | None = None
    silent_ok: bool = False
    overwrite: bool = False
    report: bool = False
    decoder: Literal["bundled", "ffmpeg"] = "bundled"

    def __post_init__(self) -> None:
        missing = [kind for kind in NEEDED if kind not in self.outputs.kinds]
        if self.report and missing:
            raise UsageError(f"a report is made from the output {missing[0]}; add it.")

    def arguments(self) -> dict[str, Any]:
        """Every setting that decides the outputs, by name."""
        predict = {k: v for k, v in vars(self.predict).items() if k != "batch_size"}
        chosen = {"audio_track": self.audio_track, "silent_ok": self.silent_ok}
        page = {"report": True} if self.report else {}
        reading = {"decoder": self.decoder} if self.decoder != "bundled" else {}
        return {**predict, **vars(self.outputs), **chosen, **page, **reading}


class Predictor:
    """Does jobs under one plan; the network is loaded when the first of them needs it.

    Attributes:
        plan: what it goes by.
        timer: told what each stage takes, over all jobs.
    """

    def __init__(self, plan: Plan, timer: NoTimer = NO_TIMER) -> None:
        self.plan, self.timer = plan, timer

    @cached_property
    def model(self) -> AVSegmenter:
        """The network, on its device."""
        return load_model(self.plan.weights, self.plan.device)

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
        """
        plan, fingerprint = self.plan, self.recipe.fingerprint(job.source)
        outputs = None if plan.overwrite else finished_outputs(job.folder, fingerprint)
        if outputs is not None:
            return FileReport(
                source=job.source, status="skipped", outputs=outputs, reason="finished before"
            )
        files = [KINDS[kind].file for kind in plan.outputs.kinds] + [PAGE] * plan.report
        meter = SpectrogramMeter() if plan.report else None
        with (
            recorded(job.folder, files=files, overwrite=plan.overwrite),
            self._readable(job.source) as film,
        ):
            report = predict_file(
                film,
                job.folder,
                self.model,
                plan.predict,
                plan.outputs,
                audio_track=plan.audio_track,
                silent_ok=plan.silent_ok,
                progress=progress,
                also=None if meter is None else meter.add,
                timer=self.timer,
            )
            report = replace(report, source=job.source)
            if meter is not None:
                report = self._with_page(job, report, meter)
            return write_record(job.folder, self.recipe, fingerprint, report)

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


def run_jobs(
    jobs: Sequence[Job],
    predictor: Predictor,
    *,
    fail_fast: bool = False,
    watch: Watch | None = None,
) -> Iterator[FileReport]:
    """Does jobs in turn and reports each as it ends; a broken one is reported and passed over.

    A bug keeps its traceback: it goes to the log, or up where there is only one job.

    Args:
        jobs: the videos.
        predictor: does them.
        fail_fast: stop after the first failure.
        watch: told of each job as it begins.

    Raises:
        UsageError: what was asked for cannot be done here for any video.
    """
    for job in jobs:
        progress = None if watch is None else watch(job)
        report = _attempted(job, predictor, progress, alone=len(jobs) == 1)
        yield report
        if fail_fast and report.status == "failed":
            return


def _attempted(
    job: Job, predictor: Predictor, progress: Progress | None, *, alone: bool
) -> FileReport:
    try:
        return predictor.do(job, progress)
    except UsageError:
        raise
    except AvssegError as error:
        reason = str(error)
    except Exception as error:
        if alone:
            raise
        _log.exception("%s: unexpected failure", job.source)
        reason = f"{job.source}: unexpected {type(error).__name__}: {error}"
    return FileReport(source=job.source, status="failed", reason=reason)
