"""A progress bar for one download, spoken to in tqdm's manner as pooch does."""

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from avsseg.cli.console import console


class DownloadBar:
    """Shows the bytes of one file as they arrive; silent when stderr is no terminal.

    Attributes:
        total: size of the whole file in bytes, set by the downloader before the first update.
    """

    def __init__(self, name: str, *, visible: bool) -> None:
        columns = (TextColumn(name), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._progress = Progress(*columns, console=console, disable=not visible)
        self._task = self._progress.add_task(name, total=None)
        self.total = 0

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._progress.stop()

    def update(self, amount: int) -> None:
        """Counts ``amount`` more bytes."""
        self._progress.update(self._task, total=self.total or None, advance=amount)

    def reset(self) -> None:
        """Counts from nothing again."""
        self._progress.reset(self._task)

    def close(self) -> None:
        """Ends nothing: the ``with`` block does."""
