"""Small lines of text on the picture, such as the name of what is heard."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from avsseg.media.ink import mix_ink, paint
from avsseg.media.planes import Plane

_LINES_PER_TEXT_PIXEL = 30
_SMALLEST_TEXT = 10
_PLATE_COVERAGE = 150


@dataclass(frozen=True, kw_only=True)
class Label:
    """One line of text.

    Attributes:
        text: what it says.
        anchor: (x, y) in pixels of the plate's lower left corner, for a label that belongs to a
            region; None stacks it in the frame's upper left corner.
    """

    text: str
    anchor: tuple[int, int] | None = None


def draw_labels(canvas: av.VideoFrame, labels: Sequence[Label]) -> None:
    """Paints labels, white on a dark plate, onto a 4:2:0 canvas; what does not fit is cut."""
    size = max(_SMALLEST_TEXT, canvas.height // _LINES_PER_TEXT_PIXEL)
    stack_y = size // 2
    for label in labels:
        plate, letters = _render(label.text, size)
        if label.anchor is None:
            x, y = size // 2, stack_y
            stack_y += plate.shape[0] + size // 4
        else:
            x, y = label.anchor[0], label.anchor[1] - plate.shape[0]
        _stamp(canvas, plate, letters, _corner(canvas, plate, x, y))


def _corner(canvas: av.VideoFrame, plate: Plane, x: int, y: int) -> tuple[int, int]:
    """The even (left, top) nearest to (x, y) that keeps the plate on the canvas."""
    height, width = plate.shape
    left = max(0, min(x, canvas.width - width))
    top = max(0, min(y, canvas.height - height))
    return left // 2 * 2, top // 2 * 2


def _stamp(canvas: av.VideoFrame, plate: Plane, letters: Plane, corner: tuple[int, int]) -> None:
    left, top = corner
    room = slice(canvas.height - top), slice(canvas.width - left)
    paint(canvas, mix_ink((0, 0, 0), canvas), plate[room], top=top, left=left)
    paint(canvas, mix_ink((255, 255, 255), canvas), letters[room], top=top, left=left)


@lru_cache(maxsize=64)
def _render(text: str, size: int) -> tuple[Plane, Plane]:
    """Coverage of the plate and of the letters on it."""
    font = ImageFont.load_default(size)
    margin = max(2, size // 3)
    _, _, right, bottom = font.getbbox(text)
    width, height = int(right) + 2 * margin, max(int(bottom), size) + margin
    plate, letters = (Image.new("L", (width, height)) for _ in range(2))
    outline = (0, 0, width - 1, height - 1)
    ImageDraw.Draw(plate).rounded_rectangle(outline, radius=margin, fill=_PLATE_COVERAGE)
    ImageDraw.Draw(letters).text((margin, margin // 2), text, font=font, fill=255)
    return np.asarray(plate), np.asarray(letters)
