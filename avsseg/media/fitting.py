"""Pictures made fit for an encoder: even sides, one clock, rising times."""

from fractions import Fraction
from math import inf

import av

from avsseg.media.clock import tick_of, time_of
from avsseg.media.encoders import FALLBACK_RATE
from avsseg.media.planes import pad_to_even
from avsseg.media.probe import VideoInfo


class PictureFitter:
    """Fits the pictures of one film; the first one decides the clock.

    Args:
        info: the source.
        keeps_odd_sizes: an odd side needs no padding.
        from_zero: times are counted from the first picture.

    Attributes:
        notes: remarks for the user.
        tick: unit of time of the fitted pictures, in seconds.
        shift: what is taken off all times, in seconds.
    """

    def __init__(self, info: VideoInfo, *, keeps_odd_sizes: bool, from_zero: bool) -> None:
        self.notes: list[str] = []
        self.tick, self.shift = info.time_base, Fraction(0)
        self._info, self._keeps_odd_sizes, self._from_zero = info, keeps_odd_sizes, from_zero
        self._last: Fraction | float = -inf

    def fit(self, frame: av.VideoFrame) -> av.VideoFrame | None:
        """The frame, or one with padding, with its time in the film.

        None if it is not later than the one before it.
        """
        time = time_of(frame)
        if time <= self._last:
            self._note("a picture not later than the one before it was left out")
            return None
        if self._last == -inf:
            self.tick = tick_of(frame)
            self.shift = time if self._from_zero else Fraction(0)
        self._last = time
        fitted = frame if self._keeps_odd_sizes else self._padded(frame)
        lasts = frame.duration * tick_of(frame) or 1 / (self._info.rate or FALLBACK_RATE)
        fitted.time_base, fitted.pts = self.tick, round((time - self.shift) / self.tick)
        fitted.duration = max(1, round(lasts / self.tick))
        return fitted

    def _padded(self, frame: av.VideoFrame) -> av.VideoFrame:
        padded = pad_to_even(frame)
        if padded is not frame:
            self._note(
                f"{frame.width}x{frame.height} pictures were padded to "
                f"{padded.width}x{padded.height}, as this format needs even sides"
            )
        return padded

    def _note(self, remark: str) -> None:
        note = f"{self._info.path}: {remark}"
        if note not in self.notes:
            self.notes.append(note)
