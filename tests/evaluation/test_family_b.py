"""Dataset-level scores in closed form."""

import numpy as np
import pytest

from avsseg.evaluation.family_b import Confusion


def test_iou_is_a_ratio_of_sums():
    """A large right frame outweighs a small wrong one, unlike a mean of ratios."""
    counts = Confusion()
    counts.add(np.ones((10, 10), bool), np.ones((10, 10), bool))
    counts.add(np.array([[True, False]]), np.array([[False, True]]))

    assert counts.iou() == pytest.approx([0, 100 / 102])


def test_f_comes_from_the_summed_counts():
    """TP 3, FP 1, FN 2 give F = 1.3 * 3 / (0.3 * 5 + 4)."""
    counts = Confusion()
    counts.add(np.array([1, 1, 1, 1, 0, 0, 0]), np.array([1, 1, 1, 0, 1, 1, 0]))

    assert counts.f()[1] == pytest.approx(3.9 / 5.5)


def test_a_class_never_met_has_no_score():
    """A class in neither truth nor prediction is NaN, not 0."""
    counts = Confusion(3)
    counts.add([0, 1], [0, 1])

    assert np.isnan(counts.iou()[2])
    assert np.isnan(counts.f()[2])


def test_order_and_grouping_do_not_matter():
    """Frames may come one by one or all together."""
    rng = np.random.default_rng(0)
    ours, theirs = rng.integers(0, 4, (2, 6, 8, 8))
    together, apart = Confusion(4), Confusion(4)
    together.add(ours, theirs)
    for index in (3, 1, 5, 0, 2, 4):
        apart.add(ours[index], theirs[index])

    np.testing.assert_array_equal(together.table, apart.table)
