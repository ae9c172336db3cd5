"""From moments to sounding stretches, and to the tables that tell of them."""

import csv
from fractions import Fraction

import numpy as np
import pytest

from avsseg.media.region_table import REGION_COLUMNS, open_region_table
from avsseg.media.stretches import Marked, sounding_stretches


def marked(*scores, step=Fraction(1, 2), heard=()):
    return [
        Marked(time=number * step, score=score, heard=heard) for number, score in enumerate(scores)
    ]


def test_stretches_reach_half_way_to_the_next_moment():
    """Two runs, the second to the end of the film."""
    found = list(sounding_stretches(marked(0, 0.8, 0.6, 0, 0.9)))
    assert [(s.start, s.end) for s in found] == [
        (Fraction(1, 4), Fraction(5, 4)),
        (Fraction(7, 4), Fraction(9, 4)),
    ]
    assert [s.score for s in found] == pytest.approx([0.7, 0.9])
    assert {s.label for s in found} == {"sounding"}


def test_a_stretch_is_called_by_what_is_heard_most():
    """A sure dog outweighs a faint cat."""
    heard = (("Dog", 0.9), ("Cat", 0.4))
    assert next(sounding_stretches(marked(1, 1, heard=heard))).label == "Dog"


def test_nothing_marked_gives_no_stretch():
    """Nor does a film without moments."""
    assert list(sounding_stretches(marked(0, 0, 0))) == []
    assert list(sounding_stretches([])) == []


def test_a_lone_moment_is_a_stretch():
    """With no neighbour to share with, it reaches a second at most."""
    (only,) = sounding_stretches(marked(0.5))
    assert only.start < 0 < only.end and only.end - only.start <= 2


def test_regions_are_written_in_pixels_of_the_source(tmp_path):
    """One row for each part of each moment, with the share that sound makes of it."""
    mask = np.zeros((10, 10), np.float32)
    mask[2:5, 2:6] = 0.9
    with open_region_table(tmp_path / "regions.csv", (200, 100)) as table:
        table.write(0, Fraction(1, 2), mask, mask / 3)
        table.write(1, Fraction(1), np.roll(mask, 1, axis=1))
        table.write(2, Fraction(3, 2), mask, scene=1)
    with (tmp_path / "regions.csv").open(newline="") as file:
        first, second, after_cut = csv.DictReader(file)
    assert tuple(first) == REGION_COLUMNS
    assert [first[side] for side in ("x0", "y0", "x1", "y1")] == ["40", "20", "120", "50"]
    assert first["time_s"] == "0.500000" and float(first["sound_score"]) == pytest.approx(
        2 / 3, 1e-3
    )
    assert second["region"] == first["region"] == "1" and second["sound_score"] == ""
    assert after_cut["region"] == "2"
