"""Parts of the pictures of README.md: cards of text, squares, a strip of sound."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from avsseg.media.recording import read_recording

TINT = (0, 168, 145)
GROUND, INK, FAINT, SUNK = (18, 24, 33), (228, 233, 240), (132, 144, 160), (44, 54, 68)
FONT = ImageFont.truetype(
    str(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSansMono.ttf"), 22
)
CARD = (960, 468)
STRIP = 52  # rows of the strip of sound
_LINE = 33


def text_card(text: str, *, wrap: bool = False) -> Image.Image:
    """The beginning of a text, as an editor shows it."""
    card = Image.new("RGB", CARD, GROUND)
    pen, letters = ImageDraw.Draw(card), int((CARD[0] - 40) / FONT.getlength("x"))
    lines = text[:4000].splitlines()
    if wrap:
        lines = [line[n : n + letters] for line in lines for n in range(0, len(line), letters)]
    for number, line in enumerate(lines[: (CARD[1] - 20) // _LINE]):
        pen.text((20, 14 + number * _LINE), line[:letters], font=FONT, fill=INK)
    return card


def table_card(rows: Sequence[dict[str, str]]) -> Image.Image:
    """The rows of a table in columns as wide as they need to be."""
    card = Image.new("RGB", CARD, GROUND)
    pen, names = ImageDraw.Draw(card), list(rows[0])
    widths = [max(len(name), *(len(row[name]) for row in rows)) + 2 for name in names]
    starts = np.cumsum([0, *widths[:-1]]) * FONT.getlength("x") + 20
    for name, start in zip(names, starts, strict=True):
        pen.text((start, 14), name, font=FONT, fill=TINT)
        for number, row in enumerate(rows[: (CARD[1] - 20) // _LINE - 1]):
            pen.text((start, 14 + (number + 1) * _LINE), row[name], font=FONT, fill=INK)
    return card


def on_squares(picture: Image.Image, side: int = 24) -> Image.Image:
    """A picture with transparency before the squares that stand for nothing."""
    rows, columns = np.mgrid[: picture.height, : picture.width] // side
    shades = np.where((rows + columns) % 2, 200, 245).astype(np.uint8)
    ground = Image.fromarray(shades).convert("RGBA")
    ground.alpha_composite(picture)
    return ground


def with_sound_strip(
    shown: Sequence[tuple[float, Image.Image]],
    clip: Path,
    marked: Sequence[tuple[float, bool]],
    *,
    width: int,
) -> Iterator[Image.Image]:
    """Pictures with the clip's sound below: green where something is marked, a line for now.

    Args:
        shown: times and pictures.
        clip: whose sound it is.
        marked: times, and whether something is marked then.
        width: of the result.
    """
    strip, seconds = sound_strip(clip, marked, width)
    for time, picture in shown:
        height = round(picture.height * width / picture.width)
        whole = Image.new("RGB", (width, height + STRIP), GROUND)
        whole.paste(picture.resize((width, height), Image.Resampling.LANCZOS))
        whole.paste(strip, (0, height))
        at = round(time / seconds * width)
        ImageDraw.Draw(whole).rectangle((at - 1, height, at, height + STRIP), fill=INK)
        yield whole


def sound_strip(
    clip: Path, marked: Sequence[tuple[float, bool]], width: int
) -> tuple[Image.Image, float]:
    """The wave of a clip's sound in columns of three, and the length of the clip in seconds."""
    samples = read_recording(clip).astype(np.float32) / 32768
    seconds = len(samples) / 16_000
    strip = Image.new("RGB", (width, STRIP), GROUND)
    pen, times = ImageDraw.Draw(strip), np.array([time for time, _ in marked])
    for x in range(0, width, 4):
        piece = samples[int(x / width * len(samples)) : int((x + 4) / width * len(samples))]
        half = max(1, round(min(1.0, 2.2 * float(np.abs(piece).max(initial=0))) * (STRIP // 2 - 4)))
        nearest = int(np.abs(times - (x + 2) / width * seconds).argmin())
        colour = TINT if marked[nearest][1] else FAINT if half > 1 else SUNK
        pen.rectangle((x, STRIP // 2 - half, x + 2, STRIP // 2 + half), fill=colour)
    return strip, seconds
