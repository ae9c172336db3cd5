"""Connected parts of masks, and numbers that stay with them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from avsseg.media.regions import RegionTracker, label_regions

MASKS = arrays(bool, st.tuples(st.integers(1, 9), st.integers(1, 9)))


def flood(mask):
    """Labels by the definition: everything reachable over eight neighbours."""
    labels, count = np.zeros(mask.shape, int), 0
    for start in zip(*np.nonzero(mask), strict=True):
        if labels[start]:
            continue
        count += 1
        waiting = [start]
        while waiting:
            y, x = waiting.pop()
            inside = 0 <= y < mask.shape[0] and 0 <= x < mask.shape[1]
            if inside and mask[y, x] and not labels[y, x]:
                labels[y, x] = count
                waiting += [(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    return labels, count


@given(MASKS)
def test_parts_are_what_can_be_reached_over_eight_neighbours(mask):
    """For every mask: the same labels, in reading order, as flooding gives."""
    labels, count = label_regions(mask)
    expected, expected_count = flood(mask)
    assert count == expected_count
    np.testing.assert_array_equal(labels, expected)


def test_corners_connect():
    """A staircase is one part, two bars apart are two."""
    assert label_regions(np.eye(6, dtype=bool))[1] == 1
    bars = np.zeros((5, 5), bool)
    bars[0], bars[2] = True, True
    assert label_regions(bars)[1] == 2


def square(x, y, value=0.9, size=40, side=8):
    mask = np.zeros((size, size), np.float32)
    mask[y : y + side, x : x + side] = value
    return mask


def test_numbers_stay_with_parts_that_move():
    """Two squares that pass each other in different rows keep their own numbers."""
    tracker, seen = RegionTracker(), []
    for step in range(12):
        mask = np.maximum(square(2 * step, 4, side=10), square(26 - 2 * step, 24))
        seen.append({r.number: r.box[1] for r in tracker.follow(Fraction(step, 4), mask)})
    assert all(boxes == {1: 4, 2: 24} for boxes in seen)


def test_a_part_that_is_gone_for_a_moment_comes_back_under_its_number():
    """Within two seconds; after that, and after a cut, it is a new one."""
    tracker, mask, empty = RegionTracker(), square(5, 5), np.zeros((40, 40), np.float32)

    def number(second):
        return [region.number for region in tracker.follow(Fraction(second), mask)]

    assert number(0) == [1]
    assert tracker.follow(Fraction(1), empty) == []
    assert number(2) == [1]
    assert number(5) == [2]
    tracker.forget()
    assert number(6) == [3]


def test_a_part_that_splits_leaves_its_number_to_the_larger_piece():
    """No number is given twice."""
    tracker = RegionTracker()
    tracker.follow(Fraction(0), square(4, 4, side=20))
    pieces = square(4, 4, side=20)
    pieces[:, 18:20] = 0
    regions = tracker.follow(Fraction(1), pieces)
    assert [region.number for region in regions] == [1, 2]
    assert regions[0].area > regions[1].area


def test_specks_are_no_parts():
    """A pixel of 1600 is under two thousandths."""
    mask = square(5, 5)
    mask[30, 30] = mask[35, 2] = 1
    assert len(RegionTracker().follow(Fraction(0), mask)) == 1


def test_the_sound_score_is_what_is_lost_without_sound():
    """All of it, a part, or nothing; None where it was not tried."""
    mask = np.maximum(square(2, 2, 0.8), square(25, 25, 0.8, side=6))
    muted = np.maximum(square(2, 2, 0.2), square(25, 25, 0.9, side=6))
    first, second = RegionTracker().follow(Fraction(0), mask, muted)
    assert first.sound_score == pytest.approx(0.75)
    assert second.sound_score == 0
    assert first.score == pytest.approx(0.8) and first.box == (2, 2, 10, 10)
    assert RegionTracker().follow(Fraction(0), mask)[0].sound_score is None
