"""What rooms, devices and tape speeds do to a sound; and noises made from nothing."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float32]

RATE = 16_000
WINDOW = 15_600
"""Samples of one frame's sound: 0.975 s, the front end's patch."""

_ENVELOPE = 150
_NOISE_SECONDS = 20
_NOISE_COLOURS = 12


def decibels(level: float) -> float:
    """The factor of amplitude that ``level`` dB stand for."""
    return float(10 ** (level / 20))


def window_levels(wave: Wave) -> NDArray[np.float64]:
    """Loudness of the window around the middle of each second: the mean of its envelope.

    Unlike the energy it is fair to a sound that fills but a part of the window: a tenth of the
    window at full level gives a tenth.

    Shapes:
        (T * 16000,) -> (T,).
    """
    blocks = windows(wave).reshape(wave.size // RATE, -1, _ENVELOPE)
    return np.asarray(np.sqrt(np.square(blocks, dtype=np.float64).mean(axis=2)).mean(axis=1))


def windows(wave: Wave) -> Wave:
    """Cut the 0.975 s around the middle of each second.

    Shapes:
        (T * 16000,) -> (T, 15600).
    """
    margin = (RATE - WINDOW) // 2
    return wave.reshape(-1, RATE)[:, margin : margin + WINDOW]


def resample(wave: Wave, length: int) -> Wave:
    """Play a wave faster or slower so that it fills ``length`` samples, pitch and all."""
    positions = np.linspace(0, wave.size - 1, length, dtype=np.float32)
    return np.asarray(np.interp(positions, np.arange(wave.size), wave), np.float32)


def filtered(
    wave: Wave, rng: np.random.Generator, *, equalise_db: float = 0.0, reverb: float = 0.0
) -> Wave:
    """Colour a wave by a smooth random equaliser and a decaying room, at its former level.

    ``equalise_db`` is the standard deviation of the equaliser's gain, ``reverb`` the seconds
    until the room has decayed by 60 dB; 0 leaves either out.
    """
    tail = int(reverb * RATE)
    length = 1 << (wave.size + tail - 1).bit_length()
    spectrum = np.fft.rfft(wave, length)
    if equalise_db:
        spectrum *= _equaliser(rng, spectrum.size, equalise_db)
    if tail:
        spectrum *= np.fft.rfft(_room(rng, tail), length)
    wet = np.fft.irfft(spectrum, length)[: wave.size].astype(np.float32)
    before, after = np.vdot(wave, wave), np.vdot(wet, wet)
    return wet * np.float32(np.sqrt(before / after)) if after > 0 else wet


def _equaliser(rng: np.random.Generator, bins: int, spread: float) -> NDArray[np.float64]:
    edges = np.array([0, 100, 250, 500, 1000, 2000, 4000, 8000])
    gains = rng.normal(0, spread, edges.size)
    frequencies = np.linspace(0, RATE / 2, bins)
    return np.asarray(10 ** (np.interp(frequencies, edges, gains) / 20))


def _room(rng: np.random.Generator, tail: int) -> NDArray[np.float64]:
    """One direct click, then noise that decays exponentially, somewhat weaker."""
    decay = np.exp(-6.9 * np.arange(tail) / tail)
    echo = rng.standard_normal(tail) * decay
    echo *= decibels(rng.uniform(-8, 3)) / np.sqrt(np.square(echo).sum())
    echo[0] = 1.0
    return np.asarray(echo)


def coloured_noise(rng: np.random.Generator, length: int) -> Wave:
    """White, pink or brown noise, or one between, with a root mean square of about 1."""
    colours = _noises(max(length, _NOISE_SECONDS * RATE))
    noise: Wave = colours[int(rng.integers(len(colours)))]
    start = int(rng.integers(noise.size - length + 1))
    return noise[start : start + length]


@lru_cache(maxsize=2)
def _noises(length: int) -> Wave:
    """Noises to take stretches from, always the same ones: drawing them anew is slow."""
    rng = np.random.default_rng(0)
    slopes = np.linspace(0, 1, _NOISE_COLOURS)[:, None]
    spectra = np.fft.rfft(rng.standard_normal((_NOISE_COLOURS, length)))
    spectra *= np.maximum(np.arange(spectra.shape[1]), 1 + length // 400) ** -slopes
    noises: Wave = np.fft.irfft(spectra, length).astype(np.float32)
    noises /= np.sqrt(np.square(noises).mean(axis=1, keepdims=True))
    noises.flags.writeable = False
    return noises


def gate(length: int, spans: list[tuple[float, float]]) -> Wave:
    """One within the spans (seconds), zero outside, with ramps of 20 ms inside the spans.

    Shapes:
        (length,) in [0, 1].
    """
    seconds = np.arange(length, dtype=np.float32) / RATE
    opened: Wave = np.zeros(length, np.float32)
    for start, stop in spans:
        rise = (seconds - start) / 0.02 if start > 0 else np.ones_like(seconds)
        fall = (stop - seconds) / 0.02 if stop < length / RATE else np.ones_like(seconds)
        opened = np.maximum(opened, np.clip(np.minimum(rise, fall), 0, 1))
    return opened
