"""A film out of nothing, for measuring on any machine the same work."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from avsseg.media.colour import resize_rgb

SOUND_RATE = 16_000
_PAN = 4  # pixels a frame
_COARSE = 16  # pixels of texture to one drawn number


def make_film(
    path: Path, *, seconds: int = 20, size: tuple[int, int] = (1280, 720), rate: int = 25
) -> None:
    """Writes a film in H.264 and AAC: a texture that moves, and a tone every other second.

    Args:
        path: what to write; its suffix chooses the container.
        seconds: its length.
        size: (width, height), even numbers.
        rate: pictures per second.
    """
    width, height = size
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (height // _COARSE + 1, width // _COARSE * 2, 3), np.uint8)
    texture = resize_rgb(coarse, (2 * width, height))
    with av.open(f"file:{path.absolute()}", "w") as out:
        options = {"preset": "ultrafast", "crf": "23"}
        picture = out.add_stream("libx264", rate=rate, options=options)
        picture.width, picture.height, picture.pix_fmt = width, height, "yuv420p"
        sound = out.add_stream("aac", rate=SOUND_RATE, layout="mono")
        for second in range(seconds):
            for number in range(second * rate, (second + 1) * rate):
                out.mux(picture.encode(_picture(texture, number, width, rate)))
            out.mux(sound.encode(_tone(second)))
        out.mux(picture.encode(None))
        out.mux(sound.encode(None))


def _picture(texture: NDArray[np.uint8], number: int, width: int, rate: int) -> av.VideoFrame:
    left = number * _PAN % width
    part = np.ascontiguousarray(texture[:, left : left + width])
    frame = av.VideoFrame.from_ndarray(part, format="rgb24")
    frame.pts, frame.time_base = number, Fraction(1, rate)
    return frame


def _tone(second: int) -> av.AudioFrame:
    """One second of sound: a tone in even seconds, silence in odd ones."""
    times = np.arange(SOUND_RATE) / SOUND_RATE
    samples = 0.25 * np.sin(2 * np.pi * 440 * times) * (second % 2 == 0)
    frame = av.AudioFrame.from_ndarray(
        samples.astype(np.float32)[None], format="fltp", layout="mono"
    )
    frame.sample_rate, frame.time_base = SOUND_RATE, Fraction(1, SOUND_RATE)
    frame.pts = second * SOUND_RATE
    return frame
