"""A run as it is watched: a bar on a terminal, plain lines elsewhere, all of it in ``log.txt``."""

import logging
import os
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from avsseg.cli.console import console, warn

if TYPE_CHECKING:
    from avsseg.training.progress import StepReport
    from avsseg.training.run_directory import RunDirectory

_LINE = "step {task.fields[step]}  loss {task.fields[loss]:.4f}  {task.fields[rate]:.1f} clips/s"


class TrainDisplay(logging.Handler):
    """Shows steps as they pass and passes on what the trainer logs.

    Only the first of several processes speaks.
    """

    def __init__(self, *, quiet: bool) -> None:
        super().__init__()
        first = os.environ.get("RANK", "0") == "0"
        self._silent = quiet or not first
        self._file: logging.Handler | None = None
        columns = (TextColumn(_LINE), BarColumn(), TaskProgressColumn())
        hidden = self._silent or not console.is_terminal
        self._bar = Progress(
            *columns, TextColumn("{task.fields[left]} left"), console=console, disable=hidden
        )
        self._task = self._bar.add_task(
            "train", total=1.0, step=0, loss=float("nan"), rate=0.0, left="?", visible=False
        )
        self._logger = logging.getLogger("avsseg")
        self._level = self._logger.level

    def __enter__(self) -> Self:
        self._logger.setLevel(logging.INFO)
        self._logger.addHandler(self)
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._bar.stop()
        if error is not None and self._file is not None:
            self._logger.error("ended by %s: %s", type(error).__name__, error)
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)
        if self._file is not None:
            self._file.close()

    def log_into(self, run: "RunDirectory") -> None:
        """Keeps what is logged from now on in the run's ``log.txt`` too."""
        self._file = _LogFile(run.log, encoding="utf-8")
        self._file.setFormatter(logging.Formatter("%(asctime)s %(message)s"))

    def stepped(self, report: "StepReport") -> None:
        """A step is done."""
        self._bar.update(
            self._task,
            completed=report.progress,
            step=report.step,
            loss=report.loss,
            rate=report.clips_per_s,
            left=_clock(report.seconds_left),
            visible=True,
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one message to the log, and to stderr unless it would only repeat an error."""
        if self._file is not None:
            self._file.handle(record)
        if self._silent or record.levelno >= logging.ERROR:
            return
        if record.levelno >= logging.WARNING:
            warn(record.getMessage())
        else:
            console.print(record.getMessage(), markup=False, highlight=False, soft_wrap=True)


class _LogFile(logging.FileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        """A full disk is told by what matters more than the log."""


def _clock(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
