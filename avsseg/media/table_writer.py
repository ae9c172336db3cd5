"""Tables of moments and of sounding stretches, as CSV and as subtitles."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from avsseg.media.figures import PixelBox
from avsseg.media.publish import publish_file

FRAME_COLUMNS = ("index", "pts", "time_s", "score", "area", "x0", "y0", "x1", "y1", "loudness_db")
SEGMENT_COLUMNS = ("start_s", "end_s", "label", "score")
Cell = str | int | float | None


@dataclass(frozen=True, kw_only=True)
class FrameRow:
    """One moment at which masks were predicted.

    Attributes:
        index: its number; the name of its picture, where pictures are written.
        pts: timestamp of its picture in ticks of the source.
        time: the same in seconds, on the source's clock.
        score: confidence in [0, 1].
        area: share of the picture that the mask covers, in [0, 1].
        box: (x0, y0, x1, y1) in pixels around the mask; None if it is empty.
        loudness_db: of the sound around it, in dBFS; None where there is no sound track.
        extra: values of the further columns.
    """

    index: int
    pts: int
    time: Fraction
    score: float
    area: float
    box: PixelBox | None
    loudness_db: float | None = None
    extra: Mapping[str, Cell] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of time in which something in the picture sounds.

    Attributes:
        start: in seconds on the film's clock.
        end: likewise, later than ``start``.
        label: what is heard, or a plain word for it.
        score: confidence in [0, 1], where there is one.
    """

    start: Fraction
    end: Fraction
    label: str = "sounding"
    score: float | None = None


@contextmanager
def open_frame_table(
    path: Path,
    *,
    extra: Sequence[str] = (),
    source: Path | None = None,
    overwrite: bool = False,
) -> Iterator["FrameTable"]:
    """Lends a writer of ``frames.csv``: the columns of ``FRAME_COLUMNS``, then ``extra``.

    Raises:
        MediaError: the file cannot be written.
    """
    with (
        publish_file(path, overwrite=overwrite, source=source) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        yield FrameTable(csv.writer(file), extra)


class FrameTable:
    """One table in the making; see ``open_frame_table``."""

    def __init__(self, rows: Any, extra: Sequence[str]) -> None:
        self._rows, self._extra = rows, tuple(extra)
        rows.writerow([*FRAME_COLUMNS, *self._extra])

    def write(self, row: FrameRow) -> None:
        """Add one moment.

        Raises:
            ValueError: it has values for columns that the table does not have.
        """
        if unknown := row.extra.keys() - set(self._extra):
            raise ValueError(f"no such columns: {', '.join(sorted(unknown))}")
        box = row.box or (None, None, None, None)
        figures = (_number(row.score, 4), _number(row.area, 6), *box, _number(row.loudness_db, 2))
        further = [_number(row.extra.get(name), 4) for name in self._extra]
        self._rows.writerow([row.index, row.pts, seconds_text(row.time), *figures, *further])


def write_segments(
    path: Path,
    segments: Iterable[Segment],
    *,
    source: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Writes ``segments.csv``, one line for each stretch.

    Raises:
        MediaError: the file cannot be written.
    """
    with (
        publish_file(path, overwrite=overwrite, source=source) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        rows = csv.writer(file)
        rows.writerow(SEGMENT_COLUMNS)
        for part in segments:
            times = seconds_text(part.start), seconds_text(part.end)
            rows.writerow([*times, part.label, _number(part.score, 4)])


def write_subtitles(
    path: Path,
    segments: Iterable[Segment],
    *,
    source: Path | None = None,
    overwrite: bool = False,
) -> None:
    """Writes sounding stretches as SubRip subtitles, which players show over the film.

    Raises:
        MediaError: the file cannot be written.
    """
    with (
        publish_file(path, overwrite=overwrite, source=source) as temporary,
        temporary.open("w", encoding="utf-8") as file,
    ):
        for number, part in enumerate(segments, start=1):
            text = " ".join(part.label.split())
            file.write(f"{number}\n{clock_text(part.start)} --> {clock_text(part.end)}\n{text}\n\n")


def seconds_text(time: Fraction) -> str:
    """Seconds with six decimals, rounded once from the exact time."""
    return f"{round(time * 1_000_000) / 1_000_000:.6f}"


def clock_text(time: Fraction) -> str:
    """SubRip's hours, minutes, seconds and milliseconds; what lies before zero is zero."""
    seconds, milliseconds = divmod(max(0, round(time * 1000)), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d},{milliseconds:03d}"


def _number(value: Cell, digits: int) -> Cell:
    return round(value, digits) if isinstance(value, float) else value
