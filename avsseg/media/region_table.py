"""A table of the connected parts of masks: which, when, where, and whether they make the sound."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

from avsseg.media.blend import Mask
from avsseg.media.publish import publish_file
from avsseg.media.regions import RegionTracker
from avsseg.media.table_writer import seconds_text

_BOX = ("x0", "y0", "x1", "y1")
REGION_COLUMNS = ("index", "time_s", "region", "area", "score", "sound_score", *_BOX)


@contextmanager
def open_region_table(
    path: Path,
    size: tuple[int, int],
    *,
    threshold: float = 0.5,
    source: Path | None = None,
    overwrite: bool = False,
) -> Iterator["RegionTable"]:
    """Lends a writer of ``regions.csv``; boxes are in pixels of a picture of ``size`` (w, h).

    Raises:
        MediaError: the file cannot be written.
    """
    with (
        publish_file(path, overwrite=overwrite, source=source) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        yield RegionTable(csv.writer(file), size, threshold)


class RegionTable:
    """One table in the making; see ``open_region_table``."""

    def __init__(self, rows: Any, size: tuple[int, int], threshold: float) -> None:
        self._rows, self._size, self._scene = rows, size, 0
        self._tracker = RegionTracker(threshold=threshold)
        rows.writerow(REGION_COLUMNS)

    def write(
        self,
        number: int,
        time: Fraction,
        mask: Mask,
        muted: Mask | None = None,
        *,
        scene: int = 0,
    ) -> None:
        """Add the parts of one moment's mask; in a new scene all parts are new.

        Shapes:
            mask (h, w) float32 in [0, 1]; muted likewise, the same without sound
        """
        if scene != self._scene:
            self._tracker.forget()
            self._scene = scene
        width, height = self._size
        across, down = width / mask.shape[1], height / mask.shape[0]
        for region in self._tracker.follow(time, mask, muted):
            sides = zip(region.box, (across, down) * 2, strict=True)
            heard = "" if region.sound_score is None else round(region.sound_score, 4)
            figures = round(region.area, 6), round(region.score, 4), heard
            box = (round(side * scale) for side, scale in sides)
            self._rows.writerow([number, seconds_text(time), region.number, *figures, *box])
