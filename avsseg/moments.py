"""What the network says of single moments: put in order of time, and steadied across them."""

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsseg.clip import ClipMasks

Mask = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What the network says of one moment of a film.

    Shapes:
        mask (h, w); spread and muted (h, w) or None; heard (521,) or None: as in ``ClipMasks``

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

    @property
    def nbytes(self) -> int:
        """Memory that its arrays take."""
        arrays = (self.mask, self.spread, self.muted, self.heard)
        return sum(array.nbytes for array in arrays if array is not None)


def in_time_order(results: Iterable[ClipMasks], stride: int) -> Iterator[Moment]:
    """Moments of interleaved clips, one after the other in time; holds one block of clips.

    Of moments that fell on the same picture only the first is kept.

    Args:
        results: of all clips, in order.
        stride: clips that interleave: clip ``i`` belongs to block ``i // stride``.
    """
    last: Fraction | None = None
    for block in _blocks(results, stride):
        moments = [moment for result in block for moment in _moments(result)]
        for moment in sorted(moments, key=lambda moment: moment.time):
            if last is None or moment.time > last:
                last = moment.time
                yield moment


def smoothed(
    moments: Iterable[Moment],
    *,
    seconds: float,
    breaks: Sequence[Fraction] = (),
    weight: Callable[[Fraction], float] = lambda time: 1.0,
) -> Iterator[Moment]:
    """Moments whose masks are means over their neighbours in time; nothing crosses a cut.

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
    scene, total = bisect_right(breaks, moment.time), 0.0
    mask = np.zeros_like(moment.mask)
    for other in window:
        distance = abs(other.time - moment.time)
        if distance > reach or bisect_right(breaks, other.time) != scene:
            continue
        near = math.exp(-2 * float(distance / reach) ** 2) if distance else 1.0
        share = near * weight(other.time)
        mask += np.float32(share) * other.mask
        total += share
    return replace(moment, mask=mask / np.float32(total)) if total else moment


def _moments(result: ClipMasks) -> Iterator[Moment]:
    for row, time in enumerate(result.times):
        yield Moment(
            time=time,
            mask=result.masks[row],
            spread=None if result.spread is None else result.spread[row],
            disagreement=None if result.disagreement is None else float(result.disagreement[row]),
            muted=None if result.muted is None else result.muted[row],
            heard=None if result.heard is None else result.heard[row],
        )


def _blocks(results: Iterable[ClipMasks], stride: int) -> Iterator[list[ClipMasks]]:
    block: list[ClipMasks] = []
    for result in results:
        if block and result.index // stride != block[0].index // stride:
            yield block
            block = []
        block.append(result)
    if block:
        yield block
