"""Pictures of the best and the worst clips: frame, truth, prediction, spread over samples."""

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avsseg.evaluation.family_a import Bools
from avsseg.evaluation.network import Soft

Picture = NDArray[np.uint8]

ROWS = ("frame", "truth", "prediction", "spread")
GAP = 3
"""Pixels between the pictures of a sheet."""

_GROUND = 40


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One clip as a sheet: a column for each frame, rows as in ``ROWS``.

    Attributes:
        kind: ``worst``, ``best``, ``fixed`` (the same clips for every network), ``interrupted``
            (the sound stops inside the clip; the paper's Fig. 4) or ``alarm`` (nothing sounds).
        score: mean IoU of the clip.
    """

    kind: str
    name: str
    score: float
    picture: Picture

    @property
    def file_name(self) -> str:
        """A plain name that no two panels of one evaluation share."""
        plain = re.sub(r"[^A-Za-z0-9_-]+", "_", self.name)[:80]
        return f"{self.kind}_{self.score:.3f}_{plain}.png"


class Gallery:
    """Keeps the sheets that are worth a look while clips pass by; memory does not grow."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._heaps: dict[str, list[tuple[float, int, Panel]]] = {}
        self._fixed: list[Panel] = []
        self._count = 0

    def add(
        self,
        name: str,
        score: float,
        frames: Picture,
        truth: Bools,
        soft: Soft,
        *,
        fixed: bool = False,
        alarm: bool = False,
    ) -> None:
        """Shows one clip to the gallery; ``fixed`` ones are kept whatever their score.

        An ``alarm`` is a mask where nothing sounds; such clips compete among themselves alone.

        Shapes:
            frames (N, H, W, 3) uint8; truth (N, H, W); soft (S, N, H, W), one map per sample
        """
        order, self._count = self._count, self._count + 1
        if not self._size:
            return
        sounding = truth.any(axis=(1, 2))
        wanted = {"worst": -score, "best": score}
        if alarm:
            wanted = {"alarm": -score}
        elif sounding.any() and not sounding.all():
            wanted["interrupted"] = -score
        chosen = [kind for kind, rank in wanted.items() if self._has_room(kind, rank)]
        if not chosen and not fixed:
            return
        sheet = draw_sheet(frames, truth, soft)
        for kind in chosen:
            panel = Panel(kind=kind, name=name, score=score, picture=sheet)
            self._keep(kind, (wanted[kind], -order, panel))
        if fixed:
            self._fixed.append(Panel(kind="fixed", name=name, score=score, picture=sheet))

    def panels(self) -> tuple[Panel, ...]:
        """All that was kept: the fixed ones, then by kind, the extreme ones first."""
        kinds = ("interrupted", "worst", "alarm", "best")
        return (*self._fixed, *(panel for kind in kinds for panel in self._sorted(kind)))

    def _has_room(self, kind: str, rank: float) -> bool:
        heap = self._heaps.get(kind, [])
        return len(heap) < self._size or rank > heap[0][0]

    def _keep(self, kind: str, item: tuple[float, int, Panel]) -> None:
        heap = self._heaps.setdefault(kind, [])
        heapq.heappush(heap, item)
        if len(heap) > self._size:
            heapq.heappop(heap)

    def _sorted(self, kind: str) -> Iterator[Panel]:
        for _, _, panel in sorted(self._heaps.get(kind, []), key=lambda i: (-i[0], -i[1])):
            yield panel


def draw_sheet(frames: Picture, truth: Bools, soft: Soft) -> Picture:
    """A clip as one picture; a spread of one half, the largest there is, is white.

    Shapes:
        frames (N, H, W, 3) uint8, truth (N, H, W), soft (S, N, H, W) -> (h, w, 3) uint8
    """
    spread = 2 * soft.std(axis=0)
    rows = (frames, _grey(truth), _grey(soft.mean(axis=0)), _grey(spread))
    return stack([list(row) for row in rows])


def stack(rows: Sequence[Sequence[Picture]]) -> Picture:
    """Pictures of one size in rows and columns on a dark ground."""
    height, width = rows[0][0].shape[:2]
    down, across = height + GAP, width + GAP
    shape = (len(rows) * down - GAP, max(map(len, rows)) * across - GAP, 3)
    sheet = np.full(shape, _GROUND, np.uint8)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            sheet[y * down : y * down + height, x * across : x * across + width] = picture
    return sheet


def _grey(values: NDArray[np.floating] | Bools) -> Picture:
    levels = np.rint(255 * np.clip(values.astype(np.float32), 0, 1)).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=-1)
