"""Reading a film: clips of small pictures with their sound, or every frame at full size."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import numpy as np
from numpy.typing import NDArray

from avsseg.clip import Clip
from avsseg.errors import MediaError
from avsseg.media.clock import time_of
from avsseg.media.cuts import CutFinder, Thumbnails
from avsseg.media.film import Film
from avsseg.media.kept import KeptPictures
from avsseg.media.pictures import FullPictures, SmallPictures
from avsseg.media.probe import VideoInfo, probe
from avsseg.media.sampling import Pick, SampleSpec, Shown, interleave, padded, pick
from avsseg.media.sound import Samples
from avsseg.media.soundtrack import Soundtrack
from avsseg.stage_timer import NO_TIMER, NoTimer

MAX_WAITING_BYTES = 32 * 1024 * 1024

Small = Pick[NDArray[np.uint8]]


@dataclass(frozen=True, kw_only=True)
class Sounded:
    """One moment of a clip: a small picture, and its sound.

    Attributes:
        whole: the sound track lasts to the end of the samples.
    """

    moment: Small
    samples: Samples
    whole: bool


def open_video(
    path: str | Path,
    *,
    audio_track: int | None = None,
    hardware: str | None = None,
    timer: NoTimer = NO_TIMER,
) -> "VideoReader":
    """Open a film for reading; use it in a ``with`` statement.

    Args:
        path: the file.
        audio_track: number of the sound track to listen to, from 0; None for the best.
        hardware: what decodes the pictures in place of the processor (``cuda``).
        timer: told what converting pictures and preparing sound take.

    Raises:
        MediaError: no such file, no video in it, nothing that decodes, or no such audio track.
    """
    return VideoReader(probe(path, audio_track=audio_track), timer, hardware=hardware)


class VideoReader:
    """One film; each call of ``clips`` or ``frames`` is a pass of its own over the file.

    Passes are lazy, hold a bounded stretch of the film, and may run at the same time in different
    threads.

    Attributes:
        info: facts of the film.
        notes: one-line remarks for the user, such as HDR pictures that are mapped.
        timer: told what converting pictures and preparing sound take.
    """

    def __init__(
        self, info: VideoInfo, timer: NoTimer = NO_TIMER, *, hardware: str | None = None
    ) -> None:
        self.info = info
        self.timer = timer
        self.notes: list[str] = []
        self._film = Film(info, hardware=hardware)
        self._kept: KeptPictures | None = None
        if info.colour.hdr:
            self.notes.append(f"{info.path}: HDR pictures ({info.colour.hdr}) mapped to BT.709")
        if info.has_alpha:
            self.notes.append(f"{info.path}: its transparency is ignored")

    @property
    def start(self) -> Fraction:
        """When its first picture is shown, in seconds on its own clock."""
        return self.info.start

    @property
    def hardware(self) -> str | None:
        """What decodes the pictures in place of the processor."""
        return self._film.hardware

    @property
    def partial(self) -> bool:
        """Whether a pass so far met damage; what could be decoded was kept."""
        return self._film.damage.count > 0

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
        self._film.close()

    def keep(self, kept: KeptPictures) -> None:
        """Lets the next ``clips`` keep the pictures that it passes for who shows them."""
        self._kept = kept

    def clips(self, spec: SampleSpec, *, cuts: CutFinder | None = None) -> Iterator[Clip]:
        """The film as clips, in one pass over picture and sound.

        Sound that is missing is silence; whether that is acceptable is the caller's decision.
        Clips of one block of ``num_frames * stride`` moments interleave, so times do not rise
        from clip to clip within a block.

        Args:
            spec: what is looked at.
            cuts: is shown every picture that passes, ahead of the clips.

        Raises:
            MediaError: no picture can be decoded between ``spec.start`` and ``spec.end``.
        """
        soundtrack = Soundtrack(spec.sample_rate, self._film.sound if self.info.has_audio else None)
        frames = self._film.frames(spec.start, with_sound=True)
        try:
            sounded = self._sounded(frames, soundtrack, spec, cuts)
            clips = interleave(sounded, spec.num_frames, spec.stride, spec.overlap)
            for index, items in enumerate(clips):
                yield clip_of(items, index, spec)
        finally:
            frames.close()
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
        convert, empty = self.timer.call("second convert", FullPictures(self.info)), True
        frames = self._film.frames(start, with_sound=False)
        try:
            for shown in self._film.shown(frames, _unheard):
                if end is not None and shown.time >= end:
                    break
                if start is None or shown.time >= start:
                    empty = False
                    yield convert(shown.picture)
        finally:
            frames.close()
        if empty:
            raise self._nothing(start, end)

    def frames_after(
        self, time: Fraction | None, *, start: Fraction | None, end: Fraction | None
    ) -> Iterator[av.VideoFrame]:
        """What ``frames`` gives, from after the picture shown at ``time`` on; None for all."""
        frames = self.frames(start=start if time is None else time, end=end)
        return (frame for frame in frames if time is None or time_of(frame) > time)

    def _sounded(
        self,
        frames: Iterator[Any],
        soundtrack: Soundtrack,
        spec: SampleSpec,
        cuts: CutFinder | None,
    ) -> Iterator[Sounded]:
        """Moments with their pictures made small, each let go as soon as its sound is known."""
        shrink = self.timer.call("convert", SmallPictures(self.info, spec.size))
        hear = self.timer.call("sound", soundtrack.feed)
        waiting: deque[Small] = deque()
        room = max(1, MAX_WAITING_BYTES // (spec.size[0] * spec.size[1] * 3))
        empty = True
        shown = _seen(self._film.shown(frames, hear), cuts)
        kept, self._kept = self._kept, None
        shown = shown if kept is None else kept.see(shown)
        for chosen in pick(shown, spec, self.info.rate):
            empty = False
            waiting.append(_with_picture(chosen, shrink(chosen.picture)))
            if len(waiting) > room:
                soundtrack.detach(waiting[0].first_sample)
            yield from self.timer.each("sound", _ready(waiting, soundtrack, spec))
        if empty:
            raise self._nothing(spec.start, spec.end)
        while waiting and (frame := next(frames, None)) is not None:
            if isinstance(frame, av.AudioFrame):
                hear(frame)
                yield from _ready(waiting, soundtrack, spec)
        soundtrack.finish()
        yield from _ready(waiting, soundtrack, spec)

    def _nothing(self, start: Fraction | None, end: Fraction | None) -> MediaError:
        stretch = "" if start is None else f" from {float(start):g} s on"
        stretch += "" if end is None else f" before {float(end):g} s"
        return MediaError(f"{self.info.path}: no picture can be read{stretch}")


def _seen(
    pictures: Iterator[Shown[av.VideoFrame]], cuts: CutFinder | None
) -> Iterator[Shown[av.VideoFrame]]:
    """The pictures; each is shown to the finder of cuts before it is handed on."""
    thumbnail = Thumbnails()
    for shown in pictures:
        if cuts is not None:
            cuts.see(shown.time, thumbnail(shown.picture))
        yield shown


def _ready(waiting: deque[Small], soundtrack: Soundtrack, spec: SampleSpec) -> Iterator[Sounded]:
    while waiting and soundtrack.reaches(waiting[0].first_sample + spec.window):
        moment = waiting.popleft()
        samples, whole = soundtrack.window(moment.first_sample, spec.window)
        samples = np.clip(samples * np.float32(spec.gain), -1, 1)
        yield Sounded(moment=moment, samples=samples, whole=whole)


def _with_picture(chosen: Pick[Any], picture: NDArray[np.uint8]) -> Small:
    return Small(picture=picture, time=chosen.time, first_sample=chosen.first_sample)


def clip_of(items: list[Sounded], index: int, spec: SampleSpec) -> Clip:
    """A clip of moments, the last repeated where there are too few."""
    if spec.benchmark:
        items = _repeat_last_whole(items)
    filled = padded(items, spec.num_frames)
    return Clip(
        frames=np.stack([item.moment.picture for item in filled]),
        waveform=np.stack([item.samples for item in filled]),
        times=tuple(item.moment.time for item in filled),
        num_valid=len(items),
        index=index,
    )


def _repeat_last_whole(items: list[Sounded]) -> list[Sounded]:
    """AVSBench repeats the last whole sound block where the track is too short for the next."""
    result: list[Sounded] = []
    for item in items:
        keep = item.whole or not result
        result.append(item if keep else replace(item, samples=result[-1].samples))
    return result


def _unheard(frame: Any) -> None:
    """Sound that nobody listens to."""
