"""The connected parts of a mask, each with a number that stays with it from moment to moment."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsseg.media.blend import Mask
from avsseg.media.figures import PixelBox, box_of

_LEAST_SHARE = 0.002  # of the picture; smaller parts are specks
_LEAST_OVERLAP = 0.2
_MEMORY = Fraction(2)  # seconds for which a part that is gone keeps its number

Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Region:
    """One connected part of a mask.

    Shapes:
        pixels (h, w) bool, on the grid of the mask

    Attributes:
        number: its own, from 1; the same for what overlaps it enough soon after.
        area: share of the picture that it covers, in [0, 1].
        box: (x0, y0, x1, y1) in cells of the grid.
        score: mean probability in it.
        sound_score: the share of its probability that is lost when the sound is muted, in
            [0, 1]; None where that was not tried.
    """

    number: int
    pixels: Bools
    area: float
    box: PixelBox
    score: float
    sound_score: float | None


class RegionTracker:
    """Numbers the parts of masks that follow each other.

    A part takes the number of the part it overlaps most (intersection over union at least 0.2)
    among those seen in the last two seconds; what is new takes the next number.
    """

    def __init__(self, *, threshold: float = 0.5) -> None:
        self._threshold = threshold
        self._known: dict[int, tuple[Fraction, Bools]] = {}
        self._count = 0

    def follow(self, time: Fraction, mask: Mask, muted: Mask | None = None) -> list[Region]:
        """The parts of the mask of one moment, largest first; times must rise.

        Shapes:
            mask (h, w) float32 in [0, 1], muted likewise: the same without sound
        """
        self._known = {n: seen for n, seen in self._known.items() if time - seen[0] <= _MEMORY}
        parts = list(_parts(mask >= self._threshold))
        numbers = self._numbers(parts)
        self._known.update((n, (time, part)) for n, part in zip(numbers, parts, strict=True))
        return [_region(n, part, mask, muted) for n, part in zip(numbers, parts, strict=True)]

    def forget(self) -> None:
        """Say that a new scene begins: nothing in it is known."""
        self._known.clear()

    def _numbers(self, parts: list[Bools]) -> list[int]:
        """The best overlaps first, each part and each number once."""
        overlaps = [
            (_overlap(part, seen), index, number)
            for index, part in enumerate(parts)
            for number, (_, seen) in self._known.items()
        ]
        numbers: dict[int, int] = {}
        for overlap, index, number in sorted(overlaps, key=lambda found: -found[0]):
            taken = index in numbers or number in numbers.values()
            if overlap >= _LEAST_OVERLAP and not taken:
                numbers[index] = number
        for index in range(len(parts)):
            if index not in numbers:
                self._count += 1
                numbers[index] = self._count
        return [numbers[index] for index in range(len(parts))]


def label_regions(mask: Bools) -> tuple[NDArray[np.int32], int]:
    """Numbers the connected parts of a mask; pixels that touch by a corner are connected.

    Shapes:
        mask (h, w) -> labels (h, w) int32: 0 outside, 1 to the count inside, in reading order
    """
    runs = _Runs.of(mask)
    roots = runs.joined()
    _, labels = np.unique(roots, return_inverse=True)
    flat = np.zeros(mask.shape[0] * runs.width + 1, np.int32)
    flat[runs.starts] += labels.astype(np.int32) + 1
    flat[runs.ends] -= labels.astype(np.int32) + 1
    rows = np.cumsum(flat[:-1], dtype=np.int32).reshape(mask.shape[0], runs.width)
    return np.ascontiguousarray(rows[:, : mask.shape[1]]), len(set(roots))


@dataclass(frozen=True, kw_only=True)
class _Runs:
    """Stretches of a mask along its rows, rows laid end to end with two empty cells between.

    Shapes:
        starts (N,), ends (N,): the first cell of each and the one past its last, rising
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    width: int

    @classmethod
    def of(cls, mask: Bools) -> "_Runs":
        padded = np.pad(mask, ((0, 0), (0, 2))).ravel()
        edges = np.flatnonzero(np.diff(padded.view(np.int8), prepend=0, append=0))
        return cls(starts=edges[::2], ends=edges[1::2], width=mask.shape[1] + 2)

    def joined(self) -> list[int]:
        """For each run the first run of its part."""
        parents = list(range(len(self.starts)))

        def root(run: int) -> int:
            while parents[run] != run:
                parents[run] = parents[parents[run]]
                run = parents[run]
            return run

        for upper, lower in self._touching():
            a, b = root(upper), root(lower)
            parents[max(a, b)] = min(a, b)
        return [root(run) for run in range(len(parents))]

    def _touching(self) -> Iterator[tuple[int, int]]:
        """Pairs of runs in neighbouring rows that touch by an edge or a corner."""
        first = np.searchsorted(self.ends, self.starts + self.width, side="left")
        past = np.searchsorted(self.starts, self.ends + self.width, side="right")
        for upper, (low, high) in enumerate(zip(first.tolist(), past.tolist(), strict=True)):
            yield from ((upper, lower) for lower in range(low, high))


def _parts(mask: Bools) -> Iterator[Bools]:
    """Connected parts that are no specks, largest first."""
    labels, count = label_regions(mask)
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    for label in np.argsort(-areas, kind="stable"):
        if areas[label] >= _LEAST_SHARE * mask.size:
            yield labels == label + 1


def _overlap(a: Bools, b: Bools) -> float:
    if a.shape != b.shape:
        return 0.0
    return float((a & b).sum() / (a | b).sum())


def _region(number: int, part: Bools, mask: Mask, muted: Mask | None) -> Region:
    heard = float(mask[part].sum(dtype=np.float64))
    sound_score = None
    if muted is not None:
        lost = 1 - float(muted[part].sum(dtype=np.float64)) / heard
        sound_score = min(max(lost, 0.0), 1.0)
    pixels = int(part.sum())
    return Region(
        number=number,
        pixels=part,
        area=pixels / part.size,
        box=box_of(part),
        score=heard / pixels,
        sound_score=sound_score,
    )
