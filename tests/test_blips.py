"""What a single moment says alone: it gives way, steps and all else stay."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsseg.blips import NEAR, without_blips
from avsseg.moments import Moment

QUARTER = Fraction(1, 4)


def moments(values, step=QUARTER):
    return [
        Moment(time=number * step, mask=np.full((2, 2), value, np.float32))
        for number, value in enumerate(values)
    ]


def levels(steadied):
    return [float(moment.mask[0, 0]) for moment in steadied]


@given(st.lists(st.floats(0, 1, width=32), max_size=12))
def test_each_mask_is_the_median_of_three(values):
    """Moments keep their number and times; the first and the last keep their masks."""
    steadied = list(without_blips(moments(values)))
    assert [m.time for m in steadied] == [m.time for m in moments(values)]
    triples = zip(values, values[1:], values[2:], strict=False)
    inner = [float(np.median(triple)) for triple in triples]
    assert levels(steadied) == values[:1] + inner + values[max(1, len(values) - 1) :]


@pytest.mark.parametrize("values", [[1, 1, 0, 1, 1], [0, 0, 1, 0, 0]])
def test_one_against_both_neighbours_gives_way(values):
    """A mask that is gone for a moment comes back, one that is there for a moment goes."""
    assert levels(without_blips(moments(values))) == [values[0]] * 5


def test_what_begins_or_ends_does_so_when_it_did():
    """Steps and whatever lasts for two moments are not touched."""
    values = [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.3, 0.7, 1.0]
    assert levels(without_blips(moments(values))) == pytest.approx(values)


@pytest.mark.parametrize(
    "apart",
    [
        {"breaks": [2 * QUARTER]},
        {"breaks": [3 * QUARTER]},
        {"weight": lambda time: float(time < 3 * QUARTER)},
    ],
    ids=["cut before", "cut after", "pause after"],
)
def test_neighbours_beyond_a_cut_or_in_a_pause_do_not_count(apart):
    """A single moment of a scene or a sound is its own witness."""
    values = [1.0, 1.0, 0.0, 1.0, 1.0]
    assert levels(without_blips(moments(values), **apart)) == values


def test_what_lies_far_apart_is_left_alone():
    """A second's bark, looked at once a second, is a bark."""
    values = [0.0, 1.0, 0.0]
    assert levels(without_blips(moments(values, NEAR + Fraction(1, 100)))) == values
    assert levels(without_blips(moments(values, NEAR))) == [0.0] * 3


def test_a_lost_mask_is_found_where_the_thing_is_now(crossing):
    """Of a square that crosses the picture, unseen for a moment."""
    pictures, truths = crossing
    seen = [Moment(time=n * QUARTER, mask=truths[n] * (n != 1), grey=pictures[n]) for n in range(3)]
    found = list(without_blips(seen))[1].mask > 0.5
    assert (found & (truths[1] > 0)).sum() / (found | (truths[1] > 0)).sum() > 0.9


def test_what_is_too_fast_to_be_followed_stays():
    """Three squares of one size, none where another was."""
    masks = np.zeros((3, 64, 64), np.float32)
    for n in range(3):
        masks[n, 24:40, 20 * n : 20 * n + 16] = 1
    flown = [Moment(time=n * QUARTER, mask=masks[n]) for n in range(3)]
    np.testing.assert_array_equal(list(without_blips(flown))[1].mask, masks[1])


def test_a_moment_waits_for_the_next_and_no_longer():
    """So that films are marked as they are read."""
    pulled = []

    def source():
        for moment in moments([0.5] * 100):
            pulled.append(moment.time)
            yield moment

    next(without_blips(source()))
    assert pulled == [0, QUARTER]
