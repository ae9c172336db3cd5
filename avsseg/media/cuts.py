"""Scene cuts, found from tiny versions of the pictures as they pass."""

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from avsseg.media.planes import plane_view

Thumbnail = NDArray[np.float32]

_ROWS, _COLUMNS, _BLOCK = 48, 64, 4
_SHADES = 16
_LARGE_CHANGE = 0.25
_LEAST = 0.25  # change below this is never a cut
_TIMES_USUAL = 3.5  # nor is less than this many times the change that is usual around it
_MEMORY = 12  # pictures whose change says what is usual


class CutFinder:
    """Collects the times of the first pictures of new scenes.

    A cut changes most of the picture at once and for good: a flash comes back, motion goes on.
    The verdict on a picture falls when the next one is seen.

    Attributes:
        cuts: rising times in seconds on the film's clock; the list grows as pictures pass.
    """

    def __init__(self) -> None:
        self.cuts: list[Fraction] = []
        self._last: deque[tuple[Fraction, _Traits]] = deque(maxlen=2)
        self._usual: deque[float] = deque(maxlen=_MEMORY)
        self._suspect = 0.0

    def see(self, time: Fraction, picture: Thumbnail) -> None:
        """Take the next picture in.

        Shapes:
            picture (rows, columns) float32 in [0, 1], as of ``Thumbnails``; always the same
        """
        traits = _traits(picture)
        if self._suspect:
            (_, before), (at, _) = self._last
            if _change(before, traits) >= self._suspect / 2:
                self.cuts.append(at)
                self._usual.clear()
        step = _change(self._last[-1][1], traits) if self._last else 0.0
        usual = median(self._usual) if self._usual else 0.0
        suspicious = step >= max(_LEAST, _TIMES_USUAL * usual) and not self._suspect
        self._suspect = step if suspicious else 0.0
        if not suspicious:
            self._usual.append(step)
        self._last.append((time, traits))


def change(before: Thumbnail, after: Thumbnail) -> float:
    """How different two pictures are, in [0, 1]: in place, and in their range of brightness.

    The geometric mean of both, as a moving camera changes places and a lamp brightness, but a cut
    changes both.

    Shapes:
        before, after (rows, columns) float32 in [0, 1]
    """
    return _change(_traits(before), _traits(after))


class Thumbnails:
    """Takes from each frame of a film its brightness at a few of its points.

    Shapes:
        frame of any format -> (48, 64) float32 in [0, 1]
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> Thumbnail:
        """The thumbnail of a frame."""
        small = self._reformatter.reformat(
            frame,
            width=_COLUMNS,
            height=_ROWS,
            format="gray",
            interpolation=Interpolation.POINT,
            threads=1,
        )
        points: Thumbnail = plane_view(small).astype(np.float32)
        points /= 255
        return points


@dataclass(frozen=True, kw_only=True)
class _Traits:
    """What of a picture is compared: means of blocks, and shares of shades."""

    cells: Thumbnail
    shades: NDArray[np.float64]


def _traits(picture: Thumbnail) -> _Traits:
    return _Traits(cells=_cells(picture), shades=_histogram(picture))


def _change(before: _Traits, after: _Traits) -> float:
    places = np.abs(before.cells - after.cells).mean() / _LARGE_CHANGE
    shades = np.abs(before.shades - after.shades).sum() / 2
    return float(np.sqrt(min(places, 1.0) * shades))


def _cells(picture: Thumbnail) -> Thumbnail:
    """Means of blocks, so that grain and small motion do not count."""
    rows, columns = (side // _BLOCK for side in picture.shape)
    blocks = picture[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    means: Thumbnail = blocks.mean(axis=(1, 3))
    return means


def _histogram(picture: Thumbnail) -> NDArray[np.float64]:
    """Shares of 16 shades, neighbours sharing what lies between them."""
    place = picture.ravel() * (_SHADES - 1)
    low = place.astype(np.int64)
    above = place - low
    counts = np.bincount(low, 1 - above, _SHADES + 1) + np.bincount(low + 1, above, _SHADES + 1)
    return counts / picture.size
