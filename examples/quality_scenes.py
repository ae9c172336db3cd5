"""Films with known truth, made of the pictures and sounds of farmyard.mp4.

Each shows a part of the meadow that holds still, with one animal heard at known times over a
noise floor. The animals' outlines were drawn by hand on the clip's first picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance

from avsseg.media.recording import read_recording

CLIP = Path(__file__).with_name("farmyard.mp4")
SECONDS, PICTURES, RATE = (
    20,
    10,
    16_000,
)  # of a made film: its length, pictures and samples a second

Stretch = tuple[float, float]

# fmt: off
OUTLINES = {  # (x, y), in pixels of the first picture
    "dog": ((
        (465, 72), (470, 28), (478, 17), (490, 38), (498, 62), (520, 62), (526, 40), (535, 20),
        (544, 18), (552, 45), (548, 78), (543, 100), (545, 135), (535, 165), (522, 188),
        (515, 208), (500, 230), (498, 255), (480, 278), (463, 300), (460, 330), (455, 365),
        (462, 400), (468, 425), (500, 433), (495, 440), (465, 440), (450, 430), (440, 400),
        (432, 370), (425, 330), (421, 305), (418, 350), (413, 385), (418, 402), (440, 412),
        (438, 420), (412, 422), (398, 412), (390, 380), (397, 345), (402, 302), (370, 297),
        (320, 288), (285, 287), (250, 296), (238, 320), (215, 350), (195, 380), (190, 403),
        (222, 409), (220, 418), (200, 420), (205, 432), (235, 437), (225, 443), (195, 441),
        (175, 427), (150, 397), (150, 380), (165, 355), (175, 333), (150, 337), (130, 355),
        (100, 375), (65, 378), (35, 365), (25, 345), (28, 320), (45, 312), (65, 322), (95, 325),
        (115, 308), (122, 285), (120, 255), (130, 225), (150, 200), (180, 180), (230, 158),
        (300, 140), (380, 130), (430, 125), (445, 112), (462, 98)),),
    "cat": ((
        (590, 313), (600, 322), (612, 333), (640, 338), (665, 333), (700, 338), (735, 350),
        (748, 365), (757, 380), (752, 392), (735, 402), (712, 415), (692, 414), (700, 402),
        (680, 396), (655, 401), (637, 390), (620, 388), (610, 378), (603, 364), (585, 361),
        (570, 348), (588, 340)),),
    "sheep": ((
        (727, 70), (745, 67), (772, 73), (785, 62), (810, 57), (832, 62), (845, 56), (872, 58),
        (865, 75), (848, 84), (872, 110), (890, 150), (905, 190), (911, 235), (905, 265),
        (890, 290), (870, 303), (848, 303), (840, 330), (834, 360), (840, 400), (825, 407),
        (815, 400), (818, 350), (818, 298), (800, 312), (796, 345), (790, 380), (795, 412),
        (778, 416), (768, 405), (773, 360), (768, 318), (740, 318), (718, 303), (714, 335),
        (686, 335), (689, 300), (676, 297), (664, 312), (650, 325), (646, 340), (622, 342),
        (618, 325), (608, 310), (606, 275), (604, 230), (605, 180), (610, 140), (625, 115),
        (660, 95), (700, 90), (745, 92), (738, 84)),
        ((612, 386), (638, 391), (641, 418), (625, 426), (611, 420)),
        ((678, 396), (698, 399), (694, 412), (682, 412))),
}
# fmt: on
HEARD = {"dog": (1.0, 2.05), "cat": (4.6, 7.1), "sheep": (8.2, 9.65)}  # in the clip's sound
VIEWS = {"all": (0, 960), "left": (0, 590), "right": (560, 960)}  # columns that a film shows
SEEN = {"all": ("dog", "cat", "sheep"), "left": ("dog",), "right": ("cat", "sheep")}


@dataclass(frozen=True, kw_only=True, eq=False)
class MadeFilm:
    """A film and what is true of it.

    Shapes:
        truth (H, W) bool: what sounds whenever something does

    Attributes:
        sounding: from when to when, in seconds.
    """

    path: Path
    animal: str
    truth: NDArray[np.bool_]
    sounding: tuple[Stretch, ...]

    def state(self, time: float, *, rim: float = 0.35) -> bool | None:
        """Whether something sounds at a time; None within ``rim`` seconds of a change."""
        if any(abs(time - edge) < rim for stretch in self.sounding for edge in stretch):
            return None
        return any(start <= time < end for start, end in self.sounding)


def made_films(folder: Path, count: int, rng: np.random.Generator) -> Iterator[MadeFilm]:
    """Films of the meadow, each with its own view, light, noise, animal and pauses."""
    picture, sound = _first_picture(CLIP), read_recording(CLIP).astype(np.float32) / 32768
    for number in range(count):
        view = ("left", "right", "all")[number % 3]
        animal = str(rng.choice(SEEN[view]))
        still, truth = _seen(picture, view, animal, rng)
        begin, end = (round(edge * RATE) for edge in HEARD[animal])
        wave, sounding = _heard(sound[begin:end], rng)
        path = folder / f"{number:03}-{view}-{animal}.mp4"
        _write(path, still, wave, rng)
        yield MadeFilm(path=path, animal=animal, truth=truth, sounding=sounding)


def outline_mask(animal: str, size: tuple[int, int]) -> NDArray[np.bool_]:
    """What an animal covers on the clip's first picture.

    Shapes:
        size (width, height) -> (height, width)
    """
    mask = Image.new("1", size)
    for polygon in OUTLINES[animal]:
        ImageDraw.Draw(mask).polygon(polygon, fill=1)
    return np.asarray(mask, bool)


def _first_picture(path: Path) -> Image.Image:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_image()


def _seen(
    picture: Image.Image, view: str, animal: str, rng: np.random.Generator
) -> tuple[Image.Image, NDArray[np.bool_]]:
    mask = Image.fromarray(outline_mask(animal, picture.size).astype(np.uint8) * 255)
    left, right = VIEWS[view]
    margin = int(rng.integers(0, 30))
    box = (left, margin // 2, right, picture.height - margin // 2)
    flip = bool(rng.integers(2))
    parts = []
    for one in (picture, mask):
        part = one.crop(box)
        part = part.resize((part.width // 4 * 2, part.height // 4 * 2))
        parts.append(part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else part)
    light = ImageEnhance.Brightness(parts[0]).enhance(rng.uniform(0.6, 1.2))
    return light, np.asarray(parts[1]) > 127


def _heard(
    call: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.float32], tuple[Stretch, ...]]:
    """Calls, once or twice in a row, with pauses, over noise 20 to 40 dB below them."""
    level = np.sqrt(np.mean(call**2)) * 10 ** (-rng.uniform(20, 40) / 20)
    wave = rng.normal(0, level, SECONDS * RATE).astype(np.float32)
    sounding, at = [], int(rng.uniform(1.5, 3) * RATE)
    while at + 2 * len(call) < len(wave) - RATE:
        calls = int(rng.integers(1, 3)) * len(call)
        wave[at : at + calls] += np.resize(call, calls)
        sounding.append((at / RATE, (at + calls) / RATE))
        at += calls + int(rng.uniform(2, 4) * RATE)
    return wave.clip(-1, 1), tuple(sounding)


def _write(
    path: Path, still: Image.Image, wave: NDArray[np.float32], rng: np.random.Generator
) -> None:
    """The picture, held for the length of the sound, with the noise of a camera."""
    pixels = np.asarray(still, np.float32)
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", PICTURES, options={"preset": "veryfast"})
        video.width, video.height, video.pix_fmt = still.width, still.height, "yuv420p"
        audio = container.add_stream("aac", RATE, layout="mono")
        for _ in range(SECONDS * PICTURES):
            noisy = (pixels + rng.normal(0, 3, pixels.shape)).clip(0, 255).astype(np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(noisy, "rgb24")))
        heard = av.AudioFrame.from_ndarray(wave[None], "fltp", "mono")
        heard.sample_rate, heard.time_base, heard.pts = RATE, Fraction(1, RATE), 0
        container.mux(audio.encode(heard))
        container.mux(audio.encode(None))
        container.mux(video.encode(None))
