"""The mask of any moment, from masks predicted at a few moments."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.float32]
TimedMask = tuple[Fraction, Mask]


class MaskTimeline:
    """Gives every frame its mask: blended linearly between its two neighbours in time.

    Before the first and after the last prediction the nearest one is held. Predictions are
    pulled only as frames advance, and only two are kept, whatever the length of the film.

    A frame is never given a mask from the other side of a scene cut; in a scene without a
    prediction of its own the mask is empty. Nor is it given one from the other side of a pause of
    the sound, as long as there is one from its own side, so a mask returns at once.

    Shapes:
        masks (h, w) float32 in [0, 1] on the network's grid, in rising order of time

    Attributes:
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

    def at(self, time: Fraction) -> Mask:
        """The mask at ``time``; times may not go back.

        Shapes:
            (h, w) float32, or (1, 1) where nothing was predicted at all
        """
        while self._right is not None and self._right[0] <= time:
            self._left = self._right
            self._right = next(self._predictions, None)
        if self._left is not None and time < self._left[0]:
            raise ValueError(f"time goes back: {time} after {self._left[0]}")
        blended = self._blended(time, self._stretch)
        if blended is None:
            blended = self._blended(time, self._scene)
        return self._empty() if blended is None else blended

    def _blended(self, time: Fraction, part: Callable[[Fraction], int]) -> Mask | None:
        """What the predictions give that were made in the same part of the film; maybe none."""
        left, right = (
            near if near is not None and part(near[0]) == part(time) else None
            for near in (self._left, self._right)
        )
        if left is not None and right is not None:
            return _lerp(left, right, time)
        near = left or right
        return None if near is None else near[1]

    def _scene(self, time: Fraction) -> int:
        return bisect_right(self.breaks, time)

    def _stretch(self, time: Fraction) -> int:
        return self._scene(time) + bisect_right(self.pauses, time)

    def _empty(self) -> Mask:
        known = self._left or self._right
        return np.zeros_like(known[1]) if known is not None else np.zeros((1, 1), np.float32)


def _lerp(left: TimedMask, right: TimedMask, time: Fraction) -> Mask:
    weight = np.float32((time - left[0]) / (right[0] - left[0]))
    if weight == 0:
        return left[1]
    blended: Mask = left[1] + weight * (right[1] - left[1])
    return blended
