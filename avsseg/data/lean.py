"""Cut-outs seen aslant, as by a camera that does not face them."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from avsseg.data.cutouts import CutOut

_FARTHEST = 2.0
_CORNERS = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float64)


def lean(piece: CutOut, rng: np.random.Generator, spread: float) -> CutOut:
    """Move the corners of a cut-out at random and draw it in perspective between them.

    ``spread`` is the standard deviation of a corner's way, in shares of the sides. No way is more
    than twice as long, so that up to 0.2 no side crosses another.
    """
    height, width = piece.mask.shape
    sides = np.array([width, height], np.float64)
    ways = np.clip(rng.normal(0, 1, (4, 2)), -_FARTHEST, _FARTHEST) * spread
    corners = (_CORNERS + ways) * sides
    corners -= corners.min(axis=0)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    back = _perspective(corners, _CORNERS * sides)
    pixels, mask = (
        Image.fromarray(part).transform(
            (int(right), int(bottom)), Image.Transform.PERSPECTIVE, back, Image.Resampling.BILINEAR
        )
        for part in (piece.pixels, piece.mask)
    )
    return CutOut(pixels=np.asarray(pixels), mask=np.asarray(mask))


def _perspective(starts: NDArray[np.float64], ends: NDArray[np.float64]) -> tuple[float, ...]:
    """The eight coefficients that take four points to four others, in Pillow's order."""
    rows, values = [], []
    for (x, y), (u, v) in zip(starts, ends, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return tuple(np.linalg.solve(np.array(rows), np.array(values)).tolist())
