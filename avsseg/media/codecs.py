"""Which encoders work here: an encoder that is listed may still refuse to open."""

from fractions import Fraction

import av
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from avsseg.media.priority import priority_kept

_SIZE = 256  # hardware encoders refuse smaller pictures
_RATE = 48000


def libav_version() -> str:
    """The version of the bundled libavcodec."""
    return ".".join(str(part) for part in av.library_versions["libavcodec"])


def encoder_opens(name: str) -> bool:
    """Whether an encoder, of picture or sound, is there and opens on this machine."""
    try:
        context = av.CodecContext.create(name, "w")
        if isinstance(context, VideoCodecContext):
            _prepare_video(context)
        elif isinstance(context, AudioCodecContext):
            _prepare_audio(context)
        with priority_kept():
            context.open()
    except (av.FFmpegError, ValueError):
        return False
    return True


def _prepare_video(context: VideoCodecContext) -> None:
    formats = context.codec.video_formats
    context.width = context.height = _SIZE
    context.time_base = Fraction(1, 25)
    context.pix_fmt = formats[0].name if formats else "yuv420p"


def _prepare_audio(context: AudioCodecContext) -> None:
    formats = context.codec.audio_formats
    context.sample_rate = _RATE
    context.layout = "stereo"
    context.format = formats[0].name if formats else "fltp"
