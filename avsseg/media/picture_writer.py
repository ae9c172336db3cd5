"""Masks as folders of PNG pictures in the size of the source."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from avsseg.media.publish import publish_folder

_NUM_COLOURS = 256


@contextmanager
def open_mask_folder(
    folder: Path, *, source: Path | None = None, overwrite: bool = False
) -> Iterator["MaskFolder"]:
    """Lends a writer of black and white PNGs (8 bits, 0 and 255).

    The folder appears when the block succeeds. Pictures are named by number, six digits or more
    (``000042.png``), so that names sort in order of time.

    Raises:
        MediaError: the folder cannot be written, or holds other things than PNGs.
    """
    with publish_folder(folder, overwrite=overwrite, source=source) as temporary:
        yield MaskFolder(temporary)


@contextmanager
def open_palette_folder(
    folder: Path, *, source: Path | None = None, overwrite: bool = False
) -> Iterator["PaletteFolder"]:
    """Lends a writer of PNGs whose pixel values are classes, coloured by the VOC palette.

    Named, published and failing as ``open_mask_folder`` says.
    """
    with publish_folder(folder, overwrite=overwrite, source=source) as temporary:
        yield PaletteFolder(temporary)


class MaskFolder:
    """Black and white masks in the making; see ``open_mask_folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, number: int, mask: NDArray[np.bool_]) -> None:
        """Add one mask.

        Shapes:
            mask (H, W)
        """
        picture = Image.fromarray(mask.view(np.uint8) * np.uint8(255))
        picture.save(self._folder / picture_name(number), "PNG")


class PaletteFolder:
    """Maps of classes in the making; see ``open_palette_folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._palette = voc_palette().tobytes()

    def write(self, number: int, classes: NDArray[np.uint8]) -> None:
        """Add one map of classes, 0 being what does not sound.

        Shapes:
            classes (H, W)
        """
        picture = Image.fromarray(np.ascontiguousarray(classes), "L")
        picture.putpalette(self._palette)
        picture.save(self._folder / picture_name(number), "PNG")


def picture_name(number: int) -> str:
    """The file name of a numbered picture."""
    return f"{number:06d}.png"


def voc_palette() -> NDArray[np.uint8]:
    """The colours of PASCAL VOC: the bits of a class number spread over red, green and blue.

    Shapes:
        -> (256, 3) uint8 RGB
    """
    classes = np.arange(_NUM_COLOURS)
    colours = np.zeros((_NUM_COLOURS, 3), np.uint8)
    for place in range(8):
        for channel in range(3):
            bit = (classes >> (3 * place + channel)) & 1
            colours[:, channel] |= (bit << (7 - place)).astype(np.uint8)
    return colours
