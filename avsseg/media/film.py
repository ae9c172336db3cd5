"""One file on disk, from which passes of decoded frames are taken, each with its own handle."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import av
from av.container import InputContainer

from avsseg.media.container import (
    Damage,
    as_fraction,
    best_audio,
    best_video,
    decoded,
    open_container,
    stated_end,
)
from avsseg.media.probe import VideoInfo
from avsseg.media.sampling import Shown

SEEK_MARGIN = Fraction(2)
SOUND_MARGIN = Fraction(1)
SHORTFALL = Fraction(2)  # a film that ends this much before its stated end was cut off
HOLE = Fraction(1, 2)
FALLBACK_RATE = Fraction(25)

Frames = Generator[Any, None, None]


class Film:
    """Takes passes over one file, and knows what they met.

    Attributes:
        info: facts of the file.
        hardware: what decodes the pictures in place of the processor.
        damage: what was torn, over all passes so far.
    """

    def __init__(self, info: VideoInfo, *, hardware: str | None = None) -> None:
        self.info = info
        self.hardware = hardware
        self.damage = Damage()
        self._open: list[InputContainer] = []

    def close(self) -> None:
        """Close the file, also under passes that were left half way."""
        while self._open:
            self._open.pop().close()

    def frames(self, start: Fraction | None, *, with_sound: bool) -> Frames:
        """Decoded frames as they come, pictures and sound mixed.

        With a ``start``, they begin at a picture before it, found by a seek where one can be
        trusted.
        """
        target = self._seek_target(start)
        with self._opened(self.hardware) as container:
            streams: list[Any] = [best_video(container, self.info.path)]
            if with_sound and self.info.has_audio:
                streams.append(best_audio(container, self.info.path, self.info.audio_track))
            if target is not None:
                _seek(container, streams[0], target)
            yield from self._watched(container, streams)

    def sound(self, start: Fraction | None) -> Frames:
        """The sound alone, without what ends well before ``start``."""
        with self._opened() as container:
            stream = best_audio(container, self.info.path, self.info.audio_track)
            for frame in decoded(container, [stream], self.damage):
                if start is None or _span_of(frame)[1] > start - SOUND_MARGIN:
                    yield frame

    def shown(
        self, frames: Iterator[Any], hear: Callable[[Any], None]
    ) -> Iterator[Shown[av.VideoFrame]]:
        """Pictures in order of time; frames of sound go to ``hear`` as they come by."""
        last: Shown[av.VideoFrame] | None = None
        for frame in frames:
            if isinstance(frame, av.AudioFrame):
                hear(frame)
                continue
            shown = self._timed(frame, last)
            if last is None or shown.time > last.time:
                last = shown
                yield shown
            else:
                self.damage.count += 1

    def _timed(
        self, frame: av.VideoFrame, last: Shown[av.VideoFrame] | None
    ) -> Shown[av.VideoFrame]:
        base = as_fraction(frame.time_base) or self.info.time_base
        if frame.pts is None:
            frame.pts = round((last.end if last else self.info.start) / base)
            frame.time_base = base
        time = frame.pts * base
        lasts = frame.duration * base if frame.duration else 1 / (self.info.rate or FALLBACK_RATE)
        return Shown(time=time, end=time + lasts, picture=frame)

    def _watched(self, container: InputContainer, streams: list[Any]) -> Frames:
        """All frames, with an eye on holes, and on the end whether it is the one stated."""
        furthest, holes = self.info.start, _Holes()
        for frame in decoded(container, streams, self.damage):
            begin, end = _span_of(frame)
            furthest = max(furthest, end)
            self.damage.count += frame.is_corrupt or holes.shared(type(frame), begin, end)
            yield frame
        stated = stated_end(container, streams)
        if stated is not None and furthest + SHORTFALL < stated:
            self.damage.count += 1

    def _seek_target(self, start: Fraction | None) -> Fraction | None:
        if start is None or start - SEEK_MARGIN <= self.info.start:
            return None
        target = start - SEEK_MARGIN
        with self._opened() as container:
            video = best_video(container, self.info.path)
            try:
                _seek(container, video, target)
            except av.FFmpegError:
                return None
            frame = next(decoded(container, [video], Damage()), None)
        if frame is None or frame.pts is None:
            return None
        return target if frame.pts * self.info.time_base <= target else None

    @contextmanager
    def _opened(self, hardware: str | None = None) -> Iterator[InputContainer]:
        container = open_container(self.info.path, hardware=hardware)
        self._open.append(container)
        try:
            yield container
        finally:
            if container in self._open:
                self._open.remove(container)
            container.close()


class _Holes:
    """Finds stretches in which picture and sound are missing together.

    A demuxer that skips torn bytes says nothing; a still picture or a silent stretch alone is no
    damage.
    """

    def __init__(self) -> None:
        self._ends: dict[type, Fraction] = {}
        self._holes: dict[type, tuple[Fraction, Fraction]] = {}

    def shared(self, kind: type, begin: Fraction, end: Fraction) -> bool:
        """Whether a frame of this kind and time ends a hole that the other stream has, too."""
        before = self._ends.get(kind)
        self._ends[kind] = end
        if before is None or begin - before < HOLE:
            return False
        self._holes[kind] = before, begin
        others = [hole for other, hole in self._holes.items() if other is not kind]
        return any(before < hole[1] and hole[0] < begin for hole in others)


def _seek(container: InputContainer, stream: Any, target: Fraction) -> None:
    base = as_fraction(stream.time_base) or Fraction(1, 1000)
    container.seek(int(target / base), stream=stream)


def _span_of(frame: Any) -> tuple[Fraction, Fraction]:
    """When a frame begins and ends, in seconds; both are 0 where it does not say."""
    base = as_fraction(frame.time_base)
    if frame.pts is None or base is None:
        return Fraction(0), Fraction(0)
    begin = frame.pts * base
    if isinstance(frame, av.AudioFrame):
        return begin, begin + Fraction(frame.samples, frame.sample_rate or 1)
    return begin, (frame.pts + (frame.duration or 0)) * base
