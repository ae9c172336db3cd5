"""Pictures and sound that are in memory already, read as a film is."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import numpy as np
from numpy.typing import NDArray

from avsseg.clip import Clip
from avsseg.media.colour import resize_rgb
from avsseg.media.cuts import CutFinder, Thumbnails
from avsseg.media.reader import Small, Sounded, clip_of
from avsseg.media.sampling import SampleSpec, Shown, interleave, pick
from avsseg.media.sound import MonoResampler, Samples, SoundBuffer
from avsseg.stage_timer import NO_TIMER

Pixels = NDArray[np.uint8]

_PIECE = 1 << 20


class ArrayFilm:
    """A film of arrays; its first picture is at 0 seconds, as is its first sample.

    Args:
        pictures: RGB pictures (H, W, 3) uint8 of one size, upright; taken once, as they are needed.
        rate: pictures per second.
        sound: mono at the rate that will be asked for, such as ``mono_16k`` gives it.

    Attributes:
        start: when the first picture is shown.
        timer: told nothing.
    """

    start, timer = Fraction(0), NO_TIMER

    def __init__(self, pictures: Iterable[Pixels], rate: Fraction, sound: Samples) -> None:
        self._pictures, self._rate, self._sound = pictures, rate, SoundBuffer()
        self._sound.write(0, sound)
        self._sound.finish()

    def clips(self, spec: SampleSpec, *, cuts: CutFinder | None = None) -> Iterator[Clip]:
        """The film as clips; see ``VideoReader.clips``."""
        sounded = (
            self._sounded(chosen.picture, chosen.time, chosen.first_sample, spec)
            for chosen in pick(self._shown(cuts), spec, self._rate)
        )
        clips = interleave(sounded, spec.num_frames, spec.stride, spec.overlap)
        for index, items in enumerate(clips):
            yield clip_of(items, index, spec)

    def _shown(self, cuts: CutFinder | None) -> Iterator[Shown[Pixels]]:
        thumbnail = Thumbnails()
        for number, picture in enumerate(self._pictures):
            time = number / self._rate
            if cuts is not None:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                cuts.see(time, thumbnail(frame))
            yield Shown(time=time, end=time + 1 / self._rate, picture=picture)

    def _sounded(self, picture: Pixels, time: Fraction, first: int, spec: SampleSpec) -> Sounded:
        small = Small(picture=resize_rgb(picture, spec.size), time=time, first_sample=first)
        samples = self._sound.window(first, spec.window) * np.float32(spec.gain)
        return Sounded(moment=small, samples=np.clip(samples, -1, 1), whole=True)


def mono_16k(sound: NDArray[np.float32] | NDArray[np.int16], rate: int) -> Samples:
    """Sound as the networks hear it: the mean of its channels at 16 kHz.

    Shapes:
        sound (S,) or (S, channels), float in [-1, 1] or int16, at ``rate`` Hz -> (S',) float32
    """
    samples = np.asarray(sound)
    if samples.dtype == np.int16:
        samples = samples.astype(np.float32) / 32768
    mono = np.asarray(samples.mean(axis=1) if samples.ndim == 2 else samples, np.float32)
    resampler, pieces = MonoResampler(), list[Samples]()
    for first in range(0, len(mono), _PIECE):
        frame = av.AudioFrame.from_ndarray(mono[None, first : first + _PIECE], "flt", "mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, first, Fraction(1, rate)
        pieces += [piece for _, piece in resampler.push(frame)]
    pieces += [piece for _, piece in resampler.flush()]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
