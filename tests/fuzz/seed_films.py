"""Films of a few kilobytes, one for each kind of container and each turn that reading takes."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

PICTURES, SIZE = 8, (48, 32)
RATES = {".flv": 44100, ".wmv": 44100}

# Name of the file, codec of the pictures and their layout, codec of the sound, container's options.
FILMS: list[tuple[str, str, str, str, dict[str, str]]] = [
    ("a.mp4", "libx264", "yuv420p", "aac", {}),
    ("b.mp4", "libx264", "yuv420p", "aac", {"movflags": "frag_keyframe+empty_moov"}),
    ("c.mp4", "mpeg4", "yuv420p", "mp3", {}),
    ("a.mov", "mpeg4", "yuv420p", "pcm_s16le", {}),
    ("b.mov", "png", "rgba", "", {}),
    ("c.mov", "mjpeg", "yuvj420p", "alac", {}),
    ("a.mkv", "libx264", "yuv420p", "pcm_s16le", {}),
    ("b.mkv", "ffv1", "yuv444p", "flac", {}),
    ("c.mkv", "libx264", "yuv420p10le", "libopus", {}),
    ("a.webm", "libvpx", "yuv420p", "libopus", {}),
    ("b.webm", "libvpx-vp9", "yuva420p", "libopus", {}),
    ("a.avi", "mpeg4", "yuv420p", "libmp3lame", {}),
    ("b.avi", "rawvideo", "bgr24", "pcm_u8", {}),
    ("a.ts", "mpeg2video", "yuv420p", "mp2", {}),
    ("a.flv", "flv", "yuv420p", "libmp3lame", {}),
    ("a.gif", "gif", "rgb8", "", {}),
    ("a.ogg", "", "", "libopus", {}),
    ("a.wmv", "wmv2", "yuv420p", "wmav2", {}),
    ("a.nut", "mpeg4", "yuv420p", "pcm_f32le", {}),
    ("a.mp3", "", "", "libmp3lame", {}),
    ("a.wav", "", "", "pcm_s24le", {}),
    ("a.flac", "", "", "flac", {}),
]


def films(folder: Path) -> Iterator[bytes]:
    """The bytes of every film that this build of FFmpeg can write."""
    for name, pictures, layout, sounds, options in FILMS:
        try:
            write(folder / name, pictures, layout, sounds, options)
        except (av.FFmpegError, ValueError) as error:
            print(f"no seed {name}: {error}")
            continue
        yield (folder / name).read_bytes()


def write(path: Path, pictures: str, layout: str, sounds: str, options: dict[str, str]) -> None:
    """One film of eight pictures and as much of a tone."""
    with av.open(str(path), "w", options=options) as out:
        video: Any = out.add_stream(pictures, rate=10) if pictures else None
        rate = RATES.get(path.suffix, 48000 if sounds == "libopus" else 16000)
        sound: Any = out.add_stream(sounds, rate=rate, layout="mono") if sounds else None
        if sounds == "wmav2":
            sound.bit_rate = 48_000
        if path.stem == "c" and video:
            video.set_display_rotation(90)
        if video:
            video.width, video.height, video.pix_fmt = *SIZE, layout
            video.codec_context.thread_count = 1
        if video:
            for number in range(PICTURES):
                out.mux(video.encode(picture(number, layout)))
        if sound:
            for frame in tone(sound, rate):
                out.mux(sound.encode(frame))
        for stream in filter(None, (video, sound)):
            out.mux(stream.encode(None))


def picture(number: int, layout: str) -> av.VideoFrame:
    """A block that wanders over grey."""
    values = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    values[8:16, number * 4 : number * 4 + 8] = 30 * number
    frame = av.VideoFrame.from_ndarray(values, format="rgb24").reformat(format=layout)
    frame.pts, frame.time_base = number, Fraction(1, 10)
    return frame


def tone(stream: Any, rate: int) -> Iterator[av.AudioFrame]:
    """Eight tenths of a second in the stream's own format."""
    times = np.arange(rate * PICTURES // 10) / rate
    samples = (0.3 * np.sin(2 * np.pi * 440 * times)).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(
        format=stream.codec_context.format.name, layout="mono", rate=rate, frame_size=size
    )
    yield from resampler.resample(frame)
    yield from resampler.resample(None)
