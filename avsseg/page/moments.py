"""What was predicted for a film, as its table of moments tells it."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from pathlib import Path

SOUNDING, DOUBT, HEARD = "sounding", "disagreement", "heard"
"""Further columns that the table may have: gate, disagreement of samples, names of sounds."""

_BETWEEN_NAMES = "; "


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One row of the table.

    Attributes:
        time: in seconds on the film's clock.
        score: mean probability of what is marked, in [0, 1].
        area: share of the picture that is marked, in [0, 1].
        loudness_db: in dBFS; None without sound.
        sounding: how much the gate is open, in [0, 1]; None if there is no gate.
        doubt: how much samples of the network disagree, in [0, 1]; None with a single one.
        heard: names of sounds with their scores, the surest first.
    """

    time: float
    score: float
    area: float
    loudness_db: float | None = None
    sounding: float | None = None
    doubt: float | None = None
    heard: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Moments in a row at which something is marked.

    Attributes:
        start, end: in seconds, half a moment before the first and after the last.
        moments: all of them.
    """

    start: float
    end: float
    moments: Sequence[Moment]

    @property
    def best(self) -> Moment:
        """The moment at which most is marked, surely."""
        return max(self.moments, key=lambda moment: moment.area * moment.score)


def read_moments(table: Path, *, shift: float = 0.0) -> list[Moment]:
    """The rows of a ``frames.csv``, ``shift`` seconds taken off their times."""
    with table.open(encoding="utf-8", newline="") as file:
        return [_moment(row, shift) for row in csv.DictReader(file)]


def stretches(moments: Sequence[Moment]) -> list[Stretch]:
    """When something is marked."""
    half = spacing(moments) / 2
    runs = (list(run) for marked, run in groupby(moments, lambda m: m.area > 0) if marked)
    return [
        Stretch(start=max(0.0, run[0].time - half), end=run[-1].time + half, moments=run)
        for run in runs
    ]


def spacing(moments: Sequence[Moment]) -> float:
    """Seconds between two moments, as a rule; one where there is but one."""
    gaps = sorted(b.time - a.time for a, b in pairwise(moments))
    return gaps[len(gaps) // 2] if gaps else 1.0


def most_heard(moments: Sequence[Moment], most: int = 3) -> list[str]:
    """The names of sounds with the largest sums of scores."""
    sums: Counter[str] = Counter()
    for moment in moments:
        for name, score in moment.heard:
            sums[name] += score  # type: ignore[assignment]  # a counter counts fractions as well
    return [name for name, _ in sums.most_common(most)]


def key_moments(moments: Sequence[Moment], most: int = 8, least: int = 4) -> list[Moment]:
    """The moments worth a picture, in order: the best of each stretch, then others evenly."""
    if not moments:
        return []
    found = sorted(stretches(moments), key=lambda s: -s.best.area * s.best.score)
    chosen = {stretch.best.time: stretch.best for stretch in found[:most]}
    gap = (moments[-1].time - moments[0].time) / (2 * least)
    for number in range(least):
        other = moments[(2 * number + 1) * len(moments) // (2 * least)]
        if len(chosen) < least and all(abs(other.time - time) >= gap for time in chosen):
            chosen[other.time] = other
    return [chosen[time] for time in sorted(chosen)]


def _moment(row: Mapping[str, str], shift: float) -> Moment:
    return Moment(
        time=float(row["time_s"]) - shift,
        score=float(row["score"]),
        area=float(row["area"]),
        loudness_db=_optional(row["loudness_db"]),
        sounding=_optional(row.get(SOUNDING)),
        doubt=_optional(row.get(DOUBT)),
        heard=tuple(_named(row.get(HEARD) or "")),
    )


def _optional(text: str | None) -> float | None:
    return float(text) if text else None


def _named(text: str) -> Iterator[tuple[str, float]]:
    """Names and scores out of ``Dog 0.93; Bark 0.71``."""
    for part in filter(None, text.split(_BETWEEN_NAMES)):
        name, _, score = part.rpartition(" ")
        yield (name, float(score)) if name and _is_number(score) else (part, 1.0)


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()
