"""When anything sounds at all: a score per instant that masks are multiplied with.

The network looks at about a second of sound at a time and knows nothing of a film's own noise
floor; the paper names the result, masks that outlast their sound (Fig. 4). Loudness knows better.
"""

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from avsseg.errors import UsageError
from avsseg.media.sound import HOP, HOPS_PER_SECOND, SILENCE_DBFS, SoundProfile

QUIET_FILM_DBFS = -38.0
"""A film whose loudest second is below this holds nothing that can be told from its noise."""

_DEPTH_DB = 40.0  # nothing this far below the loudest second counts, noise floor or not
_STEADY_RANGE_DB = 10.0  # with less between floor and loudest second there are no pauses
_FLOOR_SPREAD_DB = 5.0  # a floor lies still; soft music does not
_LEAST_MARGIN_DB, _MOST_MARGIN_DB, _MARGIN_SHARE = 5.0, 15.0, 0.3
_HYSTERESIS_DB = 4.0
_SOFT_DEPTH_DB = 45.0
_REACH = Fraction(1, 2)  # half of what the audio encoder hears at once, in seconds
_SURE_SOUND, _SURE_SILENCE = (0.4, 0.6), (0.6, 0.9)


@dataclass(frozen=True, kw_only=True)
class GateSettings:
    """How silence is told from sound, and how masks pass from one to the other.

    Attributes:
        threshold_db: level in dBFS from which on sound counts; None finds it in the film.
        attack: seconds in which masks appear, before the onset.
        release: seconds in which they fade after the end.
        bridge: pauses up to this many seconds are part of the sound.
    """

    threshold_db: float | None = None
    attack: float = 0.1
    release: float = 0.3
    bridge: float = 0.5

    def __post_init__(self) -> None:
        if min(self.attack, self.release, self.bridge) < 0:
            raise ValueError("attack, release and bridge are lengths of time")


def parse_gate(text: str) -> GateSettings | None:
    """Settings out of ``auto``, ``off`` (None) or a level in dBFS such as ``-45``.

    Raises:
        UsageError: it is none of these.
    """
    word = text.strip().lower()
    if word == "off":
        return None
    if word == "auto":
        return GateSettings()
    try:
        level = float(word.removesuffix("db"))
    except ValueError:
        level = math.nan
    if not SILENCE_DBFS < level <= 0:
        raise UsageError(f"gate {text!r}: give auto, off, or a level in dBFS such as -45.")
    return GateSettings(threshold_db=level)


def opening_level(profile: SoundProfile) -> float:
    """The level in dBFS from which on sound counts, from the film's own floor and loudest second.

    A floor is what the quietest fifth of the film lies still at. Without one, or where it is close
    to the loudest second, as for an engine, only what is 40 dB below that second is silence. In a
    film that is quiet throughout nothing counts (inf).
    """
    if profile.loudest < QUIET_FILM_DBFS or not len(profile.levels):
        return math.inf
    deepest = profile.loudest - _DEPTH_DB
    low, floor, high = np.percentile(profile.levels, [5, 10, 20])
    span = profile.loudest - float(floor)
    if span < _STEADY_RANGE_DB or high - low > _FLOOR_SPREAD_DB:
        return deepest
    margin = min(max(_MARGIN_SHARE * span, _LEAST_MARGIN_DB), _MOST_MARGIN_DB)
    return max(deepest, float(floor) + margin)


class SoundGate:
    """Says how much of a sound is on at any instant: 1 in it, 0 in silence, between in passing.

    The loudness of the whole film is known beforehand. What the audio encoder hears may be told
    as it comes: it shuts the gate where it is sure of silence, and opens it for sounds too soft
    for the loudness rule, unless a loud sound within its reach explains what it hears.

    Attributes:
        settings: how silence is told from sound.
        threshold_db: level in dBFS from which on sound counts here.
        stretches: when the film is loud enough, as (start, end) in seconds on its clock.
    """

    def __init__(self, profile: SoundProfile, settings: GateSettings | None = None) -> None:
        self.settings = settings or GateSettings()
        fixed = self.settings.threshold_db
        self.threshold_db = opening_level(profile) if fixed is None else fixed
        hops = loud_stretches(profile, self.threshold_db, bridge=self.settings.bridge)
        self.stretches = tuple((start * HOP, end * HOP) for start, end in hops)
        self._ends = [end for _, end in self.stretches]
        self._profile = profile
        self._evidence: list[tuple[Fraction, float, float]] = []

    def hear(self, time: Fraction, *, event: float, silence: float) -> None:
        """Tell what the audio encoder hears around an instant; instants must rise.

        A threshold that was set by hand is not overruled.

        Args:
            time: the instant, in seconds on the film's clock.
            event: score of the surest sound in [0, 1].
            silence: score of silence in [0, 1].
        """
        if self.settings.threshold_db is None:
            soft = _sureness(event, _SURE_SOUND) if self._may_be_soft(time) else 0.0
            self._evidence.append((time, soft, _sureness(silence, _SURE_SILENCE)))

    def at(self, time: Fraction) -> float:
        """The score in [0, 1] at an instant, in seconds on the film's clock."""
        soft, silence = self._heard(time)
        return min(max(self._loud(time), soft), 1 - silence)

    def _loud(self, time: Fraction) -> float:
        """1 within a stretch, ramps before and after it."""
        index = bisect_left(self._ends, time)
        score = 0.0
        if index < len(self.stretches):
            score = _ramp(self.stretches[index][0] - time, self.settings.attack)
        if index:
            score = max(score, _ramp(time - self._ends[index - 1], self.settings.release))
        return score

    def loud_near(self, time: Fraction) -> bool:
        """Whether anything loud is in the encoder's reach about an instant."""
        index = bisect_left(self._ends, time - _REACH)
        return index < len(self.stretches) and self.stretches[index][0] < time + _REACH

    def _may_be_soft(self, time: Fraction) -> bool:
        """Whether nothing loud is in the encoder's reach, yet more than silence is."""
        if self.loud_near(time):
            return False
        quietest = max(self._profile.loudest - _SOFT_DEPTH_DB, QUIET_FILM_DBFS - _DEPTH_DB / 2)
        return self._profile.loudest >= QUIET_FILM_DBFS and self._profile.level_at(time) >= quietest

    def _heard(self, time: Fraction) -> tuple[float, float]:
        """What was told of the instants around ``time``: blended between two, held beside one."""
        index = bisect_right(self._evidence, time, key=lambda told: told[0])
        near = self._evidence[max(0, index - 1) : index + 1]
        if len(near) == 2 and near[1][0] - near[0][0] <= 2 * _REACH:
            (start, *before), (end, *after) = near
            share = float((time - start) / (end - start))
            soft, silence = (a + share * (b - a) for a, b in zip(before, after, strict=True))
            return soft, silence
        for told, soft, silence in near:
            if abs(told - time) <= _REACH:
                return soft, silence
        return 0.0, 0.0


def loud_stretches(
    profile: SoundProfile, threshold_db: float, *, bridge: float
) -> list[tuple[int, int]]:
    """Stretches of hops (first, past the last) that reach a level, by hysteresis.

    A stretch lasts while the level stays above the threshold less 4 dB; pauses up to ``bridge``
    seconds are part of it.
    """
    loud = profile.levels >= threshold_db - _HYSTERESIS_DB
    hops, opening = profile.hops[loud], profile.levels[loud] >= threshold_db
    breaks = np.flatnonzero(np.diff(hops) > 1) + 1
    runs = zip(np.split(hops, breaks), np.split(opening, breaks), strict=True)
    stretches: list[tuple[int, int]] = []
    for run, reaches in runs:
        if not reaches.any():
            continue
        start, end = int(run[0]), int(run[-1]) + 1
        if stretches and start - stretches[-1][1] <= bridge * HOPS_PER_SECOND:
            start = stretches.pop()[0]
        stretches.append((start, end))
    return stretches


def _ramp(distance: Fraction, length: float) -> float:
    """1 at no distance, 0 from ``length`` on."""
    if distance <= 0:
        return 1.0
    return max(0.0, 1 - float(distance) / length) if length else 0.0


def _sureness(score: float, sure: tuple[float, float]) -> float:
    low, high = sure
    return min(max((score - low) / (high - low), 0.0), 1.0)
