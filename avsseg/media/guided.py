"""Edge-aware upsampling: where the mask is unsure, it follows the brightness of the picture.

As in the fast guided filter (He and Sun, 2015), the mask is fitted, in every window, as a line in
the brightness, on a small grid, and only two coefficients are brought to full size. Unlike there,
the fit replaces nothing: it moves the mask by half of what it says, and only as far as the mask is
unsure itself, so what the network knows is not smoothed away.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from avsseg.media.blend import Mask
from avsseg.media.figures import box_of
from avsseg.media.upsample import BilinearUpsampler, Levels

_FINER = 2  # the filter's grid against the mask's
_RADIUS = 12  # of the filter's windows, in cells of that grid
_EPSILON = 0.08**2  # brightness that varies less than this (squared, of 1) is no edge
_TRUST = 0.5
_RIM = 0.02  # probabilities this close to 0 or 1 are settled

Plane = NDArray[np.float32]
Box = tuple[int, int, int, int]


class GuidedUpsampler:
    """Upsamples as the plain one does, then moves the rim of the mask towards edges of the luma.

    What is far from any rim stays as it is, and only the rim's surroundings cost anything.

    Attributes:
        epsilon: variance of the luma (of 1) below which it holds no edge.
    """

    def __init__(self, *, epsilon: float = _EPSILON, radius: int = _RADIUS) -> None:
        self.epsilon = epsilon
        self._radius = radius
        self._plain = BilinearUpsampler()

    def __call__(self, mask: Mask, luma: NDArray[np.uint8]) -> Levels:
        """See ``Upsampler``.

        Shapes:
            mask (h, w) float32 in [0, 1], luma (H, W) uint8 -> (H, W) uint8
        """
        levels, luma = self._plain(mask, luma), np.asarray(luma)
        height, width = luma.shape
        grid = min(_FINER * mask.shape[0], height), min(_FINER * mask.shape[1], width)
        box = _rim_box(mask, grid, reach=2 * self._radius)
        if box is None:
            return levels
        left, top, right, bottom = (
            int(side * size / cells)
            for side, size, cells in zip(box, (width, height) * 2, grid[::-1] * 2, strict=True)
        )
        part = slice(top, bottom), slice(left, right)
        refined = np.array(levels)
        refined[part] = self._refined(mask, luma, grid, (left, top, right, bottom))
        return refined

    def _refined(
        self, mask: Mask, luma: NDArray[np.uint8], grid: tuple[int, int], box: Box
    ) -> Levels:
        """One part (left, top, right, bottom) of the picture."""
        left, top, right, bottom = box
        cells = (
            max(1, round((bottom - top) * grid[0] / luma.shape[0])),
            max(1, round((right - left) * grid[1] / luma.shape[1])),
        )
        guide = _resized(luma[top:bottom, left:right].astype(np.float32), cells) / np.float32(255)
        scale = mask.shape[1] / luma.shape[1], mask.shape[0] / luma.shape[0]
        values = _resized(
            mask, cells, (left * scale[0], top * scale[1], right * scale[0], bottom * scale[1])
        )
        slope, offset = evidence(guide, values, radius=self._radius, epsilon=self.epsilon)
        size = bottom - top, right - left
        fitted = _resized(slope, size)
        fitted *= luma[top:bottom, left:right]
        fitted += _resized(offset, size) * 255
        rounded: Levels = np.rint(fitted.clip(0, 255)).astype(np.uint8)
        return rounded


def evidence(guide: Plane, values: Plane, *, radius: int, epsilon: float) -> tuple[Plane, Plane]:
    """Slope and offset of the line in ``guide`` that moves unsure ``values`` towards its edges.

    Where a window of the guide is flat, or the values are 0 or 1, the line gives the values back.

    Shapes:
        guide (h, w), values (h, w), both in [0, 1] -> (h, w), (h, w)
    """
    mean_guide, mean_values = box_mean(guide, radius), box_mean(values, radius)
    covariance = box_mean(guide * values, radius) - mean_guide * mean_values
    variance = np.maximum(box_mean(guide * guide, radius) - mean_guide**2, 0)
    agreement = box_mean(covariance / (variance + np.float32(epsilon)), radius // 2)
    slope = np.float32(_TRUST) * 4 * values * (1 - values) * agreement
    return slope, values - slope * mean_guide


def box_mean(values: Plane, radius: int) -> Plane:
    """Mean over windows of (2 radius + 1) squared, cut off at the border; by cumulative sums.

    Shapes:
        (h, w) -> (h, w)
    """
    mean: Plane = _window_mean(_window_mean(values, radius).T, radius).T
    return mean


def _window_mean(values: Plane, radius: int) -> Plane:
    """Mean over 2 radius + 1 rows."""
    count = len(values)
    sums = np.zeros((count + 1, values.shape[1]), np.float64)
    np.cumsum(values, axis=0, out=sums[1:])
    row = np.arange(count)
    low, high = np.maximum(row - radius, 0), np.minimum(row + radius + 1, count)
    means: Plane = ((sums[high] - sums[low]) / (high - low)[:, None]).astype(np.float32)
    return means


def _rim_box(mask: Mask, grid: tuple[int, int], *, reach: int) -> Box | None:
    """(left, top, right, bottom) in cells of ``grid`` around all that is neither 0 nor 1."""
    unsettled = (mask > _RIM) & (mask < 1 - _RIM)
    unsettled[1:] |= (mask[1:] > 0.5) != (mask[:-1] > 0.5)
    unsettled[:, 1:] |= (mask[:, 1:] > 0.5) != (mask[:, :-1] > 0.5)
    if not unsettled.any():
        return None
    x0, y0, x1, y1 = box_of(unsettled)
    down, across = grid[0] / mask.shape[0], grid[1] / mask.shape[1]
    return (
        max(0, int(x0 * across) - reach),
        max(0, int(y0 * down) - reach),
        min(grid[1], int(np.ceil(x1 * across)) + reach),
        min(grid[0], int(np.ceil(y1 * down)) + reach),
    )


def _resized(
    values: Plane, size: tuple[int, int], box: tuple[float, float, float, float] | None = None
) -> Plane:
    """Bilinear, averaging where it shrinks; ``box`` names a part in pixels of ``values``."""
    picture = Image.fromarray(np.ascontiguousarray(values))
    resized = picture.resize((size[1], size[0]), Image.Resampling.BILINEAR, box=box)
    return np.array(resized, np.float32)
