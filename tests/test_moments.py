"""Moments in time: the laws of smoothing."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsseg.moments import Moment, smoothed


def moments(values, step=Fraction(1, 4)):
    return [
        Moment(time=number * step, mask=np.full((2, 2), value, np.float32))
        for number, value in enumerate(values)
    ]


def levels(smooth):
    return [float(moment.mask[0, 0]) for moment in smooth]


@given(st.lists(st.floats(0, 1, width=32), max_size=12), st.floats(0, 2))
def test_smoothing_keeps_the_moments_and_their_range(values, seconds):
    """As many as there were, at their times, no mask beyond the extremes."""
    given_moments = moments(values)
    smooth = list(smoothed(given_moments, seconds=seconds))
    assert [m.time for m in smooth] == [m.time for m in given_moments]
    assert all(min(values) - 1e-5 <= level <= max(values) + 1e-5 for level in levels(smooth))


def test_no_reach_changes_nothing():
    """Zero seconds give every mask back, bit by bit."""
    values = [0.1, 0.9, 0.3, 0.7]
    assert levels(smoothed(moments(values), seconds=0)) == levels(moments(values))


def test_flicker_is_damped_and_a_still_mask_is_not_touched():
    """Masks that alternate come together; equal ones stay equal."""
    flicker = levels(smoothed(moments([0.2, 0.8] * 10), seconds=0.5))
    assert max(np.abs(np.diff(flicker[2:-2]))) < 0.2
    assert levels(smoothed(moments([0.6] * 9), seconds=1)) == pytest.approx([0.6] * 9)


def test_nothing_is_smeared_over_a_cut():
    """A scene that is all marked beside one that is not: both stay pure."""
    values = [1.0] * 5 + [0.0] * 5
    smooth = smoothed(moments(values), seconds=1, breaks=[Fraction(5, 4)])
    assert levels(smooth) == pytest.approx(values)


def test_masks_from_silence_do_not_count():
    """At an onset the mean is over the sound alone."""
    values = [0.0] * 4 + [0.8] * 4
    smooth = smoothed(moments(values), seconds=1, weight=lambda time: float(time >= 1))
    assert levels(smooth)[4:] == pytest.approx([0.8] * 4)


def test_neighbours_are_carried_to_where_things_are_now(crossing):
    """A square that crosses the picture stays one, where the mean in place is smeared."""
    pictures, truths = crossing
    known, blind = (
        [
            Moment(time=Fraction(n, 4), mask=truths[n], grey=pictures[n] if grey else None)
            for n in range(5)
        ]
        for grey in (True, False)
    )
    errors = [
        np.abs(list(smoothed(given, seconds=0.6))[2].mask - truths[2]).mean()
        for given in (known, blind)
    ]
    assert errors[0] < errors[1] / 2


def test_a_moment_waits_for_no_more_than_its_reach():
    """The first comes out when the future up to its reach is known; memory stays bounded."""
    pulled = []

    def source():
        for moment in moments([0.5] * 100):
            pulled.append(moment.time)
            yield moment

    next(smoothed(source(), seconds=0.5))
    assert pulled[-1] == Fraction(3, 4)
