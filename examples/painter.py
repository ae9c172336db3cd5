"""A small painter's box for pictures that come with the mask of what was drawn on them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

SIZE = 320
_ROWS, _COLUMNS = np.mgrid[:SIZE, :SIZE].astype(np.float32)

Floats = NDArray[np.floating]


def pick_tone(rng: np.random.Generator, tones: Sequence[Sequence[int]]) -> Floats:
    """One of several RGB colours, lighter or darker."""
    return np.array(tones[rng.integers(len(tones))], np.float32) * rng.uniform(0.6, 1.15)


@dataclass(frozen=True)
class Disc:
    """A circle seen aslant: ``squash`` is its height over its width, before it is turned."""

    x: float
    y: float
    radius: float
    squash: float = 1.0
    turn: float = 0.0

    def polar(self) -> tuple[Floats, Floats]:
        """Distance from the centre (1 on the rim) and angle of every pixel."""
        cosine, sine = np.cos(self.turn), np.sin(self.turn)
        x, y = _COLUMNS - self.x, _ROWS - self.y
        u = (cosine * x + sine * y) / self.radius
        v = (cosine * y - sine * x) / (self.radius * self.squash)
        return np.hypot(u, v), np.arctan2(v, u)

    def inside(self, *, sharpness: float | None = None) -> Floats:
        """How much of every pixel it covers; a low ``sharpness`` fades it towards the rim."""
        return np.clip((1 - self.polar()[0]) * (sharpness or 0.8 * self.radius), 0, 1)

    def at(self, distance: float, angle: float) -> tuple[float, float]:
        """The place at a distance (1 on the rim) and angle."""
        u, v = np.cos(angle), np.sin(angle) * self.squash
        cosine, sine = np.cos(self.turn), np.sin(self.turn)
        reach = distance * self.radius
        return self.x + reach * (cosine * u - sine * v), self.y + reach * (sine * u + cosine * v)

    def scaled(self, factor: float) -> "Disc":
        """A larger or smaller one in the same place."""
        return replace(self, radius=self.radius * factor)

    def moved(self, x: float, y: float) -> "Disc":
        """The same one elsewhere."""
        return replace(self, x=self.x + x, y=self.y + y)


class Drawing:
    """A picture and the cover of what has been drawn on its ground.

    Attributes:
        pixels (SIZE, SIZE, 3) in [0, 255]; cover (SIZE, SIZE) in [0, 1].
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.rows, self.columns = _ROWS, _COLUMNS
        self.pixels = self._ground()
        self.cover = np.zeros((SIZE, SIZE), np.float32)

    def lay(self, colour: Floats | float, cover: Floats, *, masked: bool = True) -> None:
        """Paints; what is not ``masked`` belongs to the ground."""
        paint = np.clip(np.asarray(colour, np.float32), 0, 255)
        paint = paint[..., None] if paint.shape == cover.shape else paint
        self.pixels += cover[..., None] * (paint - self.pixels)
        if masked:
            np.maximum(self.cover, cover, out=self.cover)

    def noise(self, scale: float) -> Floats:
        """Smooth noise of about unit deviation with grains of ``scale`` pixels."""
        side = max(2, int(SIZE / scale))
        small = self.rng.standard_normal((side, side)).astype(np.float32)
        return np.asarray(Image.fromarray(small).resize((SIZE, SIZE), Image.Resampling.BICUBIC))

    def line(self, ends: Floats, width: float) -> Floats:
        """The cover of a line between two places (2, 2)."""
        large = Image.new("L", (2 * SIZE, 2 * SIZE))
        ImageDraw.Draw(large).line((2 * ends).ravel().tolist(), 255, max(1, int(2 * width)))
        return np.asarray(large.resize((SIZE, SIZE), Image.Resampling.BOX), np.float32) / 255

    def write(self, text: str, place: tuple[float, float], ink: float) -> None:
        """Small letters."""
        letters = Image.new("L", (SIZE, SIZE))
        ImageDraw.Draw(letters).text(place, text, fill=200)
        self.lay(ink, np.asarray(letters, np.float32) / 255)

    def put(self, thing: Image.Image, corners: Floats) -> None:
        """A flat thing in perspective, its corners at four places (4, 2), clockwise."""
        width, height = thing.size
        own = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
        system, values = [], []
        for (x, y), (u, v) in zip(corners, own, strict=True):
            system += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
            values += [u, v]
        view = np.linalg.solve(np.array(system), np.array(values))
        layers = thing.convert("RGB"), Image.new("L", thing.size, 255)
        seen = [
            layer.transform(
                (SIZE, SIZE), Image.Transform.PERSPECTIVE, view, Image.Resampling.BILINEAR
            )
            for layer in layers
        ]
        light = 1 + 0.12 * self.noise(60)[..., None]
        self.lay(np.asarray(seen[0], np.float32) * light, np.asarray(seen[1], np.float32) / 255)

    def finished(self) -> tuple[Image.Image, Image.Image]:
        """The picture under some light, a little out of focus, and its mask of one bit."""
        rng = self.rng
        light = np.sqrt(rng.uniform(0.6, 1.1, 3)) * rng.uniform(0.55, 1.1)
        lit = np.clip(self.pixels * light, 0, 255).astype(np.uint8)
        blurred = Image.fromarray(lit).filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.3)))
        return blurred, Image.fromarray(self.cover > 0.5)

    def _ground(self) -> Floats:
        """A floor or wall: cloudy, grainy, lit from one side."""
        rng = self.rng
        tone = rng.uniform(8, 150) * rng.uniform(0.8, 1.2, 3)
        texture = self.noise(rng.uniform(2, 60)) * rng.uniform(4, 25) + 4 * self.noise(3)
        slope = (_COLUMNS / SIZE - 0.5) * rng.uniform(-50, 50)
        slope = slope + (_ROWS / SIZE - 0.5) * rng.uniform(-50, 50)
        return np.clip(tone + (texture + slope)[..., None], 0, 255).astype(np.float32)
