"""``avsseg predict``: marks what sounds in files, folders and patterns of files."""

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from avsseg.cli import predict_options as options
from avsseg.cli.console import complain, console, results, say, warn
from avsseg.cli.errors import SOME_FAILED
from avsseg.cli.options import Device, Json, Offline, Precision, PrecisionName, Quiet, Seed, Weights
from avsseg.cli.progress import Advance, run_progress
from avsseg.cli.stage_table import stage_lines
from avsseg.stage_timer import NO_TIMER, StageTimer

if TYPE_CHECKING:
    from avsseg.inputs import Job
    from avsseg.media.manifest import FileReport
    from avsseg.predict_jobs import Plan, Predictor


def predict(
    inputs: options.Inputs,
    out: options.Out = Path("avsseg-out"),
    output: options.Output = "overlay,csv",
    style: options.Style = options.StyleName.TINT,
    threshold: options.Threshold = 0.5,
    encoder: options.EncoderName = "libx264",
    crf: options.Crf = None,
    report: options.Report = False,
    no_audio: options.NoAudio = False,
    overwrite: options.Overwrite = False,
    fps: options.Fps = None,
    start: options.Start = None,
    end: options.End = None,
    audio_track: options.AudioTrack = None,
    decoder: options.Decoder = options.DecoderName.BUNDLED,
    gate: options.Gate = "auto",
    samples: options.Samples = 1,
    overlap: options.Overlap = 0,
    smooth: options.Smooth = 0.0,
    refine: options.Refine = False,
    labels: options.Labels = False,
    silent_ok: options.SilentOk = False,
    weights: Weights = None,
    device: Device = "auto",
    precision: Precision = PrecisionName.AUTO,
    batch: options.Batch = None,
    seed: Seed = 0,
    fail_fast: options.FailFast = False,
    profile: options.Profile = False,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Mark what sounds in every video of INPUT.

    Each video gets a folder of its own below the output folder, and a folder's
    tree is mirrored: season/one.mp4 gives season/one/ with overlay.mp4,
    frames.csv or whatever else is asked for, and manifest.json, written last.
    What is finished is skipped: it is known by the content of video and weights
    and by the settings.

    Example: avsseg predict film.mp4

    Example: avsseg predict clips/ -o marked --output masks,csv --fps 2
    """
    from avsseg.device import choose_device, choose_precision
    from avsseg.gate import parse_gate
    from avsseg.inputs import plan_jobs
    from avsseg.media.outputs import OutputSettings
    from avsseg.predict_jobs import Plan, Predictor
    from avsseg.prediction import PredictSettings
    from avsseg.weights import resolve_weights

    wanted = OutputSettings(
        kinds=_kinds(output, report=report),
        threshold=threshold,
        style=style.value,
        encoder=encoder,
        crf=crf,
        with_sound=not no_audio,
        refine=refine,
        labels=labels,
    )
    settings = PredictSettings(
        fps=fps or Fraction(4 if wanted.moving else 1),
        start=start,
        end=end,
        seed=seed,
        batch_size=batch,
        precision=precision.value,
        gate=parse_gate(gate),
        samples=samples,
        overlap=overlap,
        smooth=smooth,
        with_muted=wanted.with_muted,
    )
    jobs, chosen = plan_jobs(inputs, out), choose_device(device)
    plan = Plan(
        weights=resolve_weights(weights, offline=offline),
        device=str(chosen),
        predict=settings,
        outputs=wanted,
        audio_track=audio_track,
        decoder=decoder.value,
        silent_ok=silent_ok,
        overwrite=overwrite,
        report=report,
    )
    _announce(plan, str(choose_precision(precision.value, chosen)), quiet=quiet)
    predictor = Predictor(plan, StageTimer() if profile else NO_TIMER)
    ended = _run(jobs, predictor, fail_fast=fail_fast, as_json=as_json, quiet=quiet)
    if report and len(jobs) > 1:
        _index(out, ended, quiet=quiet or as_json)
    _finish(ended, len(jobs), quiet=quiet)


def _kinds(output: str, *, report: bool) -> tuple[str, ...]:
    """The outputs that were named, and those that a report is made from."""
    from avsseg.page.film_page import NEEDED

    named = [kind.strip() for kind in output.split(",") if kind.strip()]
    return tuple(dict.fromkeys([*named, *(NEEDED if report else ())]))


def _announce(plan: "Plan", form: str, *, quiet: bool) -> None:
    rate = plan.predict.fps
    if not quiet:
        say(f"{plan.weights.name} on {plan.device} in {form}, {rate} predictions a second")


def _run(
    jobs: Sequence["Job"], predictor: "Predictor", *, fail_fast: bool, as_json: bool, quiet: bool
) -> list["FileReport"]:
    from avsseg.predict_jobs import run_jobs

    ended: list[FileReport] = []
    with _warnings_shown(), run_progress(len(jobs), quiet=quiet) as progress:

        def watch(job: "Job") -> Advance:
            return progress.begin(job.source)

        for report in run_jobs(jobs, predictor, fail_fast=fail_fast, watch=watch):
            progress.end()
            _tell(report, as_json=as_json, quiet=quiet)
            ended.append(report)
    if isinstance(predictor.timer, StageTimer):
        console.print(*stage_lines(predictor.timer.result()), sep="\n", highlight=False)
    return ended


def _index(out: Path, ended: Sequence["FileReport"], *, quiet: bool) -> None:
    """Writes the page of all videos, if there is anything to show."""
    from avsseg.page.index_page import write_index_page

    if any("report" in report.outputs for report in ended):
        page = write_index_page(out, ended)
        if not quiet:
            results.print(str(page))


def _tell(report: "FileReport", *, as_json: bool, quiet: bool) -> None:
    """One video's end: its outputs, or why there are none, on stdout only what was asked for."""
    if report.status == "failed":
        complain(str(report.reason))
    elif not quiet:
        for note in report.notes:
            warn(note)
    if as_json:
        results.print(json.dumps(_record(report), ensure_ascii=False))
    elif not quiet:
        for path in report.outputs.values():
            results.print(str(path))


def _record(report: "FileReport") -> dict[str, Any]:
    return {
        "input": str(report.source),
        "status": report.status,
        "outputs": {kind: str(path) for kind, path in report.outputs.items()},
        "notes": list(report.notes),
        "reason": report.reason,
        **report.facts,
    }


def _finish(ended: Sequence["FileReport"], num_jobs: int, *, quiet: bool) -> None:
    """Sums up, and ends with 1 if all failed, 3 if some did."""
    failed = [report for report in ended if report.status == "failed"]
    if num_jobs > 1 and (failed or not quiet):
        counts = {s: sum(r.status == s for r in ended) for s in _STATUSES}
        parts = [f"{count} {status}" for status, count in counts.items() if count]
        left = num_jobs - len(ended)
        say(f"{', '.join(parts)}{f', {left} not begun' if left else ''}, of {num_jobs} videos")
        _say_table([(r.source.name, _reason(r)) for r in failed])
    if failed:
        raise typer.Exit(1 if len(failed) == len(ended) else SOME_FAILED)


_STATUSES = ("done", "partial", "skipped", "failed")


def _reason(report: "FileReport") -> str:
    """The reason without the path that it begins with."""
    return str(report.reason).removeprefix(f"{report.source}: ")


def _say_table(rows: Sequence[tuple[str, str]]) -> None:
    width = max((len(name) for name, _ in rows), default=0)
    for name, reason in rows:
        say(f"  {name:<{width}}  {reason}")


class _Warner(logging.Handler):
    """Shows warnings of the library as the command line's own."""

    def emit(self, record: logging.LogRecord) -> None:
        warn(record.getMessage())
        if record.exc_info:
            for line in self.format(record).splitlines()[1:]:
                say(line)


@contextmanager
def _warnings_shown() -> Iterator[None]:
    logger, handler = logging.getLogger("avsseg"), _Warner(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
