"""How far a run is: bars on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from avsseg.cli.console import console, printable, say

Advance = Callable[[Fraction, Fraction | None], None]

_SECONDS_BETWEEN_LINES = 15.0


class RunProgress(Protocol):
    """Shows one run over several videos; used in a ``with`` statement."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show no longer."""
        ...

    def begin(self, source: Path) -> Advance:
        """A video is begun; what is returned takes seconds done and, if known, of how many."""
        ...

    def end(self, source: Path) -> None:
        """The video is done, or failed."""
        ...


def run_progress(num_files: int, *, quiet: bool) -> RunProgress:
    """The right way to show progress here."""
    if quiet:
        return _Silence()
    return _Bars(num_files) if console.is_terminal else _Lines(num_files)


class _Silence:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def begin(self, source: Path) -> Advance:
        return lambda done, length: None

    def end(self, source: Path) -> None:
        return None


class _Bars(_Silence):
    """A bar for each video under way by its own time, and one for all where there are several."""

    def __init__(self, num_files: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[shown]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._num_files, self._done = num_files, 0
        self._all: TaskID | None = None
        self._tasks: dict[Path, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        if self._num_files > 1:
            shown = f"0/{self._num_files}"
            self._all = self._progress.add_task("all", total=self._num_files, shown=shown)
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def begin(self, source: Path) -> Advance:
        task = self._progress.add_task(printable(source.name), total=None, shown="")
        self._tasks[source] = task

        def advance(done: Fraction, length: Fraction | None) -> None:
            total = None if length is None else max(float(length), float(done))
            shown = f"{float(done):.0f} s" if total is None else f"{float(done):.0f}/{total:.0f} s"
            self._progress.update(task, completed=float(done), total=total, shown=shown)

        return advance

    def end(self, source: Path) -> None:
        if source in self._tasks:
            self._progress.remove_task(self._tasks.pop(source))
        self._done += 1
        if self._all is not None:
            shown = f"{self._done}/{self._num_files}"
            self._progress.update(self._all, completed=self._done, shown=shown)


class _Lines(_Silence):
    """A line as a video begins, and one every quarter of a minute."""

    def __init__(self, num_files: int) -> None:
        self._num_files, self._begun = num_files, 0

    def begin(self, source: Path) -> Advance:
        self._begun += 1
        say(f"[{self._begun}/{self._num_files}] {source}")
        last = time.monotonic()

        def advance(done: Fraction, length: Fraction | None) -> None:
            nonlocal last
            if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
                last = time.monotonic()
                of = "" if length is None else f" of {float(length):.0f}"
                say(f"    {source.name}: {float(done):.0f}{of} s")

        return advance
