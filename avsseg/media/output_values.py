"""What passes to the outputs of a video: predicted moments, and what is shown with a picture."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

import av
import numpy as np
from numpy.typing import NDArray

from avsseg.media.labels import Label
from avsseg.media.upsample import Levels

Picture: TypeAlias = av.VideoFrame
"""A full-size picture of a film, for those who pass it on without looking inside."""


@dataclass(frozen=True, kw_only=True)
class SoundingMoment:
    """One predicted moment in the source's geometry.

    Shapes:
        mask (h, w) float32 on the network's grid; levels (H, W) uint8, the same in source size;
        spread and muted (h, w) or None: standard deviation of samples, and masks without sound

    Attributes:
        pts: its time in ticks of the source.
        sounding: how much of a sound is on, in [0, 1].
        disagreement: of several samples, in [0, 1].
        heard: names of sounds and their scores, the surest first.
        scene: counts the scenes between cuts.
    """

    index: int
    time: Fraction
    pts: int
    mask: NDArray[np.float32]
    levels: Levels
    sounding: float
    loudness_db: float | None
    spread: NDArray[np.float32] | None = None
    muted: NDArray[np.float32] | None = None
    disagreement: float | None = None
    heard: tuple[tuple[str, float], ...] = ()
    scene: int = 0


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is shown with one picture of the source.

    Shapes:
        levels (H, W) uint8, its mask in steps of 1/255; spread (H, W) uint8, twice the standard
        deviation of several samples in the same steps, or None
    """

    levels: Levels
    spread: Levels | None = None
    labels: tuple[Label, ...] = ()


Paint = Callable[[Picture, Shown], Picture]
WriteMoment = Callable[[SoundingMoment], None]
