"""Masks that come or go for a single moment, in films that are looked at often.

A quarter of a second apart, three quarters of the sound that is heard are the same. What one
moment says against both of its neighbours is then no sound, but the network in doubt; a viewer
sees it flicker.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain

import numpy as np

from avsseg.moments import Mask, Moment, in_one_scene
from avsseg.motion import blended

NEAR = Fraction(3, 10)
"""Seconds within which neighbours hear mostly the same; nothing later is waited for."""

_SOUNDING = 0.5
_MARKED, _LITTLE = 0.5, 0.05  # a probability; a share of what is marked


def without_blips(
    moments: Iterable[Moment],
    *,
    breaks: Sequence[Fraction] = (),
    weight: Callable[[Fraction], float] = lambda time: 1.0,
) -> Iterator[Moment]:
    """Moments whose masks are, cell by cell, the median of their own and both neighbours'.

    Neighbours' masks are carried along the motion where that matters and the pictures are known.
    What begins or ends does so when it did, as a median leaves steps where they are. A moment stays
    as it is beside a cut or a pause of the sound, and if a neighbour is more than ``NEAR`` away; it
    comes out when the next one is known.

    Args:
        moments: in order of time.
        breaks: rising times of the first pictures of new scenes; may grow meanwhile.
        weight: how much of a sound is on at an instant, in [0, 1].
    """
    before: Moment | None = None
    moment: Moment | None = None
    for after in chain(moments, (None,)):
        if moment is not None:
            near = [other for other in (before, after) if other and _tells(other, moment, weight)]
            both = len(near) == 2 and in_one_scene((moment, *near), breaks)
            yield replace(moment, mask=_median(moment, *near)) if both else moment
        before, moment = moment, after


def _tells(other: Moment, moment: Moment, weight: Callable[[Fraction], float]) -> bool:
    """Whether a neighbour hears mostly the same, and something."""
    return abs(other.time - moment.time) <= NEAR and weight(other.time) >= _SOUNDING


def _median(moment: Moment, before: Moment, after: Moment) -> Mask:
    """In place if that changes little; to follow the motion takes most of the time here.

    Three masks that do not meet are of a thing that is too fast to follow, and say the same.
    """
    median = _middle(before.mask, moment.mask, after.mask)
    marked, kept = moment.mask >= _MARKED, median >= _MARKED
    if (marked != kept).sum() <= _LITTLE * (marked | kept).sum():
        return median
    one, other = (blended([(near, 1.0)], to=moment.grey) for near in (before, after))
    median = _middle(one, moment.mask, other)
    least = min((mask >= _MARKED).sum() for mask in (one, moment.mask, other))
    return median if (median >= _MARKED).sum() >= least / 2 else moment.mask


def _middle(one: Mask, two: Mask, three: Mask) -> Mask:
    middle: Mask = np.maximum(np.minimum(one, three), np.minimum(np.maximum(one, three), two))
    return middle
