"""Plates: pictures whose pixels say what category they belong to."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from avsseg.data.bank import BankObject, BankScene
from avsseg.data.draft import Draft
from avsseg.data.motion import Window

CUT_OUT_METHODS = ("white", "alpha")
"""Masks of objects that stand alone on a white or empty ground."""


@dataclass(frozen=True, kw_only=True)
class Plate:
    """A picture and the owners of its pixels.

    Shapes:
        pixels (H, W, 3) uint8, owners (H, W) uint8: 0 for none, else a category's number.
    """

    pixels: NDArray[np.uint8]
    owners: NDArray[np.uint8]

    def part(self, window: Window) -> tuple[slice, slice]:
        """The whole pixels inside a window."""
        height, width = self.owners.shape
        rows = slice(int(window.top * height), int((window.top + window.height) * height) + 1)
        columns = slice(int(window.left * width), int((window.left + window.width) * width) + 1)
        return rows, columns

    def seen(
        self, window: Window, *, size: tuple[int, int], flip: bool
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Crop and squeeze to ``size`` = (width, height)."""
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


def scene_plate(draft: Draft, scene: BankScene) -> Plate:
    """A natural picture with all its categories; crowd regions belong to their category.

    What a teacher was unsure of counts where it is sure of another of the kind, else it is
    noted as uncertain.
    """
    pixels, mask = draft.view.bank.picture(scene.path)
    table = np.zeros(256, np.uint8)
    for item in scene.instances:
        if item.category in scene.categories:
            table[item.index] = draft.number(item.category)
        elif item.category is not None:
            draft.uncertain.add(item.category)
    draft.uncertain |= scene.unmarked
    return Plate(pixels=pixels, owners=table[mask])


def object_plate(draft: Draft, item: BankObject) -> Plate:
    """An object in its own ground, where a player or owner may stand without a mask."""
    pixels, mask = draft.view.bank.picture(item.path)
    if item.category != "person":
        draft.uncertain.add("person")
    return Plate(pixels=pixels, owners=mask * np.uint8(draft.number(item.category)))


def bare_plate(draft: Draft, path: Path) -> Plate:
    """A picture known to show no sounding category."""
    pixels = draft.view.bank.picture(path)[0]
    return Plate(pixels=pixels, owners=np.zeros(pixels.shape[:2], np.uint8))


def studio_plate(rng: np.random.Generator) -> Plate:
    """A plain or smoothly graded ground."""
    corners = rng.uniform(20, 250, (2, 2, 1)) + rng.uniform(-30, 30, (2, 2, 3))
    if rng.random() < 0.5:
        corners[:] = corners[:1, :1]
    small = Image.fromarray(np.clip(corners, 0, 255).astype(np.uint8))
    pixels = np.array(small.resize((64, 64), Image.Resampling.BILINEAR))
    return Plate(pixels=pixels, owners=np.zeros((64, 64), np.uint8))
