"""From moments to the stretches of time in which something in the picture sounds."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise

from avsseg.media.table_writer import Segment

_LONGEST_REACH = Fraction(1)


@dataclass(frozen=True, kw_only=True)
class Marked:
    """One moment, as far as stretches need it.

    Attributes:
        time: in seconds on the film's clock.
        score: mean probability of what is marked; 0 where nothing is.
        heard: names of sounds and their scores, the surest first.
    """

    time: Fraction
    score: float
    heard: tuple[tuple[str, float], ...] = ()


def sounding_stretches(moments: Sequence[Marked]) -> Iterator[Segment]:
    """Runs of moments at which something is marked, from half way to half way between moments.

    A stretch reaches at most a second beyond its moments. Its label is the name heard most in it,
    weighed by scores; its score the mean of its moments.
    """
    edges = [(a.time + b.time) / 2 for a, b in pairwise(moments)]
    gap = min((b.time - a.time for a, b in pairwise(moments)), default=_LONGEST_REACH) / 2
    for marked, run in groupby(range(len(moments)), key=lambda n: moments[n].score > 0):
        numbers = list(run)
        first, last = moments[numbers[0]], moments[numbers[-1]]
        start = edges[numbers[0] - 1] if numbers[0] else first.time - gap
        end = edges[numbers[-1]] if numbers[-1] < len(edges) else last.time + gap
        if marked:
            yield Segment(
                start=max(start, first.time - _LONGEST_REACH),
                end=min(end, last.time + _LONGEST_REACH),
                label=_most_heard(moments[n] for n in numbers) or "sounding",
                score=sum(moments[n].score for n in numbers) / len(numbers),
            )


def _most_heard(moments: Iterable[Marked]) -> str | None:
    weights: dict[str, float] = defaultdict(float)
    for moment in moments:
        for name, score in moment.heard:
            weights[name] += score
    return max(weights, key=lambda name: weights[name]) if weights else None
