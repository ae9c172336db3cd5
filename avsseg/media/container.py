"""Opening files that may be hostile, and decoding streams that may be torn."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.codec.hwaccel import HWAccel
from av.container import Container, InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from avsseg.errors import MediaError, UsageError
from avsseg.media.watchdog import answering

# Every one reads the given file alone: no playlist, no list of other files, no device, no net.
DEMUXERS = (
    "matroska,webm,mov,mp4,m4a,3gp,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,apng,nut,mxf,"
    "wtv,dv,ivf,m4v,h264,hevc,obu,av1,rm,swf,vc1,webp_anim,yuv4mpegpipe,"
    "wav,w64,mp3,flac,aac,aiff,caf,au,amr,ac3,eac3,dts,truehd,wv,tta,ape"
)
MAX_SIDE = 16_384
MAX_PIXELS = 200_000_000
MAX_FAILURES = 1_000


@dataclass
class Damage:
    """What went wrong while decoding: how many packets or frames were torn."""

    count: int = 0


def as_fraction(value: Any) -> Fraction | None:
    """PyAV's rational, whatever its type in this release, as a fraction; None when unset."""
    if not value or isinstance(value, Fraction):
        return value or None
    return Fraction(value.numerator, value.denominator)


def open_container(path: Path, *, hardware: str | None = None) -> InputContainer:
    """Open one local file for reading; it alone, whatever it says inside.

    Args:
        path: the file.
        hardware: what decodes its pictures in place of the processor, as libav calls it
            (``cuda``); codecs that it does not know are decoded by the processor all the same.

    Raises:
        MediaError: the file is missing, no regular file, empty, unreadable or no known format.
        UsageError: there is no such hardware here.
    """
    _check_file(path)
    url = f"file:{path.absolute()}"
    options: dict[str, Any] = {
        "container_options": {"protocol_whitelist": "file", "format_whitelist": DEMUXERS},
        "metadata_errors": "replace",
    }
    try:
        with answering(str(path)):
            container: InputContainer = av.open(url, "r", **options)
            if hardware is not None:  # opened first without, to tell one failure from the other
                container.close()
                container = _on_hardware(path, url, options, hardware)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaError(f"{path}: not a video file that can be read ({_reason(error)})") from error
    return container


def _on_hardware(path: Path, url: str, options: dict[str, Any], name: str) -> InputContainer:
    try:
        container: InputContainer = av.open(url, "r", hwaccel=HWAccel(name), **options)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UsageError(
            f"decoder {name}: cannot decode {path} here ({_reason(error)}); use --decoder bundled."
        ) from error
    return container


def _check_file(path: Path) -> None:
    if not path.exists():
        raise MediaError(f"{path}: no such file")
    if not path.is_file():
        raise MediaError(f"{path}: is not a regular file; give the path of a video file")
    if path.stat().st_size == 0:
        raise MediaError(f"{path}: the file is empty; copy or download it again")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).splitlines()[0]


def best_video(container: InputContainer, path: Path) -> VideoStream:
    """The stream that holds the moving picture.

    Raises:
        MediaError: there is none that can be decoded, or its pictures are absurdly large.
    """
    streams = [s for s in container.streams.video if _is_film(s)]
    if not streams:
        raise MediaError(f"{path}: it has no video stream that can be decoded")
    best = container.streams.best("video")
    stream = next((s for s in streams if s is best), streams[0])
    width, height = stream.codec_context.width, stream.codec_context.height
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise MediaError(
            f"{path}: its pictures are {width}x{height}; at most {MAX_SIDE} a side are read"
        )
    stream.thread_type = "AUTO"
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    return stream


def _is_film(stream: VideoStream) -> bool:
    cover = stream.disposition & (Disposition.attached_pic | Disposition.timed_thumbnails)
    return stream.codec_context is not None and not cover


def best_audio(container: InputContainer, path: Path, track: int | None) -> AudioStream | None:
    """The audio stream to listen to, or None where the film has none that can be decoded.

    Raises:
        MediaError: audio track number ``track`` (from 0) does not exist or cannot be decoded.
    """
    streams = container.streams.audio
    if track is not None:
        if not 0 <= track < len(streams):
            listed = f"it has {len(streams)}, numbered from 0" if streams else "it has none"
            raise MediaError(f"{path}: there is no audio track {track}; {listed}")
        if streams[track].codec_context is None:
            raise MediaError(f"{path}: audio track {track} cannot be decoded; choose another")
        return streams[track]
    usable = [s for s in streams if s.codec_context is not None]
    best = container.streams.best("audio")
    return next((s for s in usable if s is best), usable[0] if usable else None)


def decoded(container: InputContainer, streams: list[Any], damage: Damage) -> Iterator[Any]:
    """Frames of all ``streams`` in one pass, as they come; torn packets are counted and skipped.

    Gives up after a thousand failures in a row, so that a torn file ends rather than spins.
    """
    failures, file = 0, file_of(container)
    packets = container.demux(*streams)
    while failures < MAX_FAILURES:
        try:
            with answering(file):
                packet = next(packets, None)
                if packet is None:
                    return
                frames = packet.decode()
            damage.count += packet.is_corrupt
        except IndexError:  # PyAV at the end of a file in which a stream began half way
            break
        except av.FFmpegError:
            damage.count, failures = damage.count + 1, failures + 1
            packets = container.demux(*streams)
            continue
        failures = 0 if frames else failures
        yield from frames
    for stream in streams:
        yield from _flushed(stream)


def file_of(container: Container) -> str:
    """The path of an open container."""
    return container.name.removeprefix("file:")


def _flushed(stream: Any) -> list[Any]:
    try:
        return list(stream.decode(None))
    except av.FFmpegError:
        return []


def stated_end(container: InputContainer, streams: list[Any]) -> Fraction | None:
    """Where the headers say that these streams end, on the film's clock; None where unsaid."""
    ends = [_stated_stream_end(stream) for stream in streams]
    if all(end is not None for end in ends):
        return max(end for end in ends if end is not None)
    alone = len(container.streams) == len(streams)
    if not alone or not container.duration or container.duration < 0:
        return None
    # Matroska states where its timeline ends, others how long it lasts.
    begins = 0 if "matroska" in container.format.name else container.start_time or 0
    return Fraction(begins + container.duration, 1_000_000)


def _stated_stream_end(stream: Any) -> Fraction | None:
    base = as_fraction(stream.time_base)
    if not stream.duration or stream.duration < 0 or base is None:
        return None
    return Fraction(((stream.start_time or 0) + stream.duration) * base)
