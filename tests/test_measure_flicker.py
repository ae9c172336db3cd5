"""The script that asks how much marked films flicker."""

import numpy as np
import pytest

TIMES = np.arange(40) / 20


@pytest.fixture(scope="module")
def script(example):
    return example("measure_flicker")


def areas(*gone):
    """A tenth of the picture, but for stretches of pictures (first, past the last)."""
    shown = np.full(len(TIMES), 0.1)
    for first, end in gone:
        shown[first:end] = 0
    return shown


@pytest.mark.parametrize(
    ("gone", "count"),
    [((), 0), (((10, 12),), 1), (((10, 12), (20, 25)), 2), (((10, 30),), 0), (((0, 5),), 0)],
    ids=["never", "once", "twice", "for a second", "at the start"],
)
def test_a_blink_is_a_mask_that_is_soon_back(script, gone, count):
    """What is gone for a second has ended; what was not there before has begun."""
    assert script.blinks(TIMES, areas(*gone)) == count


def test_the_change_is_relative_and_between_pictures_that_both_show_a_mask(script):
    """From a tenth to a fifth is a half; what comes out of nothing is not counted."""
    shown = np.array([0.0, 0.1, 0.2, 0.2])
    assert script.change(TIMES[:4], shown, None) == (pytest.approx(0.25), 2)
    assert script.change(TIMES[:4], shown, 0.1) == (pytest.approx(0.5), 1)
