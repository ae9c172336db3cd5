"""``metrics.csv``: one row each time there is something to tell."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from avsseg.errors import MediaError
from avsseg.media.publish import publish_file

Row = Mapping[str, float]


class MetricsFile:
    """A table that grows by whole rows; its columns are fixed by the first writer."""

    def __init__(self, path: Path, columns: Sequence[str] = ()) -> None:
        self.path = path
        self.columns = self._found() or tuple(columns)
        if self.columns and not path.exists():
            self._write([])

    def append(self, row: Row) -> None:
        """Adds a row; columns it has nothing for stay empty.

        Raises:
            MediaError: the disk is full.
        """
        cells = [_cell(row[name]) if name in row else "" for name in self.columns]
        try:
            with self.path.open("a", newline="", encoding="utf-8") as file:
                csv.writer(file).writerow(cells)
        except OSError as error:
            raise MediaError(
                f"{self.path}: cannot be written: {error.strerror}; the run is kept as last saved."
            ) from error

    def rows(self) -> list[dict[str, str]]:
        """All whole rows as text; a kill may have cut the last one."""
        if not self.path.exists():
            return []
        with self.path.open(newline="", encoding="utf-8") as file:
            return [row for row in csv.DictReader(file) if None not in row.values()]

    def drop_after(self, step: int) -> None:
        """Forgets rows of steps that a resumed run will take again."""
        self._write([row for row in self.rows() if float(row["step"]) <= step])

    def _found(self) -> tuple[str, ...]:
        if not self.path.exists():
            return ()
        with self.path.open(newline="", encoding="utf-8") as file:
            return tuple(next(csv.reader(file), ()))

    def _write(self, rows: Sequence[Mapping[str, str]]) -> None:
        with (
            publish_file(self.path, overwrite=True) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, self.columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)


def _cell(value: float) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
