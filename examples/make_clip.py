"""The recipe of farmyard.mp4: three free photographs in one meadow, three free recordings in turn.

It needs the data of GCompris (Debian package gcompris-qt-data 3.1) and, beyond avsseg's own
dependencies, opencv-python-headless:

    python make_clip.py /usr/share/gcompris-qt/rcc/explore_farm_animals.rcc farmyard.mp4

Sources, authors and licences: farmyard.LICENSE.md.
"""

import io
import struct
import sys
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = (960, 468)
SECONDS = 14
FRAME_RATE = 25
SAMPLE_RATE = 44100
SOUNDS = [  # file, when it begins in seconds
    ("dog.ogg", 1.0),
    ("dog.ogg", 2.1),
    ("cat.ogg", 4.6),
    ("sheep.ogg", 8.2),
    ("sheep.ogg", 9.7),
    ("dog.ogg", 12.0),
    ("sheep.ogg", 12.1),
]
DRIFT = 0.05  # the camera comes this much nearer

Pixels = NDArray[np.uint8]


def rcc_files(path: Path) -> dict[str, bytes]:
    """The files inside a Qt resource file of version 2 or later, by their names."""
    data = path.read_bytes()
    magic, _version, tree, content, names = struct.unpack(">4sIIII", data[:20])
    assert magic == b"qres"
    return dict(_rcc_walk(data, tree, content, names, node=0))


def _rcc_walk(
    data: bytes, tree: int, content: int, names: int, *, node: int
) -> Iterator[tuple[str, bytes]]:
    at = tree + 22 * node
    name_at, flags = struct.unpack_from(">IH", data, at)
    if flags & 2:  # a folder
        count, first = struct.unpack_from(">II", data, at + 6)
        for child in range(first, first + count):
            yield from _rcc_walk(data, tree, content, names, node=child)
        return
    (start,) = struct.unpack_from(">I", data, at + 10)
    (size,) = struct.unpack_from(">I", data, content + start)
    stored = data[content + start + 4 : content + start + 4 + size]
    (letters,) = struct.unpack_from(">H", data, names + name_at)
    name = data[names + name_at + 6 : names + name_at + 6 + 2 * letters].decode("utf-16-be")
    yield name, zlib.decompress(stored[4:]) if flags & 1 else stored


def picture(content: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def sound(content: bytes) -> NDArray[np.float32]:
    resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE)
    with av.open(io.BytesIO(content)) as source:
        frames = [f for frame in source.decode(audio=0) for f in resampler.resample(frame)]
    frames += resampler.resample(None)
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    loudest = max(np.sqrt(np.mean(part**2)) for part in np.array_split(samples, 8))
    return samples * (0.12 / loudest)


def kitten_matte(kitten: Pixels) -> NDArray[np.float32]:
    """Cuts the kitten off its crimson blanket: what is crimson at the rim is blanket."""
    red, green, blue = (kitten[..., channel].astype(np.int32) for channel in range(3))
    blanket = (red - green > 45) & (blue - green > -5) & (red - blue > 10)
    seeds = np.where(blanket, cv2.GC_BGD, cv2.GC_PR_FGD).astype(np.uint8)
    seeds[:, :170] = seeds[640:] = cv2.GC_BGD
    seeds[400:, :420] = cv2.GC_BGD
    cv2.ellipse(seeds, (585, 380), (105, 105), 0, 0, 360, int(cv2.GC_FGD), -1)  # the ball of wool
    model = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(kitten[..., ::-1].copy(), seeds, None, *model, 6, cv2.GC_INIT_WITH_MASK)
    mask = np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    body = (labels == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()).astype(np.uint8)
    body = cv2.erode(cv2.morphologyEx(body, cv2.MORPH_CLOSE, np.ones((9, 9))), np.ones((3, 3)))
    return cv2.GaussianBlur(body.astype(np.float32), (0, 0), 1.2)


def meadow(dog: Pixels, sheep: Pixels, kitten: Pixels) -> Pixels:
    """Dog on the left, sheep on the right, their grounds fading into another, a kitten between."""
    left = cv2.resize(dog, (960, 720), interpolation=cv2.INTER_AREA).astype(np.float32)
    right = cv2.resize(sheep, (994, 720), interpolation=cv2.INTER_AREA).astype(np.float32)
    canvas = np.zeros((720, 1480, 3), np.float32)
    canvas[:, :960] = left
    share = np.clip((np.arange(1480) - 860) / 95, 0, 1)[:, None]
    from_right = np.zeros_like(canvas)
    from_right[:, 700:] = right[:, :780]
    canvas = canvas * (1 - share) + from_right * share

    matte = kitten_matte(kitten)
    scale = 0.36
    size = (int(kitten.shape[1] * scale), int(kitten.shape[0] * scale))
    small = cv2.resize(kitten, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    alpha = cv2.resize(matte, size, interpolation=cv2.INTER_AREA)[..., None]
    top, start = 440, 800
    shade = cv2.GaussianBlur(np.roll(alpha[..., 0], 12, axis=0), (0, 0), 7)[..., None] * 0.45
    place = canvas[top : top + size[1], start : start + size[0]]
    place *= 1 - shade
    place += (small - place) * alpha
    return canvas.round().astype(np.uint8)


def frames(scene: Pixels) -> Iterator[Pixels]:
    height, width = scene.shape[:2]
    for index in range(SECONDS * FRAME_RATE):
        zoom = SIZE[0] / width * (1 + DRIFT * index / (SECONDS * FRAME_RATE))
        shift = (SIZE[0] - width * zoom) / 2, (SIZE[1] - height * zoom) / 2
        matrix = np.array([[zoom, 0, shift[0]], [0, zoom, shift[1]]])
        yield cv2.warpAffine(scene, matrix, SIZE, flags=cv2.INTER_LINEAR)


def mix(files: dict[str, bytes]) -> NDArray[np.float32]:
    track = np.zeros(SECONDS * SAMPLE_RATE, np.float32)
    for name, begin in SOUNDS:
        samples = sound(files[name])
        at = int(begin * SAMPLE_RATE)
        track[at : at + len(samples)] += samples
    assert np.abs(track).max() < 1
    return track


def write(path: Path, scene: Pixels, track: NDArray[np.float32]) -> None:
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        video = container.add_stream("libx264", FRAME_RATE, options={"crf": "30", "preset": "slow"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        video.codec_context.colorspace = video.codec_context.color_primaries = 1
        video.codec_context.color_trc = video.codec_context.color_range = 1
        audio = container.add_stream("aac", SAMPLE_RATE, layout="mono", bit_rate=96000)
        for pixels in frames(scene):
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace="itu709")
            frame.color_range = 1
            container.mux(video.encode(frame))
        heard = av.AudioFrame.from_ndarray(track[None], "fltp", "mono")
        heard.sample_rate, heard.time_base, heard.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), 0
        container.mux(audio.encode(heard))
        container.mux(audio.encode(None))
        container.mux(video.encode(None))


def main() -> None:
    files = rcc_files(Path(sys.argv[1]))
    photographs = (picture(files[f"{name}.webp"]) for name in ("dog", "sheep", "cat"))
    write(Path(sys.argv[2]), meadow(*photographs), mix(files))


if __name__ == "__main__":
    main()
