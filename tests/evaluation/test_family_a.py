"""AVSBench's metrics, against its own numbers, its naive form and closed forms."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from avsseg.evaluation.family_a import (
    THRESHOLDS,
    f_measure,
    f_score,
    frame_iou,
    mean_iou,
    precision_recall,
    threshold_counts,
)

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def golden():
    """Logits of 8 clips of 5 frames, their truths, and AVSBench's scores by batch size."""
    arrays = np.load(GOLDEN / "metrics_s4_ms3.npz")
    probabilities = torch.from_numpy(arrays["logits"]).sigmoid().numpy()
    scores = json.loads((GOLDEN / "metrics_s4_ms3.json").read_text())
    return probabilities, arrays["ground_truth"].astype(bool), scores


@pytest.mark.parametrize("batch", [1, 2, 4, 8])
def test_mean_iou_equals_avsbench_at_every_batch_size(golden, batch):
    """M_J is AVSBench's to 1e-6, empty truths included."""
    soft, true, scores = golden
    size = 5 * batch

    batches = [mean_iou(soft[i : i + size], true[i : i + size]) for i in range(0, 40, size)]

    assert np.mean(batches) == pytest.approx(scores[str(batch)]["miou"], abs=1e-6)


@pytest.mark.parametrize("batch", [1, 2, 4, 8])
def test_f_measure_equals_avsbench_at_every_batch_size(golden, batch):
    """M_F is AVSBench's to 1e-6, and so is the F of every single batch."""
    soft, true, scores = golden
    size = 5 * batch

    each = [
        f_measure(soft[i : i + size], true[i : i + size], batch_frames=size)
        for i in range(0, 40, size)
    ]

    assert f_measure(soft, true, batch_frames=size) == pytest.approx(
        scores[str(batch)]["f"], abs=1e-6
    )
    assert each == pytest.approx(scores[str(batch)]["per_batch_f"], abs=1e-6)


def test_thresholds_are_those_of_torch():
    """The thresholds are torch.linspace's, give or take its last bit, and end at exactly 1."""
    theirs = torch.linspace(0, 1 - 1e-10, 255).numpy()

    assert THRESHOLDS.dtype == np.float32
    assert THRESHOLDS[0] == 0
    assert THRESHOLDS[-1] == 1
    np.testing.assert_array_max_ulp(THRESHOLDS, theirs, maxulp=1)


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(np.float32, (7, 9), elements=st.floats(0, 1, width=32)))
def test_threshold_counts_equal_the_naive_comparison(values):
    """Counting by histogram gives exactly ``values >= threshold``."""
    naive = [(values >= threshold).sum() for threshold in THRESHOLDS]

    np.testing.assert_array_equal(threshold_counts(values), naive)


@pytest.mark.parametrize("towards", [0, 0.5, 2])
def test_threshold_counts_are_exact_at_and_around_the_thresholds(towards):
    """A value one float below a threshold does not reach it; the threshold itself does."""
    values = THRESHOLDS if towards == 0.5 else np.nextafter(THRESHOLDS, np.float32(towards))
    values = np.clip(values, 0, 1).astype(np.float32)
    naive = [(values >= threshold).sum() for threshold in THRESHOLDS]

    np.testing.assert_array_equal(threshold_counts(values), naive)


def test_iou_of_shifted_squares():
    """Two squares that share half of themselves have IoU one third."""
    mask, truth = np.zeros((2, 1, 8, 8), bool)
    mask[0, 2:6, 0:4] = True
    truth[0, 2:6, 2:6] = True

    assert frame_iou(mask, truth) == pytest.approx([1 / 3])


def test_an_empty_truth_scores_the_share_left_empty():
    """On silence an empty mask has IoU 1, a half-full one 0.5, a full one 0."""
    masks = np.zeros((3, 4, 4), bool)
    masks[1, :2] = True
    masks[2] = True

    assert frame_iou(masks, np.zeros_like(masks)) == pytest.approx([1, 0.5, 0])


def test_exactly_one_half_is_not_masked():
    """IoU masks what exceeds one half, as AVSBench does."""
    assert mean_iou(np.full((1, 2, 2), 0.5, np.float32), np.zeros((1, 2, 2), bool)) == (
        pytest.approx(1)
    )


def test_a_perfect_map_has_f_one_and_its_precision_everywhere():
    """A soft map equal to the truth is perfect from the second threshold on."""
    truth = np.zeros((6, 6), bool)
    truth[:2] = True

    precision, recall = precision_recall(truth.astype(np.float32), truth)

    assert precision[0] == pytest.approx(1 / 3)
    assert precision[1:] == pytest.approx(1)
    assert recall == pytest.approx(1)
    assert f_measure(truth[None], truth[None], batch_frames=5) == pytest.approx(1)


def test_f_score_weights_precision():
    """With beta squared 0.3, P = 1 and R = 1/2 give 0.65 / 0.8."""
    assert f_score([1.0, 0.0, 0.0], [0.5, 0.5, 0.0]) == pytest.approx([0.8125, 0, 0])


def test_a_wholly_silent_batch_counts_as_zero():
    """A batch without any truth adds 0 to the mean over batches."""
    truth = np.zeros((2, 4, 4), bool)
    truth[0, :2] = True

    assert f_measure(truth, truth, batch_frames=1) == pytest.approx(0.5)
    assert f_measure(truth, truth, batch_frames=2) == pytest.approx(1)
