"""Pasting a cut-out into a frame with soft borders, keeping track of who owns each pixel."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from avsseg.data.cutouts import CutOut
from avsseg.data.motion import Pose

_MIN_PIXELS = 3


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A cut-out on its way through a scene.

    Attributes:
        label: the category's number in the frame's map of owners; 0 for silent things.
        path: one pose per frame.
        feather: radius of the soft border in pixels.
        inward: the border lies inside the mask, so that no rim of the old ground shows.
        tint: gain of each colour channel.
    """

    cutout: CutOut
    label: int
    path: list[Pose]
    flip: bool
    feather: float
    inward: bool
    tint: tuple[float, float, float]


def paste(frame: NDArray[np.float32], owners: NDArray[np.uint8], layer: Layer, pose: Pose) -> None:
    """Draw a layer over ``frame`` and write its label into ``owners``, both in place.

    Shapes:
        frame (H, W, 3) in [0, 255], owners (H, W).
    """
    height, width = owners.shape
    size = (round(pose.width * width), round(pose.height * height))
    if min(size) < _MIN_PIXELS or max(size) > 4 * max(width, height):
        return
    pixels, alpha = _shrink(layer, size, pose.angle)
    left = round(pose.x * width - alpha.shape[1] / 2)
    top = round(pose.y * height - alpha.shape[0] / 2)
    inner = _clip(left, alpha.shape[1], width), _clip(top, alpha.shape[0], height)
    (x0, x1), (y0, y1) = inner
    if x0 >= x1 or y0 >= y1:
        return
    part = np.s_[y0:y1, x0:x1]
    spot = np.s_[top + y0 : top + y1, left + x0 : left + x1]
    cover = alpha[part]
    tint = np.array(layer.tint, np.float32)
    frame[spot] += cover[..., None] * (pixels[part] * tint - frame[spot])
    owners[spot][cover > 0.5] = layer.label


def _clip(start: int, length: int, limit: int) -> tuple[int, int]:
    return max(0, -start), min(length, limit - start)


def _shrink(
    layer: Layer, size: tuple[int, int], angle: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    pixels = Image.fromarray(layer.cutout.pixels).resize(size, Image.Resampling.BILINEAR)
    mask = Image.fromarray(layer.cutout.mask).resize(size, Image.Resampling.BILINEAR)
    if layer.flip:
        pixels = pixels.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        mask = mask.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if abs(angle) > 0.5:
        pixels = pixels.rotate(angle, Image.Resampling.BILINEAR, expand=True)
        mask = mask.rotate(angle, Image.Resampling.BILINEAR, expand=True)
    blurred = mask.filter(ImageFilter.GaussianBlur(layer.feather))
    soft: NDArray[np.float32] = np.asarray(blurred, np.float32) * np.float32(1 / 255)
    if layer.inward:
        soft = np.clip(2 * soft - 1, 0, 1)
    return np.asarray(pixels, np.float32), soft
