"""The sound of one pass over a film: fed by that pass, or read apart where the two lie far apart.

Most files store sound beside the pictures it belongs to, so one pass serves both. Where they lie
far apart (all sound at the end, a track that begins late or stops early, a picture that stands
for minutes) waiting would fill the memory; then the sound is read through a handle of its own.
"""

from collections.abc import Callable, Generator
from fractions import Fraction
from typing import Any

from avsseg.media.sound import MonoResampler, Samples, SoundBuffer

MAX_HELD_SAMPLES = 8 * 1024 * 1024  # 32 MiB: about nine minutes

Reopen = Callable[[Fraction | None], Generator[Any, None, None]]


class Soundtrack:
    """The samples that pictures ask for, in order of time.

    Args:
        rate: samples per second handed out.
        reopen: gives the audio frames of the film anew, from about a given time on; None for a
            film without sound, which is silent throughout.
    """

    def __init__(self, rate: int, reopen: Reopen | None) -> None:
        self._rate, self._reopen = rate, reopen
        self._buffer, self._resampler = SoundBuffer(), MonoResampler(rate)
        self._own: Generator[Any, None, None] | None = None
        if reopen is None:
            self._buffer.finish()

    def feed(self, frame: Any) -> None:
        """Take in an audio frame that the pass over the film came upon."""
        if self._own is None:
            self._take(frame)
            if self._buffer.num_samples > MAX_HELD_SAMPLES:
                self.detach(None)

    def finish(self) -> None:
        """Say that the pass is over."""
        if self._own is None:
            self._drain()

    def detach(self, needed: int | None) -> None:
        """Read on through a handle of its own, from what is known or sample ``needed``."""
        if self._own is None and self._reopen is not None and not self._buffer.finished:
            known = [n for n in (self._buffer.end, needed) if n is not None]
            self._own = self._reopen(Fraction(max(known), self._rate) if known else None)
            self._resampler = MonoResampler(self._rate)

    def reaches(self, until: int) -> bool:
        """Whether all that sounds before sample ``until`` is at hand; reads on if it can."""
        while self._own is not None and not self._buffer.covers(until):
            frame = next(self._own, None)
            if frame is None:
                self._drain()
            else:
                self._take(frame)
        return self._buffer.covers(until)

    def window(self, first: int, count: int) -> tuple[Samples, bool]:
        """The samples from ``first`` on, and whether the track lasts beyond them.

        Forgets what comes before ``first``.
        """
        self._buffer.forget(first)
        whole = self._buffer.end is not None and self._buffer.end >= first + count
        return self._buffer.window(first, count), whole

    def close(self) -> None:
        """Close its own handle, if it has one."""
        if self._own is not None:
            self._own.close()

    def _take(self, frame: Any) -> None:
        for first, samples in self._resampler.push(frame):
            self._buffer.write(first, samples)

    def _drain(self) -> None:
        for first, samples in self._resampler.flush():
            self._buffer.write(first, samples)
        self._buffer.finish()
