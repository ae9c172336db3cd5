"""The values that pass between the islands: a clip of video in, its masks out."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Clip:
    """T moments of one video, each with the sound that surrounds it.

    Shapes:
        frames (T, H, W, 3) uint8 RGB, upright, already at the size that was asked for;
        waveform (T, S) float32 mono in [-1, 1], S samples centred on each frame's time.

    Attributes:
        times: exact presentation times in seconds, T of them, on the source's own clock.
        num_valid: the first ``num_valid`` moments are real; the rest repeat the last one.
        index: position of the clip in its video; with the seed it decides the noise.
    """

    frames: NDArray[np.uint8]
    waveform: NDArray[np.float32]
    times: tuple[Fraction, ...]
    num_valid: int
    index: int


@dataclass(frozen=True, kw_only=True)
class ClipMasks:
    """What sounds in one clip.

    Shapes:
        masks (T, H, W) float32 probabilities in [0, 1] on the network's grid, the mean where
        several samples were drawn; spread (T, H, W) and disagreement (T,) of those samples;
        muted (T, H, W) what the masks are without sound; heard (T, 521) scores in [0, 1] of
        AudioSet's classes; embedding (T, A) of the sound where the encoder has no classes; grey
        (T, 64, 64) uint8, the pictures in small. What was not asked for, or is not to be had, is
        None.

    Attributes:
        times: as in the clip; only the first ``num_valid`` moments are kept.
    """

    masks: NDArray[np.float32]
    times: tuple[Fraction, ...]
    index: int
    spread: NDArray[np.float32] | None = None
    disagreement: NDArray[np.float32] | None = None
    muted: NDArray[np.float32] | None = None
    heard: NDArray[np.float32] | None = None
    embedding: NDArray[np.float32] | None = None
    grey: NDArray[np.uint8] | None = None
