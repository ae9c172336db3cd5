"""Which encoder makes the pictures of an output, and with which settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import av
from av.container import OutputContainer
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from avsseg.errors import UsageError
from avsseg.media.clock import tick_of
from avsseg.media.colour import matrix_of, range_of
from avsseg.media.planes import carry_labels
from avsseg.media.priority import priority_kept

if TYPE_CHECKING:
    Packet: TypeAlias = av.Packet[Any]
else:  # generic in its stub alone
    Packet = av.Packet

KEY_FRAME_SECONDS = 2
FALLBACK_RATE = Fraction(25)
_BITS_PER_PIXEL = Fraction(1, 6)
_X264 = {"crf": "20", "preset": "veryfast"}
_NVENC = {"preset": "p5", "rc": "vbr", "cq": "21"}
_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "libx264": _X264,
    "libx265": {"crf": "22", "preset": "veryfast", "x265-params": "log-level=error"},
    "libsvtav1": {"crf": "30", "preset": "9"},
    "libvpx-vp9": {"crf": "30", "b": "0", "deadline": "good", "cpu-used": "5", "row-mt": "1"},
    "h264_nvenc": _NVENC,
    "hevc_nvenc": _NVENC,
    "av1_nvenc": _NVENC,
    "prores_ks": {"vendor": "apl0"},
}


@dataclass(frozen=True, kw_only=True)
class VideoFormat:
    """How the pictures of an output are stored.

    Attributes:
        encoder: any video encoder of the bundled libav.
        pixel_format: what it is fed with; another one that it knows is taken where it must be.
        options: settings of the encoder, on top of those that are ours for it.
        keeps_odd_sizes: an odd side needs no padding.
    """

    encoder: str = "libx264"
    pixel_format: str = "yuv420p"
    options: Mapping[str, str] = field(default_factory=dict)
    keeps_odd_sizes: bool = False


H264 = VideoFormat()
PRORES_ALPHA = VideoFormat(
    encoder="prores_ks",
    pixel_format="yuva444p10le",
    options={"profile": "4444", "alpha_bits": "8"},
    keeps_odd_sizes=True,
)
VP9_ALPHA = VideoFormat(
    encoder="libvpx-vp9",
    pixel_format="yuva420p",
    options={"auto-alt-ref": "0"},
    keeps_odd_sizes=True,
)


class Encoder:
    """One video stream of an output file, opened to fit its first frame.

    No frame is reordered (no B-frames): with irregular times the mp4 header would state a wrong
    duration otherwise.

    Raises:
        UsageError: there is no such encoder, it does not open here, or the container cannot hold
            what it makes.
    """

    def __init__(
        self,
        output: OutputContainer,
        video_format: VideoFormat,
        like: av.VideoFrame,
        *,
        rate: Fraction | None,
        sample_aspect_ratio: Fraction,
    ) -> None:
        self._format = video_format
        self._reformatter = VideoReformatter()
        self.stream = _add_stream(output, video_format.encoder, rate or FALLBACK_RATE)
        context = self.stream.codec_context
        context.width, context.height = like.width, like.height
        context.pix_fmt = _pixel_format(video_format)
        context.time_base = self.stream.time_base = tick_of(like)
        context.sample_aspect_ratio = sample_aspect_ratio
        context.gop_size = max(1, round(KEY_FRAME_SECONDS * (rate or FALLBACK_RATE)))
        context.max_b_frames = 0
        context.thread_type = "AUTO"
        context.colorspace, context.color_range = like.colorspace, like.color_range
        context.color_primaries, context.color_trc = like.color_primaries, like.color_trc
        self._set_quality(rate or FALLBACK_RATE)
        self._open()

    def encode(self, frame: av.VideoFrame | None) -> list[Packet]:
        """Packets that are ready after ``frame``; None asks for the last ones."""
        if frame is None:
            return list(self.stream.encode(None))
        frame = self._converted(frame)
        frame.pict_type = 0  # else the source's own choice of key frames would be forced
        return list(self.stream.encode(frame))

    def _converted(self, frame: av.VideoFrame) -> av.VideoFrame:
        target = self.stream.codec_context.pix_fmt
        if frame.format.name == target:
            return frame
        matrix, values = matrix_of(frame), range_of(frame)
        converted = self._reformatter.reformat(
            frame,
            format=target,
            src_colorspace=matrix,
            dst_colorspace=matrix,
            src_color_range=values,
            dst_color_range=values,
            threads=1,  # side by side, libswscale's slices spoil each other's rows at odd widths
        )
        return carry_labels(frame, converted)

    def _set_quality(self, rate: Fraction) -> None:
        context, name = self.stream.codec_context, self._format.encoder
        if name not in _OPTIONS:
            context.bit_rate = round(context.width * context.height * rate * _BITS_PER_PIXEL)
        context.options = {**_OPTIONS.get(name, {}), **self._format.options}

    def _open(self) -> None:
        try:
            with priority_kept():
                self.stream.codec_context.open()
        except (av.FFmpegError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error)
            raise UsageError(
                f"encoder {self._format.encoder}: cannot be opened here ({reason}); "
                "choose another with --encoder"
            ) from error


def open_output(path: Path, clock: int) -> OutputContainer:
    """A container of the kind that the suffix of ``path`` says, ready for streams.

    Args:
        path: the file.
        clock: ticks per second in which an mp4 states when its tracks begin and end.

    Raises:
        UsageError: the suffix is of no video container that can be written.
    """
    options = {}
    if path.suffix.lower() in (".mp4", ".m4v", ".mov"):
        options = {"movflags": "+faststart", "movie_timescale": str(clock)}
    try:
        return av.open(f"file:{path.absolute()}", "w", options=options)
    except ValueError as error:
        suffix = path.suffix or "a name without suffix"
        raise UsageError(
            f"{suffix}: no video container of that kind can be written; choose .mp4 or .mkv"
        ) from error


def _add_stream(output: OutputContainer, name: str, rate: Fraction) -> VideoStream:
    try:
        is_video = av.Codec(name, "w").type == "video"
    except ValueError:
        is_video = False
    if not is_video:
        raise UsageError(
            f"encoder {name}: the bundled libav has no such video encoder; choose libx264, "
            f"libx265 or libsvtav1, or ffmpeg:{name} if an installed ffmpeg has it"
        )
    try:
        stream = output.add_stream(name, rate=rate)
    except ValueError as error:
        raise UsageError(
            f"encoder {name}: a {output.format.name} file cannot hold what it makes; "
            "choose another encoder or another suffix"
        ) from error
    assert isinstance(stream, VideoStream)
    return stream


def _pixel_format(video_format: VideoFormat) -> str:
    known = [f.name for f in av.Codec(video_format.encoder, "w").video_formats or ()]
    if not known or video_format.pixel_format in known:
        return video_format.pixel_format
    return known[0]
