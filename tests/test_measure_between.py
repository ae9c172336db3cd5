"""The script that asks how right masks are between two predictions."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from avsseg.prediction import Prediction


@pytest.fixture(scope="module")
def between(example):
    return example("measure_between").between


def found(number):
    """A soft-spotted square that moves by two of 64 cells from one prediction to the next."""
    unrest = np.random.default_rng(0)
    grey, thing = (
        np.array(
            Image.fromarray(unrest.integers(0, 256, (spots, spots), np.uint8)).resize((side, side))
        )
        for spots, side in ((8, 64), (4, 16))
    )
    mask, part = (
        np.zeros((64, 64), np.float32),
        (slice(24, 40), slice(8 + 2 * number, 24 + 2 * number)),
    )
    grey[part], mask[part] = thing, 1
    return Prediction(
        index=number,
        time=Fraction(number, 8),
        mask=mask,
        raw=mask,
        sounding=1.0,
        loudness_db=None,
        grey=grey,
    )


def test_every_second_prediction_is_made_from_its_neighbours(between):
    """Left where they are they miss two cells in sixteen on either side; carried they hit."""
    scores = np.array(between([found(number) for number in range(7)]))
    assert scores.shape == (3, 2)
    assert scores[:, 0] == pytest.approx(14 / 18, abs=0.1)
    assert (scores[:, 1] > 0.95).all()


def test_what_is_empty_or_lies_at_a_cut_is_left_out(between):
    """There is nothing to be right about."""
    three = [found(number) for number in range(3)]
    assert not between([*three[:2], replace(three[2], scene=1)])
    assert not between([three[0], replace(three[1], mask=0 * three[1].mask), three[2]])
