"""Draws the keys of pianos and computers, near and aslant, with masks."""

import numpy as np
from painter import SIZE, Drawing, Floats, pick_tone
from PIL import Image, ImageDraw

CASES = ((18, 18, 20), (30, 18, 12), (90, 50, 25), (140, 90, 50), (235, 235, 230), (45, 45, 50))
FELTS = ((110, 15, 25), (15, 15, 15), (60, 60, 60))
BLACK_AFTER = (0, 1, 3, 4, 5)  # C D F G A
_KEY = 26
_CAP = 30


def draw_piano(rng: np.random.Generator) -> Drawing:
    """A stretch of a piano's keys, with or without the case above them."""
    drawing = Drawing(rng)
    drawing.put(_piano_keys(rng), _corners(rng, rng.uniform(2, 5.5), tilt=0.35))
    return drawing


def draw_keyboard(rng: np.random.Generator) -> Drawing:
    """A computer's keyboard."""
    drawing = Drawing(rng)
    drawing.put(_computer_keys(rng), _corners(rng, rng.uniform(1.4, 3), tilt=0.28))
    return drawing


def _corners(rng: np.random.Generator, shape: float, *, tilt: float) -> Floats:
    """Where the corners of a thing of some width over height come to lie."""
    width = SIZE * rng.uniform(0.7, 2.2)
    height = width / shape
    narrow = 1 - rng.uniform(0, tilt)
    x = np.array([-narrow, narrow, 1, -1]) * width / 2
    y = np.array([-1, -1, 1, 1]) * height / 2 + rng.normal(0, 0.15) * height * x / width
    angle = rng.normal(0, 0.18) if rng.random() < 0.75 else rng.uniform(-np.pi, np.pi)
    middle = SIZE / 2 + rng.normal(0, 0.15, 2) * SIZE
    turned = np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y
    return np.stack(turned, axis=1) + middle


def _piano_keys(rng: np.random.Generator) -> Image.Image:
    count, length = int(rng.integers(10, 38)), int(_KEY * rng.uniform(5, 7))
    above = int(length * rng.uniform(0.05, 0.9)) if rng.random() < 0.7 else 0
    below, width = int(length * rng.uniform(0, 0.25)), count * _KEY
    case = _rgb(pick_tone(rng, CASES))
    picture = Image.new("RGB", (width, above + length + below), case)
    draw, bottom = ImageDraw.Draw(picture), above + length
    if above:
        draw.line([0, above, width, above], fill=FELTS[rng.integers(len(FELTS))], width=4)
    ivory, warmth = rng.uniform(205, 252), np.array([0, 0, rng.uniform(0, 22)])
    for left in range(0, width, _KEY):
        white = ivory * rng.uniform(0.95, 1.03) - warmth
        draw.rectangle([left, above, left + _KEY - 2, bottom], fill=_rgb(white))
        draw.rectangle([left, bottom - 5, left + _KEY - 2, bottom], fill=_rgb(white * 0.82))
    first, reach = int(rng.integers(7)), int(length * rng.uniform(0.58, 0.68))
    ebony = rng.uniform(10, 45)
    for number in range(1, count):
        if (first + number - 1) % 7 in BLACK_AFTER:
            x = number * _KEY
            draw.rectangle([x - 8, above, x + 7, above + reach], fill=_rgb(ebony))
            top = _rgb(ebony + rng.uniform(8, 40))
            draw.rectangle([x - 5, above, x + 3, above + int(reach * 0.9)], fill=top)
    return picture


def _computer_keys(rng: np.random.Generator) -> Image.Image:
    rows, columns = int(rng.integers(4, 7)), int(rng.integers(9, 16))
    gap, rim = int(rng.integers(2, 6)), int(rng.integers(4, 30))
    dark = rng.random() < 0.6
    case = rng.uniform(20, 70) if dark else rng.uniform(150, 235)
    cap = rng.uniform(15, 50) if dark or rng.random() < 0.4 else rng.uniform(215, 250)
    cap += 18 if abs(cap - case) < 12 else 0
    size = columns * _CAP + 2 * rim, rows * _CAP + 2 * rim
    picture = Image.new("RGB", size, _rgb(case))
    draw, end = ImageDraw.Draw(picture), size[0] - rim
    for row in range(rows):
        left, top = rim, rim + row * _CAP
        while left < end - 8:
            wide = (1, 1, 1.4, 5)[rng.integers(4)] if row == rows - 1 else 1
            wide += (0, 0.5, 0.75, 1, 0, 0)[row] * (left == rim)
            right = min(end, left + int(wide * _CAP))
            box = [left, top, right - gap, top + _CAP - gap]
            draw.rounded_rectangle(box, 4, fill=_rgb(cap), outline=_rgb(cap * 0.7))
            letter = chr(int(rng.integers(ord("A"), ord("Z") + 1)))
            draw.text((left + 6, top + 5), letter, fill=_rgb(220 if cap < 128 else 40))
            left = right
    return picture


def _rgb(tone: Floats | float) -> tuple[int, ...]:
    return tuple(np.clip(np.broadcast_to(tone, 3), 0, 255).astype(int).tolist())
