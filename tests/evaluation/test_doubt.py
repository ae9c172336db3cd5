"""Doubt, spread and tallies in closed form."""

import numpy as np
import pytest

from avsseg.evaluation.doubt import Doubt
from avsseg.evaluation.gallery import Gallery
from avsseg.evaluation.tally import Tally


def test_doubt_that_knows_its_errors_has_a_low_area():
    """Of four frames the two unsure ones are wrong: no risk at half coverage."""
    truth = np.zeros((4, 8, 8), bool)
    truth[:, :4] = True
    soft = np.where(truth, 1.0, 0.0).astype(np.float32)
    soft[2:] = np.where(truth[2:], 0.4, 0.0)
    doubt = Doubt()
    doubt.add(soft[None], truth)

    found = doubt.findings()

    curve = found["risk_coverage"]
    assert np.interp(0.5, curve["coverage"], curve["map"]) == pytest.approx(0, abs=0.01)
    assert curve["map"][-1] == pytest.approx(0.5, abs=1e-6)
    assert found["risk_coverage_area"]["map"] < found["risk_coverage_area"]["spread"]


def test_pixels_on_which_samples_disagree_are_counted_by_their_spread():
    """Two samples, one half each: a spread of 0.5 where they differ, and half of it wrong."""
    truth = np.zeros((1, 4, 4), bool)
    truth[0, :2] = True
    soft = np.zeros((2, 1, 4, 4), np.float32)
    soft[0, 0, :, :2] = 1
    doubt = Doubt()
    doubt.add(soft, truth)

    found = doubt.findings()["spread_errors"]

    assert found["spread"] == pytest.approx([0.0, 0.5])
    assert found["wrong"] == pytest.approx([0.5, 0.5])


def test_a_tally_spreads_over_seeds_alone():
    """Items are averaged for each seed; the deviation is between the seeds."""
    tally = Tally()
    tally.add("x", [[0.0, 1.0], [1.0, 1.0]])
    tally.add("x", [[0.5], [1.0]])
    tally.add("y", [[0.25, 0.75]])
    tally.add("z", np.zeros((2, 0)))

    assert tally.means() == {"x": pytest.approx(0.75), "y": 0.5, "z": None}
    assert tally.spread() == {"x": pytest.approx(np.std([0.5, 1.0], ddof=1))}


def test_a_gallery_keeps_the_extremes_whatever_the_order():
    """Two of each kind out of ten, in order, and memory for no more."""
    gallery = Gallery(2)
    frames, soft = np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 1, 4, 4), np.float32)
    for score in (5, 1, 9, 3, 7, 0, 8, 2, 6, 4):
        gallery.add(f"c{score}", score / 10, frames, np.zeros((1, 4, 4), bool), soft)

    kept = [(panel.kind, panel.name) for panel in gallery.panels()]

    assert kept == [("worst", "c0"), ("worst", "c1"), ("best", "c9"), ("best", "c8")]


def test_masks_where_nothing_sounds_are_kept_apart():
    """A false alarm is neither a worst nor a best clip."""
    gallery = Gallery(1)
    frames, soft = np.zeros((1, 4, 4, 3), np.uint8), np.zeros((1, 1, 4, 4), np.float32)
    silent = np.zeros((1, 4, 4), bool)
    gallery.add("small", 0.9, frames, silent, soft, alarm=True)
    gallery.add("large", 0.4, frames, silent, soft, alarm=True)
    gallery.add("sounds", 0.5, frames, ~silent, soft)

    assert [(p.kind, p.name) for p in gallery.panels()] == [
        ("worst", "sounds"),
        ("alarm", "large"),
        ("best", "sounds"),
    ]
