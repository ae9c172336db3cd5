"""Outline scores in closed form and against brute force."""

import numpy as np
import pytest

from avsseg.evaluation.boundary import boundary_f, outline


def _square(size, top, left, side):
    mask = np.zeros((size, size), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def test_the_outline_of_a_square_is_its_rim():
    """A 4 x 4 square has 12 rim pixels; at the picture's border there is no rim."""
    assert outline(_square(10, 3, 3, 4)).sum() == 12
    assert not outline(np.ones((5, 5), bool)).any()


def test_shifts_up_to_the_tolerance_are_free():
    """At 100 x 100 the tolerance is 3 pixels: a shift by 3 costs nothing, one by 20 much."""
    truth = _square(100, 30, 30, 30)

    assert boundary_f(truth, truth) == 1
    assert boundary_f(np.roll(truth, 3, axis=1), truth) == 1
    assert boundary_f(np.roll(truth, 20, axis=1), truth) < 0.7


def test_empty_masks():
    """Nothing against nothing agrees, nothing against something does not."""
    empty, full = np.zeros((20, 20), bool), _square(20, 5, 5, 8)

    assert boundary_f(empty, empty) == 1
    assert boundary_f(empty, full) == boundary_f(full, empty) == 0


@pytest.mark.parametrize("tolerance", [0.02, 0.08, 0.3])
def test_equals_brute_force_distances(tolerance):
    """The column trick finds the same neighbours as all pairs of pixels."""
    rng = np.random.default_rng(3)
    ours, theirs = rng.random((2, 24, 31)) > 0.9
    radius = np.ceil(tolerance * np.hypot(24, 31))
    a, b = np.argwhere(outline(ours)), np.argwhere(outline(theirs))
    near = ((a[:, None] - b[None]) ** 2).sum(axis=-1) <= radius**2
    precision, recall = near.any(axis=1).mean(), near.any(axis=0).mean()

    expected = 2 * precision * recall / (precision + recall)
    assert boundary_f(ours, theirs, tolerance=tolerance) == pytest.approx(expected)


def test_is_symmetric():
    """Truth and prediction may be exchanged."""
    rng = np.random.default_rng(5)
    ours, theirs = rng.random((2, 40, 40)) > 0.8

    assert boundary_f(ours, theirs) == pytest.approx(boundary_f(theirs, ours))
