"""A picture of a film's sound for people to look at, of bounded size however long the film is."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsseg.media.sound import SAMPLE_RATE, SILENCE_DBFS, Samples

NUM_BANDS = 64
MOST_COLUMNS = 1536
RANGE_DB = 70.0

_BLOCK = 400  # samples to a column before columns are merged: 25 ms
_WINDOW = 1024
_LOWEST_HZ = 50.0


@dataclass(frozen=True, kw_only=True)
class Spectrogram:
    """Loudness and pitch over time, in columns of equal length.

    Shapes:
        levels (N, 64) uint8: 255 is the loudest value there is, 0 is 70 dB below it; bands go
        from low to high in equal steps of the mel scale, 50 Hz to 8 kHz;
        loudness (N,) float32 RMS in dBFS, at least -100

    Attributes:
        start: when the first column begins, in seconds on the film's clock.
        step: seconds to a column.
    """

    levels: NDArray[np.uint8]
    loudness: NDArray[np.float32]
    start: Fraction
    step: Fraction


class SpectrogramMeter:
    """Draws a spectrogram from mono samples at 16 kHz as they are read.

    When the columns are used up each two become one, so that memory does not grow. What comes
    before the very first sample is left out; where nothing sounds it is silent.
    """

    def __init__(self, most_columns: int = MOST_COLUMNS) -> None:
        self._powers = np.zeros((most_columns, NUM_BANDS))
        self._energies = np.zeros(most_columns)
        self._bands = mel_bands(_WINDOW // 2 + 1)
        self._hann = np.hanning(_WINDOW)
        self._window = np.zeros(_WINDOW, np.float32)
        self._origin: int | None = None
        self._span = 1  # blocks to a column
        self._last = -1
        self._open, self._filled = 0, 0

    def add(self, first: int, samples: Samples) -> None:
        """Take in the samples that begin at number ``first`` of the film's clock."""
        if not len(samples):
            return
        if self._origin is None:
            self._origin = self._open = first // _BLOCK
        while len(samples):
            block, inside = divmod(first, _BLOCK)
            if block != self._open:
                self._close_block(next_block=block)
            part, samples = np.split(samples, [_BLOCK - inside])
            start = _WINDOW - _BLOCK + inside
            self._window[start : start + len(part)] = part
            self._filled += len(part)
            first += len(part)

    def spectrogram(self) -> Spectrogram | None:
        """What was drawn; None if there was no sound. Call once, at the end."""
        if self._origin is None:
            return None
        self._close_block(next_block=self._open + 1)
        count = self._last + 1
        powers = self._powers[:count] / self._span
        energies = self._energies[:count] / (self._span * _BLOCK)
        return Spectrogram(
            levels=_levels(powers),
            loudness=_decibels(energies, SILENCE_DBFS).astype(np.float32),
            start=Fraction(self._origin * _BLOCK, SAMPLE_RATE),
            step=Fraction(self._span * _BLOCK, SAMPLE_RATE),
        )

    def _close_block(self, *, next_block: int) -> None:
        """Adds the block that is complete to its column and moves the window on."""
        if self._filled and (column := self._column(self._open)) is not None:
            spectrum = np.fft.rfft(self._window * self._hann)
            self._powers[column] += self._bands @ (spectrum.real**2 + spectrum.imag**2)
            newest = self._window[-_BLOCK:]
            self._energies[column] += float(np.dot(newest, newest))
            self._last = max(self._last, column)
        follows = next_block == self._open + 1
        self._window[:-_BLOCK] = self._window[_BLOCK:] if follows else 0
        self._window[-_BLOCK:] = 0
        self._open, self._filled = next_block, 0

    def _column(self, block: int) -> int | None:
        assert self._origin is not None
        if block < self._origin:
            return None
        while (block - self._origin) // self._span >= len(self._energies):
            self._merge()
        return (block - self._origin) // self._span

    def _merge(self) -> None:
        half = len(self._energies) // 2
        for values in (self._powers, self._energies):
            values[:half] = values[0 : 2 * half : 2] + values[1 : 2 * half : 2]
            values[half:] = 0
        self._span, self._last = 2 * self._span, self._last // 2


def mel_bands(bins: int) -> NDArray[np.float64]:
    """Overlapping triangles of equal width on the mel scale, each of height one.

    Shapes:
        -> (64, bins), over the frequencies from 0 to 8 kHz
    """
    top = SAMPLE_RATE / 2
    edges = np.linspace(_mel(np.array(_LOWEST_HZ)), _mel(np.array(top)), NUM_BANDS + 2)
    places = _mel(np.linspace(0, top, bins))[None]
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (places - low) / (middle - low), (high - places) / (high - middle)
    triangles: NDArray[np.float64] = np.maximum(0, np.minimum(rising, falling))
    return triangles


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """O'Shaughnessy's formula."""
    mels: NDArray[np.float64] = 2595 * np.log10(1 + hertz / 700)
    return mels


def _levels(powers: NDArray[np.float64]) -> NDArray[np.uint8]:
    loudest = float(powers.max(initial=0))
    if not loudest:
        return np.zeros(powers.shape, np.uint8)
    shares = 1 + _decibels(powers / loudest, -RANGE_DB) / RANGE_DB
    return np.rint(255 * shares).astype(np.uint8)


def _decibels(powers: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    decibels: NDArray[np.float64] = 10 * np.log10(np.maximum(powers, 10 ** (least / 10)))
    return decibels
