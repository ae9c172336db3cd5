"""Cut-outs: objects taken from their pictures, with and without a sounding category."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsseg.data.bank import BankView

_MIN_SHARE = 0.015
_MIN_SIDE = 24
_MARGIN = 4


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a cut-out comes from: the value ``index`` of the mask of a picture."""

    path: Path
    index: int


@dataclass(frozen=True, kw_only=True)
class CutOut:
    """One object with a margin of its ground.

    Shapes:
        pixels (H, W, 3) uint8, mask (H, W) uint8, 0 or 255.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Cut-outs on offer; sources of one sequence stand together.

    Attributes:
        by_category: sounding things.
        silent: things of no sounding category, to be pasted as decoys.
    """

    by_category: Mapping[str, tuple[tuple[Source, ...], ...]]
    silent: tuple[tuple[Source, ...], ...]


@lru_cache(maxsize=8)
def find_sources(view: BankView) -> Sources:
    """List every cut-out of a view: its objects and the larger instances of its scenes."""
    sounding: dict[str, list[tuple[Source, ...]]] = defaultdict(list)
    silent: list[tuple[Source, ...]] = []
    for category, objects in view.objects.items():
        sounding[category] += [(Source(path=item.path, index=1),) for item in objects]
    for frames in view.scenes.values():
        found: dict[str | None, list[Source]] = defaultdict(list)
        for scene in frames:
            sizes = np.bincount(view.bank.picture(scene.path)[1].ravel(), minlength=256)
            for item in scene.instances:
                if not item.crowd and sizes[item.index] >= _MIN_SHARE * sizes.sum():
                    source = Source(path=scene.path, index=item.index)
                    found[item.category].append(source)
        for name, sources in found.items():
            (silent if name is None else sounding[name]).append(tuple(sources))
    by_category = {name: tuple(sounding[name]) for name in view.categories}
    return Sources(by_category=by_category, silent=tuple(silent))


def cut_out(view: BankView, source: Source) -> CutOut | None:
    """Crop an object from its picture; None if it is too small to be of use."""
    pixels, mask = view.bank.picture(source.path)
    inside = mask == source.index
    rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
    if rows.size < _MIN_SIDE or columns.size < _MIN_SIDE:
        return None
    top, left = max(0, rows[0] - _MARGIN), max(0, columns[0] - _MARGIN)
    box = np.s_[top : rows[-1] + 1 + _MARGIN, left : columns[-1] + 1 + _MARGIN]
    return CutOut(pixels=pixels[box], mask=inside[box].astype(np.uint8) * 255)
