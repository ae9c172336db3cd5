"""Cut-outs: objects taken from their pictures, with and without a sounding category."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsseg.data.bank import BankScene, BankView

_MIN_SHARE = 0.015
_MIN_SIDE = 24
_MARGIN = 4
_MAX_TOUCH = 0.3
_ENOUGH = 40


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


_Found = dict[str | None, list[tuple[Source, ...]]]


@lru_cache(maxsize=8)
def find_sources(view: BankView) -> Sources:
    """List every cut-out of a view: its objects and the larger instances of its scenes.

    Instances cut by the picture's border are used for kinds that have few others.
    """
    whole: _Found = defaultdict(list)
    cut: _Found = defaultdict(list)
    for category, objects in view.objects.items():
        whole[category] += [(Source(path=item.path, index=1),) for item in objects]
    for frames in view.scenes.values():
        _add_instances(view, frames, whole, cut)
    few = {name for name in cut if len(whole[name]) < _ENOUGH}
    by_category = {n: (*whole[n], *(cut[n] if n in few else ())) for n in view.categories}
    return Sources(by_category=by_category, silent=tuple(whole[None]))


def _add_instances(
    view: BankView, frames: tuple[BankScene, ...], whole: _Found, cut: _Found
) -> None:
    """Sort the larger instances of one sequence by category."""
    found: dict[tuple[str | None, bool], list[Source]] = defaultdict(list)
    for scene in frames:
        mask = view.bank.mask(scene.path)
        sizes = np.bincount(mask.ravel(), minlength=256)
        edge = np.bincount(_border(mask), minlength=256)
        for item in scene.instances:
            size, touching = sizes[item.index], edge[item.index]
            if not item.crowd and size >= _MIN_SHARE * mask.size:
                is_cut = bool(touching > _MAX_TOUCH * np.sqrt(size))
                source = Source(path=scene.path, index=item.index)
                found[item.category, is_cut].append(source)
    for (category, is_cut), sources in found.items():
        (cut if is_cut else whole)[category].append(tuple(sources))


def _border(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])


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
