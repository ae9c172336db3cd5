"""What is asked of a video, and what is answered for each of its moments."""

from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsseg.errors import UsageError
from avsseg.gate import GateSettings
from avsseg.media.grey import Grey
from avsseg.sound_classes import HeardEvent

LEAST_SOUNDING = 0.5
"""How much of a sound must be on for it to have a name."""

FILM_FPS = Fraction(4)
"""Predictions per second where a film is written, if nothing else is asked for."""

Mask = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What sounds at one moment of a video.

    Shapes:
        mask (h, w) float32 probabilities in [0, 1] on the network's square grid, which covers
        the whole upright picture; raw likewise, before the gate; spread likewise, the standard
        deviation of several samples; muted likewise, what raw is without sound; grey (64, 64)
        uint8, the picture in small; or None

    Attributes:
        index: counts the predictions of a video from 0.
        time: of the picture, in seconds, exact, on the file's own clock.
        sounding: how much of a sound is on, in [0, 1]; ``mask`` is ``raw`` times this.
        loudness_db: of the sound at that time in dBFS; None without a sound track.
        disagreement: of several samples, in [0, 1]; None with a single one.
        heard: the surest sounds, where the network's audio encoder knows names; none in silence.
        scene: counts the scenes between cuts from 0.
    """

    index: int
    time: Fraction
    mask: Mask
    raw: Mask
    sounding: float
    loudness_db: float | None
    spread: Mask | None = None
    disagreement: float | None = None
    muted: Mask | None = None
    heard: tuple[HeardEvent, ...] = ()
    scene: int = 0
    grey: Grey | None = None

    def score(self, threshold: float = 0.5) -> float:
        """Mean probability of the pixels at or above ``threshold``; 0 where there are none."""
        sounding = self.mask[self.mask >= threshold]
        return float(sounding.mean()) if sounding.size else 0.0


@dataclass(frozen=True, kw_only=True)
class PredictSettings:
    """How a video is looked at.

    Attributes:
        fps: predictions per second; clips interleave above one, so that the frames of each stay
            one second apart, as they were trained.
        start, end: the stretch to look at, in seconds from the first picture; None for all of it.
        seed: decides the noise.
        batch_size: clips at a time; None chooses by device.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        gate: how masks give way to silence; None leaves them as the network made them.
        samples: latents drawn for each clip; the mask is their mean.
        overlap: frames that a clip of the network shares with the next; what both say is blended.
        steady: what a single prediction says against both of its neighbours gives way to them,
            where they hear mostly the same (``blips``).
        smooth: seconds to either side over which masks are averaged, within a scene; 0 for none.
        with_muted: also predict without sound.
    """

    fps: Fraction = Fraction(1)
    start: Fraction | None = None
    end: Fraction | None = None
    seed: int = 0
    batch_size: int | None = None
    precision: str = "auto"
    gate: GateSettings | None = field(default_factory=GateSettings)
    samples: int = 1
    overlap: int = 0
    steady: bool = True
    smooth: float = 0.0
    with_muted: bool = False

    def __post_init__(self) -> None:
        if self.samples < 1 or min(self.smooth, self.overlap) < 0:
            raise UsageError("samples must be at least 1, and smooth and overlap at least 0.")


def gated(mask: Mask, sounding: float) -> Mask:
    """A mask as faint as its sound."""
    return mask if sounding == 1 else mask * np.float32(sounding)
