"""How thickly paint lies: soft insides, outlines and their shadows, all from a probability map."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from avsseg.media.planes import Plane
from avsseg.media.upsample import Levels

_BAND_ROWS = 96


def level_of(probability: float) -> int:
    """The step of a probability map that a probability falls on."""
    return round(255 * probability)


@lru_cache(maxsize=64)
def ramp(low: float, high: float, *, top: float = 1.0) -> bytes:
    """A table from levels to coverage: nothing below ``low``, ``top`` (of 1) above ``high``.

    With ``low`` above ``high`` it falls instead: ``top`` below ``high``, nothing above ``low``.
    """
    steps = (np.arange(256) / 255 - low) / (high - low)
    return np.rint(255 * top * np.clip(steps, 0, 1)).astype(np.uint8).tobytes()


def translate(levels: Levels, table: bytes) -> Plane:
    """Looks every level up in a table of 256 bytes.

    Shapes:
        levels (H, W) -> (H, W), read-only
    """
    return np.frombuffer(levels.tobytes().translate(table), np.uint8).reshape(levels.shape)


def bands(height: int) -> Iterator[slice]:
    """Strips of rows, from even rows on, so small that what is computed for them stays in cache."""
    for top in range(0, height, _BAND_ROWS):
        yield slice(top, min(height, top + _BAND_ROWS))


def columns_above(levels: Levels, least: int, *, margin: int) -> slice | None:
    """The columns with anything above ``least``, and ``margin`` more, in whole pairs, if any.

    Shapes:
        levels (H, W)
    """
    columns = np.flatnonzero(levels.max(axis=0) > least)
    if columns.size == 0:
        return None
    left = max(0, int(columns[0]) - margin) // 2 * 2
    right = (int(columns[-1]) + 2 + margin) // 2 * 2
    return slice(left, min(levels.shape[1], right))


def outline(inside: NDArray[np.bool_], thickness: int, *, shadow: float) -> tuple[Plane, Plane]:
    """Coverage of a line along the rim of a shape, and of a wider shadow under that line.

    Shapes:
        inside (H, W) -> line (H, W) up to 255, shadow (H, W) up to 255 * ``shadow``
    """
    shape = inside.view(np.uint8)
    core = 1 - grow(1 - shape, thickness)
    grown = grow(shape, thickness)
    line = (grown - core) * np.uint8(255)
    dark = (grow(grown, thickness) - core) * np.uint8(255 * shadow)
    return soften(line), soften(dark)


def grow(shape: Plane, steps: int) -> Plane:
    """Dilates a shape by ``steps`` pixels, by crosses and squares in turn: to an octagon.

    Shapes:
        shape (H, W) -> (H, W)
    """
    grown = shape
    for step in range(steps):
        tall = grown.copy()
        np.maximum(tall[1:], grown[:-1], out=tall[1:])
        np.maximum(tall[:-1], grown[1:], out=tall[:-1])
        wide = tall.copy() if step % 2 else grown
        grown = tall
        np.maximum(grown[:, 1:], wide[:, :-1], out=grown[:, 1:])
        np.maximum(grown[:, :-1], wide[:, 1:], out=grown[:, :-1])
    return grown


def soften(coverage: Plane) -> Plane:
    """Smooths stairs away by weights 1 2 1 along both axes; full coverage loses a few 1/255.

    Shapes:
        coverage (H, W) -> (H, W), the outermost rows and columns smoothed along themselves alone
    """
    tall: Plane = np.right_shift(coverage, 1)
    quarter = coverage >> 2
    tall[1:-1] += quarter[:-2]
    tall[1:-1] += quarter[2:]
    tall[:1], tall[-1:] = coverage[:1], coverage[-1:]
    soft: Plane = np.right_shift(tall, 1)
    quarter = tall >> 2
    soft[:, 1:-1] += quarter[:, :-2]
    soft[:, 1:-1] += quarter[:, 2:]
    soft[:, :1], soft[:, -1:] = tall[:, :1], tall[:, -1:]
    return soft
