"""Reading a film: clips of small pictures with their sound, or every frame at full size."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from av.container import InputContainer
from numpy.typing import NDArray

from avsseg.clip import Clip
from avsseg.errors import MediaError
from avsseg.media.colour import to_rgb, to_yuv420p
from avsseg.media.container import (
    Damage,
    as_fraction,
    best_audio,
    best_video,
    decoded,
    open_container,
)
from avsseg.media.hdr import SdrMapper
from avsseg.media.orientation import upright
from avsseg.media.probe import VideoInfo, probe
from avsseg.media.sampling import Pick, SampleSpec, Shown, interleave, padded, pick
from avsseg.media.sound import Samples
from avsseg.media.soundtrack import Soundtrack

SEEK_MARGIN = Fraction(2)
MAX_WAITING_BYTES = 32 * 1024 * 1024
FALLBACK_RATE = Fraction(25)


@dataclass(frozen=True, kw_only=True)
class Sounded:
    """A small picture with its sound: one moment of a clip."""

    picture: NDArray[np.uint8]
    time: Fraction
    samples: Samples
    whole: bool


def open_video(path: str | Path, *, audio_track: int | None = None) -> "VideoReader":
    """Open a film for reading; use it in a ``with`` statement.

    Args:
        path: the file.
        audio_track: number of the sound track to listen to, from 0; None for the best.

    Raises:
        MediaError: no such file, no video in it, nothing that decodes, or no such audio track.
    """
    return VideoReader(probe(path, audio_track=audio_track))


class VideoReader:
    """One film; each call of ``clips`` or ``frames`` is a pass of its own over the file.

    Passes are lazy, hold a bounded stretch of the film, and may run at the same time in different
    threads.

    Attributes:
        info: facts of the film.
        notes: one-line remarks for the user, such as HDR pictures that are mapped.
    """

    def __init__(self, info: VideoInfo) -> None:
        self.info = info
        self.notes: list[str] = []
        self._damage = Damage()
        self._open: list[InputContainer] = []
        if info.colour.hdr:
            self.notes.append(f"{info.path}: HDR pictures ({info.colour.hdr}) mapped to BT.709")
        if info.has_alpha:
            self.notes.append(f"{info.path}: its transparency is ignored")

    @property
    def partial(self) -> bool:
        """Whether a pass so far met damage; what could be decoded was kept."""
        return self._damage.count > 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, also under passes that were left half way."""
        while self._open:
            self._open.pop().close()

    def clips(self, spec: SampleSpec) -> Iterator[Clip]:
        """The film as clips, in one pass over picture and sound.

        Sound that is missing is silence; whether that is acceptable is the caller's decision.

        Raises:
            MediaError: no picture can be decoded between ``spec.start`` and ``spec.end``.
        """
        soundtrack = self._soundtrack(spec)
        frames = self._frames(spec.start, with_sound=True)
        try:
            sounded = self._sounded(frames, soundtrack, spec)
            for index, items in enumerate(interleave(sounded, spec.num_frames, spec.stride)):
                yield _clip(items, index, spec)
        finally:
            frames.close()  # type: ignore[attr-defined]
            soundtrack.close()

    def frames(
        self, *, start: Fraction | None = None, end: Fraction | None = None
    ) -> Iterator[av.VideoFrame]:
        """Every frame from ``start`` to before ``end``: full size, upright, 8-bit yuv420p, SDR.

        Timestamps and time base are the source's own; matrix and range too, except that HDR
        becomes BT.709. A frame may be shared with the decoder: copy it before painting on it.

        Raises:
            MediaError: no picture can be decoded in that stretch.
        """
        convert, count = self._full_size(), 0
        frames = self._frames(start, with_sound=False)
        try:
            for shown in self._shown(frames, _ignore):
                if end is not None and shown.time >= end:
                    break
                if start is None or shown.time >= start:
                    count += 1
                    yield convert(shown.picture)
        finally:
            frames.close()  # type: ignore[attr-defined]
        if not count:
            raise self._nothing(start, end)

    def _sounded(
        self, frames: Iterator[Any], soundtrack: Soundtrack, spec: SampleSpec
    ) -> Iterator[Sounded]:
        """Moments with their pictures shrunk, each let go as soon as its sound is known."""
        shrink = self._small(spec.size)
        waiting: deque[Pick[NDArray[np.uint8]]] = deque()
        room = max(1, MAX_WAITING_BYTES // (spec.size[0] * spec.size[1] * 3))
        picks = pick(self._shown(frames, soundtrack.feed), spec, self.info.rate)
        empty = True
        for chosen in picks:
            empty = False
            waiting.append(_with_picture(chosen, shrink(chosen.picture)))
            if len(waiting) > room:
                soundtrack.detach(waiting[0].first_sample)
            yield from _ready(waiting, soundtrack, spec)
        if empty:
            raise self._nothing(spec.start, spec.end)
        while waiting and (frame := next(frames, None)) is not None:
            if isinstance(frame, av.AudioFrame):
                soundtrack.feed(frame)
                yield from _ready(waiting, soundtrack, spec)
        soundtrack.finish()
        yield from _ready(waiting, soundtrack, spec)

    def _shown(
        self, frames: Iterator[Any], hear: Callable[[Any], None]
    ) -> Iterator[Shown[av.VideoFrame]]:
        """Pictures in order of time; sound goes to ``hear`` as it comes by."""
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
                self._damage.count += 1

    def _timed(
        self, frame: av.VideoFrame, last: Shown[av.VideoFrame] | None
    ) -> Shown[av.VideoFrame]:
        base = as_fraction(frame.time_base) or self.info.time_base
        if frame.pts is None:
            frame.pts = round((last.end if last else self.info.start) / base)
            frame.time_base = base
        time = frame.pts * base
        lasts = frame.duration * base if frame.duration else 1 / (self.info.rate or FALLBACK_RATE)
        self._damage.count += frame.is_corrupt
        return Shown(time=time, end=time + lasts, picture=frame)

    def _soundtrack(self, spec: SampleSpec) -> Soundtrack:
        if not self.info.has_audio:
            return Soundtrack(spec.sample_rate, None)
        return Soundtrack(spec.sample_rate, self._audio_frames)

    def _audio_frames(self, start: Fraction | None) -> Iterator[av.AudioFrame]:
        """The sound alone, through a handle of its own, skipping what ends well before start."""
        with self._opened() as container:
            stream = best_audio(container, self.info.path, self.info.audio_track)
            for frame in decoded(container, [stream], self._damage):
                base = as_fraction(frame.time_base)
                early = start is not None and frame.pts is not None and base is not None
                if not (early and start is not None and frame.pts * base < start - 1):
                    yield frame

    def _frames(self, start: Fraction | None, *, with_sound: bool) -> Iterator[Any]:
        """Decoded frames from before ``start`` on, found by a seek where one can be trusted."""
        target = None if start is None else start - SEEK_MARGIN
        if target is not None and (target <= self.info.start or not self._seeks_before(target)):
            target = None
        with self._opened() as container:
            streams: list[Any] = [best_video(container, self.info.path)]
            if with_sound and self.info.has_audio:
                streams.append(best_audio(container, self.info.path, self.info.audio_track))
            if target is not None:
                _seek(container, streams[0], target)
            yield from decoded(container, streams, self._damage)

    def _seeks_before(self, target: Fraction) -> bool:
        """Whether a seek to ``target`` lands on a picture that is not later."""
        with self._opened() as container:
            video = best_video(container, self.info.path)
            try:
                _seek(container, video, target)
            except av.FFmpegError:
                return False
            frame = next(decoded(container, [video], Damage()), None)
        base = self.info.time_base
        return frame is not None and frame.pts is not None and frame.pts * base <= target

    def _opened(self) -> "_Handle":
        return _Handle(open_container(self.info.path), self._open)

    def _full_size(self) -> Callable[[av.VideoFrame], av.VideoFrame]:
        orientation, mapper = self.info.orientation, SdrMapper()
        size = self.info.size[::-1] if orientation.swaps_sides else self.info.size
        is_hdr = self.info.colour.hdr is not None

        def convert(frame: av.VideoFrame) -> av.VideoFrame:
            frame = mapper(frame) if is_hdr else frame
            return upright(to_yuv420p(frame, size), orientation)

        return convert

    def _small(self, size: tuple[int, int]) -> Callable[[av.VideoFrame], NDArray[np.uint8]]:
        orientation, mapper = self.info.orientation, SdrMapper()
        is_hdr = self.info.colour.hdr is not None
        last: list[Any] = [None, None]

        def shrink(frame: av.VideoFrame) -> NDArray[np.uint8]:
            if frame is not last[0]:  # a picture that stands still is shrunk once
                sdr = mapper(frame) if is_hdr else frame
                last[:] = frame, to_rgb(sdr, size, orientation)
            return last[1]  # type: ignore[no-any-return]

        return shrink

    def _nothing(self, start: Fraction | None, end: Fraction | None) -> MediaError:
        stretch = "" if start is None else f" from {float(start):g} s on"
        stretch += "" if end is None else f" before {float(end):g} s"
        return MediaError(f"{self.info.path}: no picture can be read{stretch}")


class _Handle:
    """An open container that its reader can close, too."""

    def __init__(self, container: InputContainer, registry: list[InputContainer]) -> None:
        self._container, self._registry = container, registry
        registry.append(container)

    def __enter__(self) -> InputContainer:
        return self._container

    def __exit__(self, *_: object) -> None:
        if self._container in self._registry:
            self._registry.remove(self._container)
        self._container.close()


def _seek(container: InputContainer, stream: Any, target: Fraction) -> None:
    base = as_fraction(stream.time_base) or Fraction(1, 1000)
    container.seek(int(target / base), stream=stream)


def _ready(
    waiting: deque[Pick[NDArray[np.uint8]]], soundtrack: Soundtrack, spec: SampleSpec
) -> Iterator[Sounded]:
    while waiting and soundtrack.reaches(waiting[0].first_sample + spec.window):
        chosen = waiting.popleft()
        samples, whole = soundtrack.window(chosen.first_sample, spec.window)
        samples = np.clip(samples * np.float32(spec.gain), -1, 1)
        yield Sounded(picture=chosen.picture, time=chosen.time, samples=samples, whole=whole)


def _with_picture(chosen: Pick[Any], picture: NDArray[np.uint8]) -> Pick[NDArray[np.uint8]]:
    return Pick(picture=picture, time=chosen.time, first_sample=chosen.first_sample)


def _clip(items: list[Sounded], index: int, spec: SampleSpec) -> Clip:
    samples = [item.samples for item in items]
    if spec.benchmark:
        samples = _repeat_last_whole(items)
    filled = padded(items, spec.num_frames)
    return Clip(
        frames=np.stack([item.picture for item in filled]),
        waveform=np.stack(padded(samples, spec.num_frames)),
        times=tuple(item.time for item in filled),
        num_valid=len(items),
        index=index,
    )


def _repeat_last_whole(items: list[Sounded]) -> list[Samples]:
    """AVSBench repeats the last whole sound block where the track is too short for the next."""
    result: list[Samples] = []
    for item in items:
        result.append(item.samples if item.whole or not result else result[-1])
    return result


def _ignore(frame: Any) -> None:
    """Sound that nobody listens to."""
