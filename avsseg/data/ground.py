"""The ground of a scene: a natural picture, several side by side, or a plain studio."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from avsseg.data.bank import BankObject, BankScene, BankView
from avsseg.data.motion import Window


@dataclass(kw_only=True)
class Labels:
    """Numbers the categories of one scene from 1, in order of appearance.

    Attributes:
        uncertain: categories that may be in view without a mask.
    """

    names: list[str] = field(default_factory=list)
    uncertain: set[str] = field(default_factory=set)

    def number(self, category: str) -> int:
        """The number of a category, a new one on first sight."""
        if category not in self.names:
            self.names.append(category)
        return self.names.index(category) + 1


@dataclass(frozen=True, kw_only=True)
class Plate:
    """A picture whose pixels say what category they belong to.

    Shapes:
        pixels (H, W, 3) uint8, owners (H, W) uint8: 0 for none, else a number of ``Labels``.
    """

    pixels: NDArray[np.uint8]
    owners: NDArray[np.uint8]

    def seen(
        self, window: Window, *, size: tuple[int, int], flip: bool
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Crop and squeeze to ``size`` = (width, height) of the frame."""
        height, width = self.owners.shape
        box = (
            window.left * width,
            window.top * height,
            (window.left + window.width) * width,
            (window.top + window.height) * height,
        )
        bilinear, nearest = Image.Resampling.BILINEAR, Image.Resampling.NEAREST
        pixels = np.array(Image.fromarray(self.pixels).resize(size, bilinear, box=box))
        owners = np.array(Image.fromarray(self.owners).resize(size, nearest, box=box))
        return (pixels[:, ::-1], owners[:, ::-1]) if flip else (pixels, owners)


def scene_plate(view: BankView, scene: BankScene, labels: Labels) -> Plate:
    """A natural picture with all its categories; crowd regions belong to their category."""
    pixels, mask = view.bank.picture(scene.path)
    table = np.zeros(256, np.uint8)
    for item in scene.instances:
        if item.category is not None:
            table[item.index] = labels.number(item.category)
    if not scene.exhaustive:
        labels.uncertain |= {"person", "car"}
    return Plate(pixels=pixels, owners=table[mask])


def object_plate(view: BankView, item: BankObject, labels: Labels) -> Plate:
    """An object in its own ground; only cut-outs on white surely show nothing else."""
    pixels, mask = view.bank.picture(item.path)
    if item.method not in ("white", "alpha"):
        labels.uncertain.add("person")
    return Plate(pixels=pixels, owners=mask * np.uint8(labels.number(item.category)))


def bare_plate(view: BankView, path: Path) -> Plate:
    """A picture known to show no sounding category."""
    pixels = view.bank.picture(path)[0]
    return Plate(pixels=pixels, owners=np.zeros(pixels.shape[:2], np.uint8))


def studio_plate(rng: np.random.Generator) -> Plate:
    """A plain or smoothly graded ground."""
    corners = rng.uniform(20, 250, (2, 2, 1)) + rng.uniform(-30, 30, (2, 2, 3))
    if rng.random() < 0.5:
        corners[:] = corners[:1, :1]
    small = Image.fromarray(np.clip(corners, 0, 255).astype(np.uint8))
    pixels = np.array(small.resize((64, 64), Image.Resampling.BILINEAR))
    return Plate(pixels=pixels, owners=np.zeros((64, 64), np.uint8))


def draw_window(rng: np.random.Generator, *, least: float, room: float) -> Window:
    """Draw a crop; ``room`` < 1 leaves a margin for the camera to move in."""
    width, height = np.minimum(rng.uniform(least, 1.15, 2), room)
    left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    return Window(left=float(left), top=float(top), width=float(width), height=float(height))
