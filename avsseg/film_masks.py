"""The mask of every picture of a film, from predictions at some of its moments."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

import numpy as np

from avsseg.gate import SoundGate
from avsseg.media.blend import Mask, MaskTimeline, Near, Seen, TimedMask
from avsseg.media.clock import time_of
from avsseg.media.cuts import CutFinder
from avsseg.media.grey import grey_of
from avsseg.media.output_values import Picture
from avsseg.motion import blended
from avsseg.prediction import Prediction, gated

_FAINT = 0.02  # masks that are nowhere above this show nothing
_OFTEN = Fraction(1, 40)  # seconds between steps of motion that the eye takes for one


@dataclass(frozen=True, kw_only=True)
class FilmMask:
    """What sounds in one picture of a film.

    Shapes:
        mask (h, w) float32 in [0, 1] on a square grid that covers the whole upright picture; spread
        likewise, the standard deviation of several samples, or None

    Attributes:
        sounding: how much of a sound is on, in [0, 1]; it is in both already.
    """

    mask: Mask
    spread: Mask | None
    sounding: float


class FilmMasks:
    """Gives pictures their masks.

    Between predictions masks are carried along the motion and blended, but not over a cut or a
    pause of the sound, and follow the gate at the picture's own time.

    Args:
        predictions: in order of time; pulled as pictures need them.
        gate: says how much of a sound is on; None if always.
        cuts: knows the cuts ahead of the predictions.
    """

    def __init__(
        self, predictions: Iterable[Prediction], *, gate: SoundGate | None, cuts: CutFinder
    ) -> None:
        self._gate = gate
        self._last: tuple[list[Seen], Fraction, Mask] | None = None
        self._timeline = MaskTimeline(_timed(predictions), breaks=cuts.cuts, pauses=_pauses(gate))

    def of(self, frame: Picture) -> FilmMask:
        """The mask of a full-size picture; their times may not go back."""
        time = time_of(frame)
        layers = self._timeline.at(time, partial(self._blended, frame=frame))
        mask, *spread = np.atleast_3d(layers.T).T
        sounding = self._sounding(time)
        return FilmMask(
            mask=gated(mask, sounding),
            spread=gated(spread[0], sounding) if spread else None,
            sounding=sounding,
        )

    def _blended(self, near: Near, *, frame: Picture) -> Mask:
        """Follows the motion only where something may be marked, as that takes its time."""
        time, between = time_of(frame), [seen for seen, _ in near]
        if self._last is None or between != self._last[0] or time >= self._last[1] + _OFTEN:
            marked = max(seen.mask.max() for seen in between) > _FAINT
            grey = grey_of(frame) if marked and self._sounding(time) > 0 else None
            self._last = between, time, blended(near, to=grey)
        return self._last[2]

    def _sounding(self, time: Fraction) -> float:
        return 1.0 if self._gate is None else self._gate.at(time)


def _timed(predictions: Iterable[Prediction]) -> Iterator[TimedMask]:
    """Ungated masks, and spreads where there are any, stacked: the gate is the faster one."""
    for found in predictions:
        layers = [found.raw] if found.spread is None else [found.raw, found.spread]
        yield TimedMask(time=found.time, mask=np.stack(layers), grey=found.grey)


def _pauses(gate: SoundGate | None) -> list[Fraction]:
    """When stretches of sound begin and end, with the time in which masks come and go."""
    if gate is None:
        return []
    attack, release = (
        Fraction(str(length)) for length in (gate.settings.attack, gate.settings.release)
    )
    edges = [(start - attack, end + release) for start, end in gate.stretches]
    return sorted(edge for both in edges for edge in both)
