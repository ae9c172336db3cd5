"""Films made on the fly with PyAV, every fact of them known to the test that asks.

Every picture of a film carries its own number: eight columns in the top half spell the number in
binary, black or white, lowest bit on the left; the bottom left quarter is red, the bottom right
quarter blue. So a test can tell which frame it was given, whether it stands upright, and whether
its colours survived, after any resizing.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

RED, BLUE = (200, 40, 30), (30, 60, 200)
MATRICES = {1: 1, 5: 5, 6: 5, 9: 9}

Wave = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def paint(number: int, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The picture that spells ``number``, (H, W, 3) uint8 RGB."""
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    bits = (number >> np.minimum(np.arange(width) * 8 // width, 7)) & 1
    picture[: height // 2] = (bits * 255).astype(np.uint8)[None, :, None]
    picture[height // 2 :, : width // 2] = RED
    picture[height // 2 :, width // 2 :] = BLUE
    return picture


def read_number(picture: NDArray[np.uint8]) -> int:
    """The number that an upright picture of any size spells."""
    height, width = picture.shape[:2]
    columns = picture[: height // 2].mean(axis=(0, 2))
    middles = (np.arange(8) * 2 + 1) * width // 16
    return int(((columns[middles] > 127) << np.arange(8)).sum())


def tone(frequency: float = 440.0, level: float = 0.25) -> Wave:
    """A steady sine."""
    return lambda seconds: level * np.sin(2 * np.pi * frequency * seconds)


def silence(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Digital silence."""
    return np.zeros_like(seconds)


def _video_stream(container: Any, recipe: dict[str, Any]) -> Any:
    options = {"preset": "ultrafast"} if recipe["codec"] == "libx264" else {}
    options |= recipe["codec_options"]
    rate = recipe["rate"] or Fraction(10)
    stream = container.add_stream(recipe["codec"], rate=rate, options=options)
    stream.width, stream.height = recipe["size"]
    stream.pix_fmt = recipe["pix_fmt"]
    context = stream.codec_context
    context.time_base = stream.time_base = recipe["time_base"]
    context.thread_count = 1
    context.gop_size, context.max_b_frames = recipe["gop"], recipe["b_frames"]
    if recipe["sar"]:
        context.sample_aspect_ratio = recipe["sar"]
    if recipe["rotation"] or recipe["hflip"]:
        stream.set_display_rotation(recipe["rotation"], hflip=recipe["hflip"])
    for tag in ("colorspace", "color_range", "color_trc", "color_primaries"):
        if recipe[tag]:
            setattr(context, tag, recipe[tag])
    return stream


def _video_frame(number: int, seconds: Fraction, recipe: dict[str, Any]) -> av.VideoFrame:
    picture = recipe["picture"](number, recipe["size"])
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format=recipe["pix_fmt"],
        dst_colorspace=MATRICES[recipe["matrix"] or recipe["colorspace"] or 6],
        dst_color_range=recipe["color_range"] or 1,
    )
    frame.colorspace = recipe["colorspace"] or 2
    frame.color_range = recipe["color_range"]
    frame.color_trc = recipe["color_trc"] or 2
    frame.color_primaries = recipe["color_primaries"] or 2
    frame.time_base = recipe["time_base"]
    frame.pts = round(seconds / recipe["time_base"])
    return frame


def _audio_stream(container: Any, sound: dict[str, Any]) -> Any:
    stream = container.add_stream(sound["codec"], rate=sound["rate"], layout=sound["layout"])
    if sound.get("language"):
        stream.metadata["language"] = sound["language"]
    return stream


def _audio_frames(sound: dict[str, Any], format_name: str) -> list[av.AudioFrame]:
    """The whole track in frames of 1024 samples, stamped with its own start."""
    rate, first = sound["rate"], round(sound["start"] * sound["rate"])
    count = round(sound["seconds"] * rate)
    times = (first + np.arange(count)) / rate
    samples = np.clip(sound["wave"](times), -1, 1).astype(np.float32)
    channels = av.AudioLayout(sound["layout"]).nb_channels
    frames = []
    for begin in range(0, count, 1024):
        block = np.repeat(samples[None, begin : begin + 1024], channels, axis=0)
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=sound["layout"])
        frame.sample_rate, frame.pts, frame.time_base = rate, first + begin, Fraction(1, rate)
        frames += av.AudioResampler(format=format_name).resample(frame)
    return frames


def write_film(path: Path, recipe: dict[str, Any]) -> None:
    """Encode one film; pictures and sounds go in by time unless ``interleave`` is off."""
    items: list[tuple[float, Any, Any]] = []
    container_options = dict(recipe["container_options"])
    if not recipe["interleave"]:
        container_options["max_interleave_delta"] = "1"
    with av.open(str(path), "w", format=recipe["format"], options=container_options) as out:
        sounds = [{**SOUND, "seconds": recipe["seconds"], **s} for s in recipe["sounds"]]
        tracks = [_audio_stream(out, s) for s in sounds] if recipe["audio_first"] else []
        if recipe["times"]:
            video = _video_stream(out, recipe)
            items += [
                (float(t), video, _video_frame(i, t, recipe)) for i, t in enumerate(recipe["times"])
            ]
        tracks = tracks or [_audio_stream(out, s) for s in sounds]
        for track, sound in zip(tracks, sounds, strict=True):
            frames = _audio_frames(sound, track.codec_context.format.name)
            items += [(float(f.pts * f.time_base), track, f) for f in frames]
        if recipe["interleave"]:
            items.sort(key=lambda item: item[0])
        for _, stream, frame in items:
            out.mux(stream.encode(frame))
        for stream in {id(item[1]): item[1] for item in items}.values():
            out.mux(stream.encode(None))


SOUND: dict[str, Any] = {
    "wave": tone(),
    "start": Fraction(0),
    "rate": 16000,
    "layout": "mono",
    "codec": "pcm_s16le",
    "language": None,
}

FILM: dict[str, Any] = {
    "size": (64, 48),
    "rate": Fraction(10),
    "seconds": Fraction(2),
    "start": Fraction(0),
    "times": None,  # explicit presentation times instead of a rate: variable frame rate
    "time_base": None,
    "codec": "libx264",
    "codec_options": {"crf": "10"},
    "pix_fmt": "yuv420p",
    "gop": 12,
    "b_frames": 0,
    "rotation": 0,  # degrees that a player turns the stored picture anticlockwise
    "hflip": False,
    "sar": None,
    "colorspace": 0,  # FFmpeg's numbers; 0 leaves the tag unset
    "color_range": 0,
    "color_trc": 0,
    "color_primaries": 0,
    "matrix": None,  # matrix of the pixels where it differs from the tag
    "picture": paint,
    "sounds": ({},),  # one dict over SOUND for each track; () for none
    "audio_first": False,
    "interleave": True,
    "format": None,
    "container_options": {},
}


@pytest.fixture
def make_film(tmp_path: Path) -> Callable[..., Path]:
    """Factory of films: ``make_film("a.mkv", rate=Fraction(25), sounds=())``; see ``FILM``."""

    def make(name: str = "film.mkv", /, **changes: Any) -> Path:
        unknown = changes.keys() - FILM.keys()
        assert not unknown, f"unknown film settings {sorted(unknown)}"
        recipe = {**FILM, **changes}
        if recipe["times"] is None:
            count = int(Fraction(recipe["seconds"]) * recipe["rate"])
            recipe["times"] = [recipe["start"] + i / Fraction(recipe["rate"]) for i in range(count)]
        default_base = 1 / Fraction(recipe["rate"]) if changes.get("times") is None else None
        recipe["time_base"] = recipe["time_base"] or default_base or Fraction(1, 1000)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_film(path, recipe)
        return path

    return make


@pytest.fixture
def number_of() -> Callable[[NDArray[np.uint8]], int]:
    """Reads the number that a picture of a made film spells (upright RGB, any size)."""
    return read_number


@pytest.fixture
def picture_of() -> Callable[[int, tuple[int, int]], NDArray[np.uint8]]:
    """The picture that was painted: ``picture_of(number, (width, height))``."""
    return paint


@pytest.fixture
def waves() -> dict[str, Callable[..., Any]]:
    """Sounds for ``make_film``: ``waves["tone"](frequency, level)`` and ``waves["silence"]``."""
    return {"tone": tone, "silence": silence}


@pytest.fixture
def cut_tail() -> Callable[[Path, float], Path]:
    """Cuts a film's file after the given share of its bytes, in place."""

    def cut(path: Path, share: float = 0.6) -> Path:
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        return path

    return cut


@pytest.fixture
def garble_middle() -> Callable[..., Path]:
    """Overwrites a stretch of a film's bytes with noise, in place."""

    def garble(path: Path, share: float = 0.5, length: float = 0.1) -> Path:
        data = bytearray(path.read_bytes())
        begin, count = int(len(data) * share), int(len(data) * length)
        noise: Sequence[int] = np.random.default_rng(0).integers(0, 256, count).tolist()
        data[begin : begin + count] = bytes(noise)
        path.write_bytes(bytes(data))
        return path

    return garble
