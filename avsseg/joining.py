"""From clips to moments: in order of time, and blended where several clips saw the same picture."""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from avsseg.clip import ClipMasks
from avsseg.moments import Moment

Value = TypeVar("Value", float, NDArray[np.float32])
Weighed = tuple[int, Moment]


def in_time_order(
    results: Iterable[ClipMasks], *, stride: int, num_frames: int, overlap: int | None = None
) -> Iterator[Moment]:
    """Moments of interleaved and overlapping clips, one after the other; holds a block of clips.

    Each picture comes once. What several clips say of it is averaged, and the nearer it lies to
    the middle of a clip, the more that clip counts: its weights are 1, 2, 3, 2, 1 for five frames.

    Args:
        results: of all clips, in order.
        stride: clips that interleave: clip ``i`` belongs to block ``i // stride``.
        num_frames: T, moments in a whole clip.
        overlap: moments that clips share with those of the next block, where that is known; with
            0, a block's moments come with its last clip and do not wait for the next one's.
    """
    pending: dict[Fraction, Weighed] = {}
    block = -1
    for result in results:
        if result.index // stride != block:
            # Neither this block nor a later one reaches back before its first clip.
            block = result.index // stride
            yield from _taken(pending, before=result.times[0])
        for row, moment in enumerate(_moments(result)):
            weighed = min(row + 1, num_frames - row), moment
            known = pending.get(moment.time)
            pending[moment.time] = weighed if known is None else _blended(known, weighed)
        if overlap == 0 and result.index % stride == stride - 1:
            yield from _taken(pending)
    yield from _taken(pending)


def _taken(pending: dict[Fraction, Weighed], before: Fraction | None = None) -> Iterator[Moment]:
    """The moments before a time, or all, in order; they are pending no longer."""
    for time in sorted(pending):
        if before is not None and time >= before:
            return
        yield pending.pop(time)[1]


def _blended(one: Weighed, other: Weighed) -> Weighed:
    total = one[0] + other[0]
    (a, b), share = (one[1], other[1]), other[0] / total
    mask = _mean(a.mask, b.mask, share)
    assert mask is not None
    return total, Moment(
        time=a.time,
        mask=mask,
        spread=_mean(a.spread, b.spread, share),
        disagreement=_mean(a.disagreement, b.disagreement, share),
        muted=_mean(a.muted, b.muted, share),
        heard=_mean(a.heard, b.heard, share),
        embedding=_mean(a.embedding, b.embedding, share),
        grey=a.grey,
    )


def _mean(one: Value | None, other: Value | None, share: float) -> Value | None:
    if one is None or other is None:
        return None
    return one + (other - one) * share


def _moments(result: ClipMasks) -> Iterator[Moment]:
    for row, time in enumerate(result.times):
        yield Moment(
            time=time,
            mask=result.masks[row],
            spread=None if result.spread is None else result.spread[row],
            disagreement=None if result.disagreement is None else float(result.disagreement[row]),
            muted=None if result.muted is None else result.muted[row],
            heard=None if result.heard is None else result.heard[row],
            embedding=None if result.embedding is None else result.embedding[row],
            grey=None if result.grey is None else result.grey[row],
        )
