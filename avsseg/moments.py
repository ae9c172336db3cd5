"""What the network says of single moments of a film, steadied across its neighbours in time."""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsseg.media.grey import Grey
from avsseg.motion import blended

Mask = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What the network says of one moment of a film.

    Shapes:
        mask (h, w); spread and muted (h, w) or None; heard (521,) and embedding (A,) or None;
        grey (64, 64) uint8 or None: as in ``ClipMasks``

    Attributes:
        time: of the picture, in seconds on the film's clock.
        disagreement: of the samples, in [0, 1]; None with a single one.
    """

    time: Fraction
    mask: Mask
    spread: Mask | None = None
    disagreement: float | None = None
    muted: Mask | None = None
    heard: NDArray[np.float32] | None = None
    embedding: NDArray[np.float32] | None = None
    grey: Grey | None = None

    @property
    def nbytes(self) -> int:
        """Memory that its arrays take."""
        arrays = (self.mask, self.spread, self.muted, self.heard, self.embedding, self.grey)
        return sum(array.nbytes for array in arrays if array is not None)


def in_one_scene(moments: Iterable[Moment], breaks: Sequence[Fraction]) -> bool:
    """Whether no cut lies between moments; ``breaks`` are the first pictures of new scenes."""
    return len({bisect_right(breaks, moment.time) for moment in moments}) <= 1


def smoothed(
    moments: Iterable[Moment],
    *,
    seconds: float,
    breaks: Sequence[Fraction] = (),
    weight: Callable[[Fraction], float] = lambda time: 1.0,
) -> Iterator[Moment]:
    """Moments whose masks are means over their neighbours in time; nothing crosses a cut.

    Neighbours' masks are carried along the motion where the pictures are known, so that they meet
    the things of the moment.

    The weights are a Gaussian's of standard deviation ``seconds / 2``, cut off at ``seconds``,
    so a moment comes out when that much of the future is known.

    Args:
        moments: in order of time.
        seconds: reach of the mean to either side; 0 changes nothing.
        breaks: rising times of the first pictures of new scenes; may grow meanwhile.
        weight: how much the mask of an instant counts, such as how much of a sound is on.
    """
    reach, window = Fraction(str(seconds)), deque[Moment]()
    waiting: deque[Moment] = deque()
    for moment in moments:
        window.append(moment)
        waiting.append(moment)
        while waiting[0].time + reach < moment.time:
            yield _mean(waiting.popleft(), window, reach, breaks, weight)
        while window[0].time + reach < waiting[0].time:
            window.popleft()
    while waiting:
        yield _mean(waiting.popleft(), window, reach, breaks, weight)


def _mean(
    moment: Moment,
    window: Iterable[Moment],
    reach: Fraction,
    breaks: Sequence[Fraction],
    weight: Callable[[Fraction], float],
) -> Moment:
    near: list[tuple[Moment, float]] = []
    for other in window:
        distance = abs(other.time - moment.time)
        if distance > reach or not in_one_scene((moment, other), breaks):
            continue
        share = math.exp(-2 * float(distance / reach) ** 2) if distance else 1.0
        share *= weight(other.time)
        if share:
            near.append((other, share))
    return replace(moment, mask=blended(near, to=moment.grey)) if near else moment
