"""The mask of any moment, from masks predicted at a few moments."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from avsseg.media.grey import Grey

Mask = NDArray[np.float32]


class Seen(Protocol):
    """What was predicted from a picture.

    Shapes:
        mask (..., h, w) float32 in [0, 1] on the network's grid; grey (64, 64) uint8 or None:
        the picture in small
    """

    @property
    def mask(self) -> Mask:  # noqa: D102
        ...

    @property
    def grey(self) -> Grey | None:  # noqa: D102
        ...


Near = Sequence[tuple[Seen, float]]
"""Predictions around a moment, and how much each counts there."""


def mean(near: Near) -> Mask:
    """The mean of masks where they are."""
    total = sum(share for _, share in near)
    parts = (np.float32(share / total) * seen.mask for seen, share in near)
    blended: Mask = reduce(np.add, parts)
    return blended


@dataclass(frozen=True, kw_only=True, eq=False)
class TimedMask:
    """A prediction, as ``Seen``, and the time of its picture."""

    time: Fraction
    mask: Mask
    grey: Grey | None = None


class MaskTimeline:
    """Gives every frame its mask: blended between its two neighbours in time.

    Before the first and after the last prediction the nearest one is taken. Predictions are
    pulled only as frames advance, and only two are kept, whatever the length of the film.

    A frame is never given a mask from the other side of a scene cut; in a scene without a
    prediction of its own the mask is empty. Nor is it given one from the other side of a pause of
    the sound, as long as there is one from its own side, so a mask returns at once.

    Args:
        predictions: in rising order of time.
        breaks: rising times of the first frames of new scenes. The list may grow while the
            timeline is in use, as long as a cut is in it before the prediction that follows it.
        pauses: rising times at which the sound begins or ends.
    """

    def __init__(
        self,
        predictions: Iterable[TimedMask],
        *,
        breaks: Sequence[Fraction] = (),
        pauses: Sequence[Fraction] = (),
    ) -> None:
        self.breaks, self.pauses = breaks, pauses
        self._predictions = iter(predictions)
        self._left: TimedMask | None = None
        self._right = next(self._predictions, None)

    def at(self, time: Fraction, blend: Callable[[Near], Mask] = mean) -> Mask:
        """The mask at ``time``; times may not go back.

        Args:
            time: of the frame.
            blend: makes one mask of the predictions around; not asked at the time of one.

        Shapes:
            (..., h, w) float32, or (1, 1) where nothing was predicted at all
        """
        while self._right is not None and self._right.time <= time:
            self._left = self._right
            self._right = next(self._predictions, None)
        if self._left is not None:
            if time < self._left.time:
                raise ValueError(f"time goes back: {time} after {self._left.time}")
            if time == self._left.time:
                return self._left.mask
        near = self._near(time, self._stretch) or self._near(time, self._scene)
        return blend(near) if near else self._empty()

    def _near(self, time: Fraction, part: Callable[[Fraction], int]) -> Near:
        """The predictions around that were made in the same part of the film; maybe none."""
        left, right = (
            near if near is not None and part(near.time) == part(time) else None
            for near in (self._left, self._right)
        )
        if left is not None and right is not None:
            weight = float((time - left.time) / (right.time - left.time))
            return (left, 1 - weight), (right, weight)
        lone = left or right
        return () if lone is None else ((lone, 1.0),)

    def _scene(self, time: Fraction) -> int:
        return bisect_right(self.breaks, time)

    def _stretch(self, time: Fraction) -> int:
        return self._scene(time) + bisect_right(self.pauses, time)

    def _empty(self) -> Mask:
        known = self._left or self._right
        return np.zeros_like(known.mask) if known is not None else np.zeros((1, 1), np.float32)
