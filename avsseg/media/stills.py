"""A few small pictures out of a film, for pages that show what it is about."""

from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from avsseg.media.clock import time_of
from avsseg.media.colour import to_rgb
from avsseg.media.container import Damage, as_fraction, best_video, decoded, open_container
from avsseg.media.orientation import orientation_of

_QUALITY = 78


def jpeg_stills(path: Path, times: Sequence[Fraction], *, width: int) -> list[bytes]:
    """The pictures on display at some times, as JPEG files; each is sought, not read up to.

    Args:
        path: the film.
        times: rising, in seconds on the film's clock.
        width: pixels across, or those of the film if it has fewer.

    Raises:
        MediaError: the film cannot be read.
    """
    stills = []
    for time in times:
        with open_container(path) as container:
            frame = _on_display(container, best_video(container, path), time)
            if frame is not None:
                stills.append(_jpeg(frame, width))
    return stills


def _on_display(
    container: InputContainer, stream: VideoStream, time: Fraction
) -> av.VideoFrame | None:
    base = as_fraction(stream.time_base)
    if base is not None:
        with suppress(av.FFmpegError, OverflowError):  # then it is read from the start
            container.seek(int(time // base), stream=stream, backward=True)
    shown: av.VideoFrame | None = None
    for frame in decoded(container, [stream], Damage()):
        if shown is not None and time_of(frame) > time:
            break
        shown = frame
    return shown


def _jpeg(frame: av.VideoFrame, width: int) -> bytes:
    orientation, aspect = orientation_of(frame), Fraction(frame.width, frame.height)
    shape = 1 / aspect if orientation.swaps_sides else aspect
    width = min(width, frame.height if orientation.swaps_sides else frame.width)
    picture = to_rgb(frame, (width, max(1, round(width / shape))), orientation)
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()
