"""The last look of a frame: colour, blur, sensor noise and coding of the whole picture."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from avsseg.data.choice import happens
from avsseg.data.options import SceneOptions

_DIM = (0.2, 0.7)


@dataclass(frozen=True, kw_only=True)
class Look:
    """One camera's look, the same for all frames of a clip.

    Attributes:
        blur: radius in pixels, 0 for none.
        noise: standard deviation in grey levels, 0 for none.
        quality: JPEG quality, 0 for none.
    """

    brightness: float
    contrast: float
    saturation: float
    blur: float
    noise: float
    quality: int


def draw_look(rng: np.random.Generator, options: SceneOptions) -> Look:
    """Draw a look; extremes are rarer than mild changes."""
    j = options.jitter
    dimmed = float(rng.uniform(*_DIM)) if happens(rng, options.dim) else 1.0
    return Look(
        brightness=dimmed * _around_one(rng, j, j / 2),
        contrast=_around_one(rng, j, j),
        saturation=_around_one(rng, j, j),
        blur=float(rng.uniform(0.3, 1.2)) if rng.random() < options.blur else 0.0,
        noise=float(rng.uniform(1, 8)) if rng.random() < options.noise else 0.0,
        quality=int(rng.integers(35, 92)) if rng.random() < options.jpeg else 0,
    )


def _around_one(rng: np.random.Generator, down: float, up: float) -> float:
    return float(rng.triangular(1 - down, 1, 1 + up)) if down + up > 0 else 1.0


def finish(frame: NDArray[np.float32], look: Look, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Apply a look to a composed frame.

    Shapes:
        (H, W, 3) in [0, 255] -> (H, W, 3) uint8.
    """
    grey = frame @ np.full((3, 1), 1 / 3, np.float32)
    frame = grey + look.saturation * (frame - grey)
    middle = float(grey.mean())
    frame = (middle + look.contrast * (frame - middle)) * look.brightness
    if look.noise:
        grain = rng.standard_normal(frame.shape[:2], np.float32)
        frame = frame + look.noise * grain[..., None]
    image = Image.fromarray(np.clip(frame + 0.5, 0, 255).astype(np.uint8))
    if look.blur:
        image = image.filter(ImageFilter.GaussianBlur(look.blur))
    if look.quality:
        image = _recode(image, look.quality)
    return np.array(image)


def _recode(image: Image.Image, quality: int) -> Image.Image:
    coded = io.BytesIO()
    image.save(coded, "JPEG", quality=quality)
    return Image.open(coded).convert("RGB")
