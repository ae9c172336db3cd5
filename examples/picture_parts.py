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


def text_card(text: str, *, wrap: int = 0) -> Image.Image:
    """The beginning of a text, as an editor shows it; lines are broken at ``wrap`` letters."""
    lines = text[:4000].splitlines()
    if wrap:
        lines = [line[n : n + wrap] for line in lines for n in range(0, len(line), wrap)]
    lines = lines[:12]
    card, font = Image.new("RGB", CARD, GROUND), _fitting(max(map(len, lines)), len(lines))
    for number, line in enumerate(lines):
        ImageDraw.Draw(card).text((20, 14 + number * font.size * 1.4), line, font=font, fill=INK)
    return card


def table_card(rows: Sequence[dict[str, str]]) -> Image.Image:
    """The rows of a table in columns as wide as they need to be."""
    card, names = Image.new("RGB", CARD, GROUND), list(rows[0])
    widths = [max(len(name), *(len(row[name]) for row in rows)) + 2 for name in names]
    font, pen = _fitting(sum(widths), len(rows) + 1), ImageDraw.Draw(card)
    starts = np.cumsum([0, *widths[:-1]]) * font.getlength("x") + 20
    for name, start in zip(names, starts, strict=True):
        pen.text((start, 14), name, font=font, fill=TINT)
        for number, row in enumerate(rows, start=1):
            pen.text((start, 14 + number * font.size * 1.4), row[name], font=font, fill=INK)
    return card


def _fitting(letters: int, lines: int) -> ImageFont.FreeTypeFont:
    """The type that fills a card with so many lines of so many letters."""
    broad = (CARD[0] - 40) / (letters * FONT.getlength("x") / FONT.size)
    return FONT.font_variant(size=int(min(broad, (CARD[1] - 28) / (lines * 1.4), 44)))


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
