"""Scene cuts: found at their exact picture; motion, light and flashes are none."""

from fractions import Fraction

import numpy as np
import pytest

from avsseg.media.clock import time_of
from avsseg.media.cuts import CutFinder, Thumbnails, change
from avsseg.media.reader import open_video


def scene(seed, count, *, speed=0.0):
    """Pictures of one scene: soft blobs that drift, with some grain."""
    random = np.random.default_rng(seed)
    centres, widths = random.uniform(0, 1, (6, 2)), random.uniform(0.05, 0.3, 6)
    shades, ground = random.uniform(0, 1, 6), random.uniform(0, 1)
    y, x = np.mgrid[:48, :64] / np.array([48, 64])[:, None, None]
    for number in range(count):
        picture = np.full((48, 64), ground)
        for (cy, cx), width, shade in zip(centres, widths, shades, strict=True):
            cx = abs((cx + number * speed) % 2 - 1)  # to and fro
            weight = np.exp(-((y - cy) ** 2 + (x - cx) ** 2) / width**2)
            picture = picture * (1 - weight) + shade * weight
        grain = random.normal(0, 0.02, picture.shape)
        yield np.clip(picture + grain, 0, 1).astype(np.float32)


def cuts_of(pictures):
    finder = CutFinder()
    for number, picture in enumerate(pictures):
        finder.see(Fraction(number, 25), picture)
    return [cut * 25 for cut in finder.cuts]


def test_cuts_are_found_at_the_first_picture_of_the_new_scene():
    """Twenty scenes of unlike content: most cuts, and nothing else, are reported."""
    lengths = np.random.default_rng(0).integers(8, 20, 20)
    pictures = [p for seed, n in enumerate(lengths) for p in scene(seed, int(n), speed=0.01)]
    true = set(np.cumsum(lengths)[:-1].tolist())
    found = {int(cut) for cut in cuts_of(pictures)}
    assert found <= true
    assert len(found) >= 0.85 * len(true)


@pytest.mark.parametrize("speed", [0.0, 0.02, 0.1])
def test_motion_is_no_cut(speed):
    """However fast things pass through the picture."""
    assert cuts_of(scene(1, 80, speed=speed)) == []


def test_a_flash_is_no_cut():
    """One white picture, and all is as before."""
    pictures = list(scene(2, 40))
    pictures[20] = np.ones_like(pictures[20])
    assert cuts_of(pictures) == []


def test_a_slow_fade_is_no_cut():
    """A dissolve of two seconds has no first picture."""
    first, second = list(scene(3, 50)), list(scene(4, 50))
    weights = np.linspace(0, 1, 50, dtype=np.float32)
    mixed = [a * (1 - w) + b * w for a, b, w in zip(first, second, weights, strict=True)]
    assert cuts_of(mixed) == []


def test_change_is_a_share():
    """Nothing between a picture and itself, all between black and white."""
    black, white = np.zeros((48, 64), np.float32), np.ones((48, 64), np.float32)
    assert change(black, black) == 0
    assert change(black, white) == pytest.approx(1)


def test_cuts_of_a_film_have_its_own_timestamps(make_film):
    """Dark numbers, then a bright wall from picture 12 on: the cut is at 1.2 s, exactly."""

    def picture(number, size):
        ground = np.full((size[1], size[0], 3), 40 if number < 12 else 210, np.uint8)
        ground[:, : size[0] // 3] = 90 if number < 12 else 150
        return ground

    finder, thumbnail = CutFinder(), Thumbnails()
    with open_video(make_film(picture=picture, seconds=Fraction(3))) as film:
        for frame in film.frames():
            finder.see(time_of(frame), thumbnail(frame))
    assert finder.cuts == [Fraction(6, 5)]
