"""Whole sound files in memory, and short films made of still pictures with sound."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from avsseg.errors import MediaError
from avsseg.media.container import open_container


def read_recording(path: Path, *, rate: int = 16_000) -> NDArray[np.int16]:
    """Decode the first sound track of a file, mixed to mono.

    Shapes:
        -> (S,) int16 at ``rate`` Hz.

    Raises:
        MediaError: the file is missing, damaged or without sound.
    """
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    try:
        with open_container(path) as container:
            pieces = [
                piece.to_ndarray()[0]
                for frame in (*container.decode(audio=0), None)
                for piece in resampler.resample(frame)
            ]
    except (av.FFmpegError, IndexError, OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise MediaError(f"{path}: its sound cannot be decoded ({reason}); replace it") from error
    if not pieces:
        raise MediaError(f"{path}: holds no sound; replace it")
    return np.concatenate(pieces)


def write_stills(
    path: Path, frames: NDArray[np.uint8], wave: NDArray[np.float32], *, rate: int = 8
) -> None:
    """Write an MP4 that shows each picture for one second, with mono sound at 16 kHz.

    Shapes:
        frames (T, H, W, 3) uint8 RGB, H and W even; wave (S,) in [-1, 1].
    """
    with av.open(str(path), "w", format="mp4") as container:
        options = {"crf": "18", "preset": "veryfast"}
        video = container.add_stream("libx264", rate=rate, options=options)
        video.height, video.width, video.pix_fmt = *frames.shape[1:3], "yuv420p"
        audio = container.add_stream("aac", rate=16_000, layout="mono")
        for second, picture in enumerate(frames):
            for tick in range(rate):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = second * rate + tick, Fraction(1, rate)
                container.mux(video.encode(frame))
        container.mux(video.encode(None))
        sound = av.AudioFrame.from_ndarray(wave[None].astype(np.float32), "fltp", "mono")
        sound.sample_rate, sound.pts, sound.time_base = 16_000, 0, Fraction(1, 16_000)
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
