"""A run over videos as it is seen in the terminal: each video's end, and the sum of all."""

import json
import logging
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from avsseg.cli.console import complain, console, give, printable, results, say, warn
from avsseg.cli.errors import SOME_FAILED
from avsseg.cli.progress import Advance, run_progress
from avsseg.cli.stage_table import stage_lines
from avsseg.stage_timer import NO_TIMER, NoTimer, StageTimer

if TYPE_CHECKING:
    from avsseg.engines.choice import Engine
    from avsseg.inputs import Job
    from avsseg.media.manifest import FileReport
    from avsseg.predict_jobs import Plan

_COUNTED = {"planned": "to do", **{s: s for s in ("done", "partial", "skipped", "failed")}}


@dataclass(frozen=True, kw_only=True)
class Manner:
    """How a run goes about its videos and what it says.

    Attributes:
        dry: only say what would be done.
        fail_fast: begin nothing after the first failure.
        profile: show where the time went.
        as_json: a JSON line for each video on stdout.
        quiet: nothing but errors on stderr.
    """

    dry: bool = False
    fail_fast: bool = False
    profile: bool = False
    as_json: bool = False
    quiet: bool = False


def run(
    jobs: Sequence["Job"], plan: "Plan", engine: "Engine", manner: Manner
) -> list["FileReport"]:
    """Does all jobs, tells of each as it ends, and returns their reports in the jobs' order.

    Raises:
        KeyboardInterrupt: after it was told how far a run over several videos came.
    """
    timer = StageTimer() if manner.profile else NO_TIMER
    ended: list[FileReport] = []
    with _warnings_shown(), results.alone():
        try:
            with closing(_reports(jobs, plan, engine, manner, timer)) as reports:
                for report in reports:
                    ended.append(report)
                    _tell(report, manner)
        except KeyboardInterrupt:
            if len(jobs) > 1:
                _say_counts(ended, len(jobs))
            raise
    if isinstance(timer, StageTimer):
        console.print(*stage_lines(timer.result()), sep="\n", highlight=False)
    place = {job.source: number for number, job in enumerate(jobs)}
    return sorted(ended, key=lambda report: place[report.source])


def _reports(
    jobs: Sequence["Job"], plan: "Plan", engine: "Engine", manner: Manner, timer: NoTimer
) -> Generator["FileReport", None, None]:
    from avsseg.engines.choice import run_jobs
    from avsseg.engines.in_turn import in_turn
    from avsseg.predict_jobs import Predictor

    if manner.dry:
        yield from in_turn(jobs, Predictor(plan).foresee, fail_fast=manner.fail_fast)
        return
    with run_progress(len(jobs), quiet=manner.quiet) as progress:

        def watch(job: "Job") -> Advance:
            return progress.begin(job.source)

        told = run_jobs(jobs, plan, engine, fail_fast=manner.fail_fast, watch=watch, timer=timer)
        with closing(told):
            for report in told:
                progress.end(report.source)
                yield report


def _tell(report: "FileReport", manner: Manner) -> None:
    """One video's end: its outputs, or why there are none, on stdout only what was asked for."""
    listed = manner.dry and not manner.as_json
    if report.status == "failed" and not listed:
        complain(str(report.reason))
    elif not manner.quiet:
        for note in report.notes:
            warn(note)
    if manner.as_json:
        give(json.dumps(_record(report), ensure_ascii=False))
    elif listed:
        give(printable(_foreseen(report)))
    elif not manner.quiet:
        for path in report.outputs.values():
            give(str(path))


def _foreseen(report: "FileReport") -> str:
    if report.status == "planned":
        folder = next(iter(report.outputs.values())).parent
        return f"do    {_short(report.source)} -> {folder}"
    word = "skip" if report.status == "skipped" else "fail"
    return f"{word}  {_short(report.source)}: {_reason(report)}"


def _record(report: "FileReport") -> dict[str, Any]:
    return {
        "input": str(report.source),
        "status": report.status,
        "outputs": {kind: str(path) for kind, path in report.outputs.items()},
        "notes": list(report.notes),
        "reason": report.reason,
        **report.facts,
    }


def finish(ended: Sequence["FileReport"], num_jobs: int, manner: Manner) -> None:
    """Sums up, and ends with 1 if all failed, 3 if some did.

    Raises:
        typer.Exit: some failed.
    """
    failed = [report for report in ended if report.status == "failed"]
    if num_jobs > 1 and (failed or not manner.quiet):
        _say_counts(ended, num_jobs)
        if not manner.dry:
            _say_table([(_short(report.source), _reason(report)) for report in failed])
    if failed:
        raise typer.Exit(1 if len(failed) == len(ended) else SOME_FAILED)


def _say_counts(ended: Sequence["FileReport"], num_jobs: int) -> None:
    counts = {word: sum(r.status == status for r in ended) for status, word in _COUNTED.items()}
    counts["not done"] = num_jobs - len(ended)
    parts = [f"{count} {word}" for word, count in counts.items() if count]
    say(f"{', '.join(parts)}, of {num_jobs} videos")


def _reason(report: "FileReport") -> str:
    """The reason without the path that it begins with."""
    return str(report.reason).removeprefix(f"{report.source}: ")


def _short(source: Path) -> str:
    """A path as the user would type it from here."""
    here = Path.cwd()
    return str(source.relative_to(here) if source.is_relative_to(here) else source)


def _say_table(rows: Sequence[tuple[str, str]]) -> None:
    width = max((len(name) for name, _ in rows), default=0)
    for name, reason in rows:
        say(f"  {name:<{width}}  {reason}")


class _Warner(logging.Handler):
    """Shows warnings of the library as the command line's own."""

    def emit(self, record: logging.LogRecord) -> None:
        warn(record.getMessage())
        if record.exc_info or record.exc_text:
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
