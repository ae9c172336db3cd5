"""The masks of a film's pictures: they follow what moves, and take their time only where needed."""

from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from avsseg import film_masks
from avsseg.film_masks import FilmMasks
from avsseg.gate import GateSettings, SoundGate
from avsseg.media.blend import MaskTimeline, TimedMask
from avsseg.media.cuts import CutFinder
from avsseg.media.grey import grey_of, grey_of_rgb
from avsseg.media.sound import SoundProfile
from avsseg.prediction import Prediction

SIZE = 256, 144
GRID = 96


def texture(seed, width, height):
    """Soft spots in colour."""
    spots = np.random.default_rng(seed).integers(0, 256, (height // 24, width // 24, 3), np.uint8)
    return np.array(Image.fromarray(spots).resize((width, height), Image.Resampling.BICUBIC))


def picture(seconds):
    """A square that crosses the picture at 48 pixels a second; its mask."""
    (width, height), left = SIZE, 40 + round(48 * float(seconds))
    rgb = texture(0, width, height)
    rgb[48:96, left : left + 48] = texture(1, 48, 48)
    rows, columns = (np.arange(GRID) + 0.5) * height / GRID, (np.arange(GRID) + 0.5) * width / GRID
    inside = (rows[:, None] >= 48) & (rows[:, None] < 96)
    return rgb, (inside & (left <= columns) & (columns < left + 48)).astype(np.float32)


def frame_at(time):
    frame = av.VideoFrame.from_ndarray(picture(time)[0], format="rgb24")
    frame = frame.reformat(format="yuv420p")
    frame.time_base = Fraction(1, 1000)
    frame.pts = round(1000 * time)
    return frame


def predictions(*times, spread=False, sounding=1.0):
    for index, time in enumerate(times):
        rgb, mask = picture(time)
        yield Prediction(
            index=index,
            time=Fraction(time),
            mask=mask,
            raw=mask,
            sounding=sounding,
            loudness_db=None,
            spread=mask / 4 if spread else None,
            grey=grey_of_rgb(rgb),
        )


def iou(one, other):
    a, b = one > 0.5, other > 0.5
    return (a & b).sum() / (a | b).sum()


def test_masks_follow_what_moves_between_predictions():
    """Each picture of two seconds, with predictions two times a second."""
    times, pictures = [Fraction(n, 2) for n in range(5)], [Fraction(n, 10) for n in range(20)]
    masks = FilmMasks(predictions(*times), gate=None, cuts=CutFinder())
    in_place = MaskTimeline([TimedMask(time=p.time, mask=p.raw) for p in predictions(*times)])
    scores = [
        (iou(masks.of(frame_at(time)).mask, truth), iou(in_place.at(time), truth))
        for time in pictures
        for truth in [picture(time)[1]]
    ]
    worst, without = np.min(scores, axis=0)
    assert worst > 0.85
    assert without < 0.75


def test_a_prediction_is_shown_as_it_is():
    """At its own time nothing is computed."""
    masks = FilmMasks(predictions(0, 1), gate=None, cuts=CutFinder())
    np.testing.assert_array_equal(masks.of(frame_at(0)).mask, picture(0)[1])


def test_the_spread_moves_with_the_mask():
    """A quarter of it here as there."""
    masks = FilmMasks(predictions(0, 1, spread=True), gate=None, cuts=CutFinder())
    found = masks.of(frame_at(Fraction(1, 2)))
    assert found.spread == pytest.approx(found.mask / 4, abs=1e-6)


def test_motion_is_followed_forty_times_a_second(monkeypatch):
    """Of 100 pictures a second every third is looked at."""
    looked = []
    monkeypatch.setattr(film_masks, "grey_of", lambda frame: looked.append(1) or grey_of(frame))
    masks = FilmMasks(predictions(0, 1), gate=None, cuts=CutFinder())
    for n in range(1, 100):
        masks.of(frame_at(Fraction(n, 100)))
    assert len(looked) == 33


def test_no_motion_is_followed_in_silence(monkeypatch):
    """What the gate closes is not worth the time."""
    monkeypatch.setattr(film_masks, "grey_of", None)
    hops, levels = np.arange(20), np.full(20, -100, np.float32)
    profile = SoundProfile(hops=hops, levels=levels, loudest=-100.0, peak=0.0)
    gate = SoundGate(profile, GateSettings(threshold_db=-40.0))
    masks = FilmMasks(predictions(0, 1), gate=gate, cuts=CutFinder())
    assert not masks.of(frame_at(Fraction(1, 2))).mask.any()


def test_the_small_picture_of_a_frame_is_that_of_its_pixels():
    """Both ways to it agree, so that what stands still does not seem to move."""
    rgb, _ = picture(0)
    frame = frame_at(0)
    assert np.abs(grey_of(frame).astype(int) - grey_of_rgb(rgb)).mean() < 3
    assert grey_of(frame).shape == (64, 64)
