"""Truth masks from files, whatever mode a tool has saved them in."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from avsseg.errors import DataError

Bools = NDArray[np.bool_]


def open_picture(path: Path) -> Image.Image:
    """A picture file, decoded to its end.

    Raises:
        DataError: if it is missing, damaged or no picture.
    """
    try:
        with Image.open(path) as image:
            image.load()
            return image
    except FileNotFoundError as error:
        raise DataError(f"{path}: the file is missing; 'avsseg data check' lists all.") from error
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: cannot be read as a picture; copy it again.") from error


def binary_mask(image: Image.Image) -> Bools:
    """Foreground of a mask picture: every pixel whose colour is not black.

    Takes bilevel, grey (8 to 32 bit), palette and colour pictures, with or without alpha; a
    palette's colours decide, not its indices.

    Shapes:
        -> (H, W) bool
    """
    if image.mode in ("P", "PA", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"):
        image = image.convert("RGB")
    values = np.asarray(image)
    if image.mode == "LA":
        values = values[..., 0]
    return np.asarray(values.any(axis=-1) if values.ndim == 3 else values != 0)


def legacy_mask(image: Image.Image, subset: Literal["s4", "ms3"]) -> NDArray[np.float32]:
    """The truth that AVSBench's own loader makes of a mask picture.

    It opens S4 in mode ``1``, which dithers, and MS3 in mode ``P``, whose palette index over 255
    becomes the truth, so that a white RGB mask is 0.88 and a 0/1 palette mask 0.004.

    Shapes:
        -> (H, W) float32
    """
    if subset == "s4":
        return np.asarray(image.convert("1"), np.float32)
    return np.asarray(image.convert("P"), np.float32) / np.float32(255)


def legacy_differs(image: Image.Image, subset: Literal["s4", "ms3"]) -> bool:
    """Whether AVSBench's loader makes another truth of the picture than :func:`binary_mask`."""
    return bool((legacy_mask(image, subset) != binary_mask(image)).any())


def palette(num_classes: int = 71) -> NDArray[np.uint8]:
    """AVSS's colours: the next three bits of the index set bit 7 - i of red, green and blue.

    Shapes:
        -> (K, 3)
    """
    index = np.arange(num_classes)
    colours = np.zeros((num_classes, 3), np.int64)
    for i in range(8):
        bits = (index[:, None] >> np.array([0, 1, 2]) + 3 * i) & 1
        colours |= bits << (7 - i)
    return colours.astype(np.uint8)


def class_map(image: Image.Image, num_classes: int = 71) -> tuple[NDArray[np.int64], Bools]:
    """Class indices of a label picture, and which pixels have a colour of no class.

    Colour and palette pictures are matched exactly to :func:`palette`; in grey ones the value is
    the index. Unknown colours become 0, the background, as in AVSBench.

    Shapes:
        -> (H, W) int64, (H, W) bool
    """
    if image.mode in ("1", "L", "I", "I;16"):
        index = np.asarray(image).astype(np.int64)
        unknown = index >= num_classes
        return np.where(unknown, 0, index), unknown
    codes = _pack(np.asarray(image.convert("RGB")))
    known = _pack(palette(num_classes))
    order = known.argsort()
    place = np.minimum(np.searchsorted(known[order], codes), num_classes - 1)
    unknown = known[order][place] != codes
    return np.where(unknown, 0, order[place]), unknown


def resize_nearest(labels: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Labels at another size, without mixing any (as Pillow's nearest).

    Shapes:
        labels (H, W) -> (height, width) for ``size`` = (width, height)
    """
    height, width = labels.shape
    rows = ((np.arange(size[1]) + 0.5) * height / size[1]).astype(np.intp)
    columns = ((np.arange(size[0]) + 0.5) * width / size[0]).astype(np.intp)
    return np.asarray(labels[rows[:, None], columns])


def _pack(colours: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.asarray(colours.astype(np.int64) @ np.array([1 << 16, 1 << 8, 1]))
