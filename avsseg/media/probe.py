"""What a video file is, before anything else is done with it."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from avsseg.errors import MediaError
from avsseg.media.colour import ColourTags, tags_of
from avsseg.media.container import (
    Damage,
    as_fraction,
    best_audio,
    best_video,
    decoded,
    open_container,
)
from avsseg.media.orientation import Orientation, orientation_of

MICROSECOND = Fraction(1, 1_000_000)


@dataclass(frozen=True, kw_only=True)
class AudioTrack:
    """One sound track.

    Attributes:
        number: counts the audio tracks from 0; what ``audio_track`` chooses by.
        stream_index: position among all streams of the file.
        channels: how many.
        rate: samples per second.
        language: as the file states it, or None.
        start: time of its first sample where the file states it, on the film's clock.
    """

    number: int
    stream_index: int
    codec: str
    channels: int
    rate: int
    language: str | None
    start: Fraction | None


@dataclass(frozen=True, kw_only=True)
class VideoInfo:
    """Facts of one video file.

    Attributes:
        container: FFmpeg's name of the file format, found from the content.
        width, height: pixels of the upright picture (rotation applied, pixel shape not).
        orientation: how the stored picture is turned to stand upright.
        sample_aspect_ratio: width over height of one upright pixel.
        rate: average pictures per second, None where unknown; never a substitute for timestamps.
        time_base: unit of the picture's timestamps in seconds.
        start: time of the first picture, the origin for a user who counts from zero.
        duration: seconds from ``start`` as the file states them, a hint; None where unknown.
        audio_track: number of the chosen sound track, None where there is none to decode.
        colour: tags as stored; what is read from the file is never HDR.
        has_alpha: the file carries transparency, which is ignored.
    """

    path: Path
    container: str
    codec: str
    pix_fmt: str
    width: int
    height: int
    orientation: Orientation
    sample_aspect_ratio: Fraction
    rate: Fraction | None
    time_base: Fraction
    start: Fraction
    duration: Fraction | None
    audio_tracks: tuple[AudioTrack, ...]
    audio_track: int | None
    colour: ColourTags
    has_alpha: bool

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the upright picture."""
        return self.width, self.height

    @property
    def has_audio(self) -> bool:
        """Whether there is sound to listen to."""
        return self.audio_track is not None

    @property
    def display_size(self) -> tuple[int, int]:
        """(width, height) on a screen of square pixels."""
        return round(self.width * self.sample_aspect_ratio), self.height


def probe(path: str | Path, *, audio_track: int | None = None) -> VideoInfo:
    """Facts of a video file, from its headers and its first picture.

    Raises:
        MediaError: no such file, no video in it, nothing that decodes, or no such audio track.
    """
    path = Path(path)
    with open_container(path) as container:
        video = best_video(container, path)
        audio = best_audio(container, path, audio_track)
        frame = next(decoded(container, [video], Damage()), None)
        if frame is None:
            raise MediaError(f"{path}: no picture in it can be decoded; the file is damaged")
        return _info(path, container, video, audio, frame)


def _info(
    path: Path,
    container: InputContainer,
    video: VideoStream,
    audio: AudioStream | None,
    frame: av.VideoFrame,
) -> VideoInfo:
    orientation = orientation_of(frame)
    width, height = frame.width, frame.height
    aspect = as_fraction(video.sample_aspect_ratio) or Fraction(1)
    if orientation.swaps_sides:
        width, height, aspect = height, width, 1 / aspect
    tracks = tuple(_track(n, s) for n, s in enumerate(container.streams.audio))
    time_base = as_fraction(video.time_base) or MICROSECOND
    start = _start(container, video, frame)
    return VideoInfo(
        path=path,
        container=container.format.name,
        codec=video.codec_context.name,
        pix_fmt=frame.format.name,
        width=width,
        height=height,
        orientation=orientation,
        sample_aspect_ratio=aspect,
        rate=as_fraction(video.average_rate) or as_fraction(video.guessed_rate),
        time_base=time_base,
        start=start,
        duration=_duration(container, video, start),
        audio_tracks=tracks,
        audio_track=None if audio is None else container.streams.audio.index(audio),
        colour=tags_of(frame),
        has_alpha=any(c.is_alpha for c in frame.format.components)
        or video.metadata.get("alpha_mode") == "1",
    )


def _track(number: int, stream: AudioStream) -> AudioTrack:
    context: Any = stream.codec_context
    base = as_fraction(stream.time_base)
    return AudioTrack(
        number=number,
        stream_index=stream.index,
        codec=context.name if context else "unknown",
        channels=context.channels if context else 0,
        rate=context.sample_rate if context else 0,
        language=stream.language,
        start=None if stream.start_time is None or base is None else stream.start_time * base,
    )


def _start(container: InputContainer, video: VideoStream, frame: av.VideoFrame) -> Fraction:
    base = as_fraction(frame.time_base) or as_fraction(video.time_base)
    if frame.pts is not None and base is not None:
        return frame.pts * base
    return (container.start_time or 0) * MICROSECOND


def _duration(container: InputContainer, video: VideoStream, start: Fraction) -> Fraction | None:
    base = as_fraction(video.time_base)
    if video.duration and video.duration > 0 and base is not None:
        return video.duration * base
    if not container.duration or container.duration < 0:
        return None
    whole = container.duration * MICROSECOND
    # Matroska states where its timeline ends, not how long it lasts.
    ends = "matroska" in container.format.name and 0 < start < whole
    return whole - start if ends else whole
