"""Reading a bank's files: pictures, masks, and recordings with their loudness."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from avsseg.errors import DataError, MediaError
from avsseg.media.recording import read_recording

BLOCK = 160
"""Samples of one block of loudness: 10 ms."""

Picture = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Recording = tuple[NDArray[np.int16], NDArray[np.float64]]


def read_picture(path: Path) -> Picture:
    """A picture and its mask, zeros where it has none.

    Shapes:
        -> (H, W, 3) uint8 RGB, (H, W) uint8: instance indices, or 0/1 for one object.

    Raises:
        DataError: a file is damaged, or the mask has another size.
    """
    pixels, mask_path = _read_image(path, "RGB"), path.with_suffix(".png")
    if mask_path == path or not mask_path.is_file():
        return pixels, np.zeros(pixels.shape[:2], np.uint8)
    mask = _read_image(mask_path, None)
    if mask.shape != pixels.shape[:2]:
        raise DataError(f"{mask_path}: its size differs from that of {path.name}; remake the mask")
    return pixels, mask


def read_mask(path: Path) -> NDArray[np.uint8]:
    """The mask of a picture alone.

    Shapes:
        -> (H, W) uint8, as ``read_picture`` gives it.

    Raises:
        DataError: it is missing or damaged.
    """
    return _read_image(path.with_suffix(".png"), None)


def read_sound(path: Path) -> Recording:
    """A whole recording, mono at 16 kHz, and its running loudness in blocks of 10 ms.

    Shapes:
        -> (S,) int16, (S // 160 + 1,) float64: sum of the blocks' root mean squares (full
        scale 1) up to each block.

    Raises:
        DataError: the file cannot be decoded.
    """
    try:
        samples = read_recording(path)
    except MediaError as error:
        raise DataError(str(error)) from error
    blocks = samples[: samples.size // BLOCK * BLOCK].reshape(-1, BLOCK).astype(np.float32)
    levels = np.sqrt(np.square(blocks / 32768).mean(axis=1, dtype=np.float64))
    return samples, np.concatenate([[0.0], np.cumsum(levels)])


def _read_image(path: Path, mode: str | None) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            return np.array(image.convert(mode) if mode else image).astype(np.uint8)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: cannot be read ({error}); replace or unlist it") from error
