"""Taking a stretch from a recording, at a place where it is loud or in one of its pauses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avsseg.data.acoustics import RATE, WINDOW, Wave, decibels, filtered, resample
from avsseg.data.bank import BankSound, BankView
from avsseg.data.decoded import BLOCK
from avsseg.data.options import SoundOptions

_WINDOW_BLOCKS = WINDOW // BLOCK
_LOUD_DB = -8.0


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """A stretch of one recording, augmented, at the recording's own level.

    Shapes:
        wave (T * 16000,) float32.

    Attributes:
        loud: loudness of the recording's loudest 0.975 s, as ``window_levels`` measures it.
    """

    wave: Wave
    loud: float


def draw_excerpt(
    view: BankView,
    rng: np.random.Generator,
    sound: BankSound,
    options: SoundOptions,
    *,
    seconds: int,
    rare: bool,
) -> Excerpt:
    """Take ``seconds`` of a recording; short ones are repeated, with or without a gap."""
    samples, loudness = view.bank.recording(sound)
    levels = _levels(loudness)
    loud = float(levels.max())
    length = seconds * RATE
    spread = options.speed * (2 if rare else 1)
    taken = round(length * float(np.exp(rng.uniform(-spread, spread))))
    start = _draw_start(rng, levels, seconds, options.pause)
    wave: Wave = _stretch(rng, samples, start, taken) * np.float32(1 / 32768)
    if taken != length:
        wave = resample(wave, length)
    return Excerpt(wave=_coloured(wave, rng, options, rare), loud=loud)


def _levels(loudness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Loudness of the window that starts at each block; what is missing counts as silence."""
    stops = np.minimum(np.arange(loudness.size - 1) + _WINDOW_BLOCKS, loudness.size - 1)
    return np.asarray((loudness[stops] - loudness[:-1]) / _WINDOW_BLOCKS)


def _draw_start(
    rng: np.random.Generator, levels: NDArray[np.float64], seconds: int, pause: float
) -> int:
    """The block to start at: any one, or so that a loud window falls into the stretch."""
    if levels.size <= _WINDOW_BLOCKS or rng.random() < pause:
        return int(rng.integers(levels.size))
    loud = np.flatnonzero(levels[:-_WINDOW_BLOCKS] >= levels.max() * decibels(_LOUD_DB))
    if loud.size == 0:
        return 0
    before = int(rng.integers(seconds)) * (RATE // BLOCK)
    return max(0, int(loud[rng.integers(loud.size)]) - before)


def _stretch(
    rng: np.random.Generator, samples: NDArray[np.int16], start: int, length: int
) -> NDArray[np.int16]:
    first = samples[start * BLOCK : start * BLOCK + length]
    if first.size >= length:
        return first
    pieces, have = [first], first.size
    gap = np.zeros(int(rng.uniform(0, 0.8) * RATE) * int(rng.random() < 0.5), np.int16)
    while have < length:
        pieces += [gap, samples]
        have += gap.size + samples.size
    return np.concatenate(pieces)[:length]


def _coloured(wave: Wave, rng: np.random.Generator, options: SoundOptions, rare: bool) -> Wave:
    equalise = options.equalise_db if rare or rng.random() < options.equalise else 0.0
    reverb = rng.uniform(*options.reverb_seconds) if rng.random() < options.reverb else 0.0
    if not (equalise or reverb):
        return wave
    return filtered(wave, rng, equalise_db=equalise, reverb=float(reverb))
