"""Sound addressed by absolute time, held only as long as a picture may still ask for it."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from avsseg.media.container import Damage, as_fraction, best_audio, decoded, open_container

Samples = NDArray[np.float32]
TakeSamples = Callable[[int, Samples], None]
"""Is handed mono samples with the number of the first of them, in order of reading."""

SAMPLE_RATE = 16_000
JITTER = Fraction(1, 50)  # timestamps may wander this far before the track is placed anew
SILENCE_DBFS = -100.0
HOP = Fraction(1, 10)
HOPS_PER_SECOND = 10
_LOUDEST = 16.0  # float samples may pass 1, but none that a microphone heard comes near it


class SoundBuffer:
    """Samples by their number on the film's clock (number n sounds at n / rate seconds).

    What was never written is silent: gaps, the time before a late track, the time after a short
    one. Numbers may be negative.
    """

    def __init__(self) -> None:
        self._chunks: deque[tuple[int, Samples]] = deque()
        self.num_samples = 0
        self.end: int | None = None
        self.finished = False

    def write(self, first: int, samples: Samples) -> None:
        """Place samples from number ``first`` on; what is already there stays."""
        known = 0 if self.end is None else max(0, self.end - first)
        samples = samples[known:]
        if len(samples):
            self._chunks.append((first + known, samples))
            self.num_samples += len(samples)
            self.end = first + known + len(samples)

    def finish(self) -> None:
        """Say that no more samples will come."""
        self.finished = True

    def covers(self, until: int) -> bool:
        """Whether all that sounds before number ``until`` is known."""
        return self.finished or (self.end is not None and self.end >= until)

    def window(self, first: int, count: int) -> Samples:
        """The ``count`` samples from number ``first`` on, zeros where nothing sounds."""
        result = np.zeros(count, np.float32)
        for begin, samples in self._chunks:
            low, high = max(first, begin), min(first + count, begin + len(samples))
            if low < high:
                result[low - first : high - first] = samples[low - begin : high - begin]
        return result

    def forget(self, before: int) -> None:
        """Let go of all chunks that end before number ``before``."""
        while self._chunks and self._chunks[0][0] + len(self._chunks[0][1]) <= before:
            self.num_samples -= len(self._chunks.popleft()[1])


class MonoResampler:
    """Turns decoded audio frames into mono float32 at one rate, placed by their timestamps.

    Channels are averaged, as AVSBench does. Small jitter of timestamps is ignored; a jump starts
    a new run at its own time.
    """

    def __init__(self, rate: int = SAMPLE_RATE) -> None:
        self._rate = rate
        self._resampler: av.AudioResampler | None = None
        self._source_rate = 0
        self._origin = Fraction(0)
        self._taken = 0
        self._placed = 0

    def push(self, frame: av.AudioFrame) -> Iterator[tuple[int, Samples]]:
        """The samples that became ready: (number of the first, samples)."""
        expected = self._origin + Fraction(self._taken, self._source_rate or 1)
        base = as_fraction(frame.time_base)
        time = expected if frame.pts is None or base is None else frame.pts * base
        if frame.sample_rate != self._source_rate or abs(time - expected) > JITTER:
            yield from self.flush()
            self._restart(time, frame.sample_rate)
        samples = _mono(frame)
        self._taken += len(samples)
        yield from self._convert(samples)

    def flush(self) -> Iterator[tuple[int, Samples]]:
        """The samples still inside the filter, at the end of a run."""
        if self._resampler is not None:
            yield from self._collect(self._resampler.resample(None))
        self._resampler = None

    def _restart(self, time: Fraction, source_rate: int) -> None:
        self._origin, self._source_rate, self._taken = time, source_rate, 0
        self._placed = round(time * self._rate)
        if source_rate != self._rate:
            self._resampler = av.AudioResampler(format="fltp", layout="mono", rate=self._rate)

    def _convert(self, samples: Samples) -> Iterator[tuple[int, Samples]]:
        if self._resampler is None:
            yield self._place(samples)
            return
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.time_base = self._source_rate, Fraction(1, self._source_rate)
        frame.pts = self._taken - len(samples)
        yield from self._collect(self._resampler.resample(frame))

    def _collect(self, frames: list[av.AudioFrame]) -> Iterator[tuple[int, Samples]]:
        for frame in frames:
            yield self._place(frame.to_ndarray()[0].astype(np.float32, copy=False))

    def _place(self, samples: Samples) -> tuple[int, Samples]:
        first, self._placed = self._placed, self._placed + len(samples)
        return first, samples


def _mono(frame: av.AudioFrame) -> Samples:
    values: NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        values = values.reshape(-1, frame.layout.nb_channels).T
    whole = values.dtype.kind in "iu"
    mean: NDArray[Any] = values.mean(axis=0, dtype=np.float64 if whole else np.float32)
    if values.dtype.kind == "u":
        mean = (mean - 128) / 128
    elif values.dtype.kind == "i":
        mean = mean / 2.0 ** (8 * values.dtype.itemsize - 1)
    mean[np.isnan(mean)] = 0
    return np.asarray(mean.clip(-_LOUDEST, _LOUDEST), np.float32)


@dataclass(frozen=True, kw_only=True)
class SoundProfile:
    """How loud a film is over time, in hops of a tenth of a second.

    Shapes:
        hops (N,) int64, numbers of the hops that hold sound: hop n begins at n / 10 seconds on
        the film's clock; levels (N,) float32 RMS in dBFS, at least -100. Other hops are silent.

    Attributes:
        loudest: level of the loudest second in dBFS.
        peak: largest absolute sample.
    """

    hops: NDArray[np.int64]
    levels: NDArray[np.float32]
    loudest: float
    peak: float

    @property
    def times(self) -> NDArray[np.float64]:
        """Starts of the hops in seconds, (N,)."""
        return self.hops / HOPS_PER_SECOND

    def level_at(self, time: Fraction) -> float:
        """Level in dBFS of the hop that holds ``time``."""
        hop = time // HOP
        index = int(np.searchsorted(self.hops, hop))
        found = index < len(self.hops) and self.hops[index] == hop
        return float(self.levels[index]) if found else SILENCE_DBFS

    def gain(self, *, target: float = -22.0, most: float = 12.0) -> float:
        """Factor that brings the loudest second to ``target`` dBFS, at most ``most`` dB up."""
        if self.loudest <= SILENCE_DBFS:
            return 1.0
        return float(10 ** (min(target - self.loudest, most) / 20))


def measure_sound(
    path: str | Path, *, audio_track: int | None = None, also: TakeSamples | None = None
) -> SoundProfile:
    """Measure the loudness of a film in one pass over its sound alone, keeping only the hops.

    A film without sound has an empty profile.

    Args:
        path: the film.
        audio_track: number of the sound track, from 0; None for the best.
        also: is handed all samples as well, to measure something else in the same pass.

    Raises:
        MediaError: the file cannot be read, or has no such audio track.
    """
    meter = _HopMeter()
    for first, samples in _mono_pieces(Path(path), audio_track):
        meter.add(first, samples)
        if also is not None:
            also(first, samples)
    return meter.profile()


def measure_samples(samples: Samples) -> SoundProfile:
    """The loudness of sound that is in memory and begins at 0 seconds.

    Shapes:
        samples (S,) at 16 kHz
    """
    meter = _HopMeter()
    meter.add(0, samples)
    return meter.profile()


def _mono_pieces(path: Path, audio_track: int | None) -> Iterator[tuple[int, Samples]]:
    """The whole sound of a film, piece by piece: (number of the first sample, samples)."""
    resampler = MonoResampler()
    with open_container(path) as container:
        stream = best_audio(container, path, audio_track)
        if stream is not None:
            for frame in decoded(container, [stream], Damage()):
                yield from resampler.push(frame)
            yield from resampler.flush()


class _HopMeter:
    """Sums the energy of samples into the hops they fall in."""

    def __init__(self) -> None:
        self._energies: dict[int, float] = {}
        self._peak = 0.0
        self._length = int(SAMPLE_RATE * HOP)

    def add(self, first: int, samples: Samples) -> None:
        if len(samples):
            self._peak = max(self._peak, float(np.abs(samples).max()))
        while len(samples):
            hop, inside = divmod(first, self._length)
            part, samples = np.split(samples, [self._length - inside])
            energy = float(np.dot(part, part))
            self._energies[hop] = self._energies.get(hop, 0.0) + energy
            first += len(part)

    def profile(self) -> SoundProfile:
        hops = np.array(sorted(self._energies), np.int64)
        powers = np.array([self._energies[hop] for hop in hops.tolist()]) / self._length
        return SoundProfile(
            hops=hops,
            levels=_decibels(powers).astype(np.float32),
            loudest=float(_decibels(np.array(_loudest_second(hops, powers)))),
            peak=self._peak,
        )


def _loudest_second(hops: NDArray[np.int64], powers: NDArray[np.float64]) -> float:
    if not len(hops):
        return 0.0
    sums = np.concatenate([[0.0], np.cumsum(powers)])
    ends = np.searchsorted(hops, hops + HOPS_PER_SECOND)
    return float((sums[ends] - sums[:-1]).max()) / HOPS_PER_SECOND


def _decibels(powers: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 10 * np.log10(np.maximum(powers, 10 ** (SILENCE_DBFS / 10)))
    return result
