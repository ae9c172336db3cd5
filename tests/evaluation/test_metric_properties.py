"""Laws of the scores, for any masks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from avsseg.evaluation.boundary import boundary_f, outline
from avsseg.evaluation.metrics import BinaryMetrics

SHAPE = 2, 5, 6
SOFT = arrays(np.float32, SHAPE, elements=st.floats(0, 1, width=16))
TRUTHS = arrays(bool, SHAPE)
MASKS = arrays(bool, (7, 9))
SHARES = ("miou", "f", "f_half", "miou_sounding", "boundary_f", "silent_area", "f_dataset")


def scores(*clips):
    metrics = BinaryMetrics()
    for number, (soft, truth) in enumerate(clips):
        metrics.add(str(number), soft, truth)
    return metrics.report().means


@settings(max_examples=25)
@given(SOFT, TRUTHS)
def test_scores_are_shares(soft, truth):
    """Of every score, or there is none."""
    means = scores((soft, truth))

    assert all(means[name] is None or 0 <= means[name] <= 1 + 1e-6 for name in SHARES)


@settings(max_examples=25)
@given(TRUTHS)
def test_the_truth_itself_scores_full_marks(truth):
    """Wherever there is anything to score."""
    means = scores((truth.astype(np.float32), truth))

    assert means["miou"] == pytest.approx(1)
    for name in ("f_half", "miou_sounding", "boundary_f", "f_dataset_object", "iou_dataset"):
        assert means[name] is None or means[name] == pytest.approx(1)
    assert not means["silent_area"]


@settings(max_examples=25)
@given(SOFT, TRUTHS, st.sampled_from([(0, 2), (0, 1, 2), (1,)]))
def test_mirrored_pictures_score_the_same(soft, truth, axes):
    """Frames in another order or upside down hold the same pixels."""
    one = scores((soft, truth))
    other = scores((np.flip(soft, axes), np.flip(truth, axes)))

    assert one.keys() == other.keys()
    for name, value in one.items():
        assert value is None if other[name] is None else value == pytest.approx(other[name])


@settings(max_examples=25)
@given(TRUTHS, TRUTHS)
def test_overlap_does_not_ask_who_is_right(masks, truth):
    """IoU and boundary F are symmetric; F1 is, too, over the whole set."""
    one, other = (
        scores((masks.astype(np.float32), truth)),
        scores((truth.astype(np.float32), masks)),
    )

    assert one["iou_dataset"] == pytest.approx(other["iou_dataset"])
    for ours, theirs in zip(masks, truth, strict=True):
        assert boundary_f(ours, theirs) == pytest.approx(boundary_f(theirs, ours))


@settings(max_examples=25)
@given(SOFT, TRUTHS, SOFT, TRUTHS)
def test_clips_may_come_in_any_order(soft, truth, other_soft, other_truth):
    """Streaming loses nothing and prefers nobody."""
    one = scores((soft, truth), (other_soft, other_truth))
    other = scores((other_soft, other_truth), (soft, truth))

    for name, value in one.items():
        assert value is None if other[name] is None else value == pytest.approx(other[name])


@given(MASKS)
def test_an_outline_is_part_of_its_mask_and_nothing_inside_is_on_it(mask):
    """Every pixel left over has all of its neighbours in the mask."""
    rim = outline(mask)
    padded = np.pad(mask, 1, mode="edge")
    inside = np.argwhere(mask & ~rim)

    assert not (rim & ~mask).any()
    for row, column in inside:
        around = padded[row : row + 3, column : column + 3]
        assert around[0, 1] and around[2, 1] and around[1, 0] and around[1, 2]


@given(MASKS, MASKS, st.floats(0, 0.4), st.floats(0, 0.4))
def test_more_tolerance_never_scores_less(mask, truth, one, other):
    """What lies near enough stays near enough."""
    strict, lenient = sorted((one, other))

    assert boundary_f(mask, truth, tolerance=strict) <= (
        boundary_f(mask, truth, tolerance=lenient) + 1e-9
    )
