"""Single pictures by number and the whole sound of a film, as datasets are prepared from it."""

import wave
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from avsseg.errors import MediaError
from avsseg.media.colour import to_rgb
from avsseg.media.container import (
    Damage,
    as_fraction,
    best_audio,
    best_video,
    decoded,
    open_container,
)
from avsseg.media.orientation import orientation_of
from avsseg.media.sound import SAMPLE_RATE, MonoResampler, SoundBuffer

Picture = NDArray[np.uint8]


def frame_rate(path: Path) -> float:
    """Pictures per second as the file states them.

    Raises:
        MediaError: the file cannot be read or states no rate.
    """
    with open_container(path) as container:
        stream = best_video(container, path)
        rate = as_fraction(stream.average_rate) or as_fraction(stream.guessed_rate)
    if rate is None:
        raise MediaError(f"{path}: states no frame rate; convert it to one that does")
    return float(rate)


def pictures_by_number(path: Path, numbers: Sequence[int]) -> list[Picture]:
    """The pictures of the given rising numbers, counted from 0 at the file's own rate.

    A number past the end gives the last picture. Where the rate varies, the picture on display at
    that count is meant, as if the film had been made constant first.

    Shapes:
        -> one (H, W, 3) uint8 RGB each, upright, in source size

    Raises:
        MediaError: the file cannot be read or holds no picture.
    """
    with open_container(path) as container:
        stream = best_video(container, path)
        pictures: list[Picture] = []
        shown: av.VideoFrame | None = None
        for number, frame in _numbered(decoded(container, [stream], Damage()), stream):
            while shown is not None and len(pictures) < len(numbers):
                if numbers[len(pictures)] >= number:
                    break
                pictures.append(_upright_rgb(shown))
            if len(pictures) == len(numbers):
                return pictures
            shown = frame
        if shown is None:
            raise MediaError(f"{path}: holds no picture that can be decoded")
        return pictures + [_upright_rgb(shown)] * (len(numbers) - len(pictures))


def read_sound(path: Path) -> NDArray[np.float32]:
    """The whole sound of a file, mono at 16 kHz, from its first sample on.

    Shapes:
        -> (S,) float32

    Raises:
        MediaError: the file cannot be read or has no sound.
    """
    resampler, buffer = MonoResampler(), SoundBuffer()
    with open_container(path) as container:
        stream = best_audio(container, path, None)
        if stream is None:
            raise MediaError(f"{path}: has no sound")
        pieces = [p for f in decoded(container, [stream], Damage()) for p in resampler.push(f)]
    for piece in [*pieces, *resampler.flush()]:
        buffer.write(*piece)
    first = min((number for number, _ in pieces), default=0)
    return buffer.window(first, max(0, (buffer.end or 0) - first))


def extract_wav(path: Path, target: Path) -> None:
    """Writes the whole sound of a film as 16-bit PCM at 16 kHz, its channels kept.

    Raises:
        MediaError: the film cannot be read or has no sound.
    """
    chunks = []
    with open_container(path) as container:
        stream = best_audio(container, path, None)
        if stream is None:
            raise MediaError(f"{path}: has no sound")
        channels = stream.codec_context.layout.nb_channels
        layout = stream.codec_context.layout
        for part in _resampled(decoded(container, [stream], Damage()), layout):
            chunks.append(part.to_ndarray())
    with wave.open(str(target), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(b"".join(chunk.astype("<i2").tobytes() for chunk in chunks))


def _resampled(frames: Iterator[av.AudioFrame], layout: av.AudioLayout) -> Iterator[av.AudioFrame]:
    """16-bit frames at 16 kHz, also where the source goes on at another rate or layout."""
    for _, alike in groupby(frames, lambda f: (f.sample_rate, f.format.name, f.layout.name)):
        resampler = av.AudioResampler("s16", layout, SAMPLE_RATE)
        for frame in chain(alike, (None,)):
            yield from resampler.resample(frame)


def _numbered(
    frames: Iterator[av.VideoFrame], stream: VideoStream
) -> Iterator[tuple[int, av.VideoFrame]]:
    rate = as_fraction(stream.average_rate) or as_fraction(stream.guessed_rate)
    origin, number = None, -1
    for frame in frames:
        base = as_fraction(frame.time_base)
        if rate is None or base is None or frame.pts is None:
            number += 1
        else:
            time = frame.pts * base
            origin = time if origin is None else origin
            number = max(number, round((time - origin) * rate))
        yield number, frame


def _upright_rgb(frame: av.VideoFrame) -> Picture:
    orientation = orientation_of(frame)
    size = (frame.width, frame.height)
    return to_rgb(frame, size[::-1] if orientation.swaps_sides else size, orientation)
