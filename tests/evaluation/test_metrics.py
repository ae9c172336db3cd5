"""The streaming scores: the golden numbers, the subsets, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from avsseg.evaluation.metrics import BinaryMetrics
from avsseg.evaluation.names import BINARY, SEMANTIC
from avsseg.evaluation.semantic import SemanticMetrics

GOLDEN = Path(__file__).parents[1] / "golden"


def _golden_report(metric_batch, order=range(8)):
    arrays = np.load(GOLDEN / "metrics_s4_ms3.npz")
    soft = torch.from_numpy(arrays["logits"]).sigmoid().numpy().reshape(8, 5, 56, 56)
    truth = arrays["ground_truth"].reshape(8, 5, 56, 56)
    metrics = BinaryMetrics(metric_batch=metric_batch)
    for clip in order:
        metrics.add(f"clip{clip}", soft[clip], truth[clip], category="ab"[clip % 2])
    return metrics.report()


@pytest.mark.parametrize("batch", [1, 2, 4, 8])
def test_streamed_scores_equal_avsbench(batch):
    """Clip by clip, mIoU and F are AVSBench's to 1e-6 for every stored batch size."""
    scores = json.loads((GOLDEN / "metrics_s4_ms3.json").read_text())[str(batch)]

    means = _golden_report(batch).means

    assert means["miou"] == pytest.approx(scores["miou"], abs=1e-6)
    assert means["f"] == pytest.approx(scores["f"], abs=1e-6)
    assert means["j_and_f"] == pytest.approx((scores["miou"] + scores["f"]) / 2, abs=1e-6)


def test_rows_carry_the_batch_1_scores_of_each_clip():
    """Each video's F is that of its clip as a batch of one, whatever the metric batch."""
    golden = json.loads((GOLDEN / "metrics_s4_ms3.json").read_text())["1"]["per_batch_f"]

    rows = _golden_report(4).videos

    assert [row["f"] for row in rows] == pytest.approx(golden, abs=1e-6)


def test_order_matters_only_to_the_batched_f():
    """Every score but F over batches of several clips is the same in any order."""
    forth, back = _golden_report(2).means, _golden_report(2, range(7, -1, -1)).means
    odd = _golden_report(2, [0, 2, 4, 6, 1, 3, 5, 7]).means

    assert forth["f"] == pytest.approx(back["f"])
    assert forth["f"] != pytest.approx(odd["f"], abs=1e-4)
    for name in set(forth) - {"f", "j_and_f"}:
        assert forth[name] == pytest.approx(odd[name])


def test_a_short_last_batch_counts_as_a_full_one():
    """Three clips at batch 2: the third weighs as much as the first two together."""
    right = np.ones((1, 2, 2), bool)
    metrics = BinaryMetrics(metric_batch=2)
    for name, soft in (("a", 1.0), ("b", 1.0), ("c", 0.0)):
        metrics.add(name, np.full((1, 2, 2), soft, np.float32), right)

    assert metrics.report().means["miou"] == pytest.approx(0.5)


def test_the_global_curve_uses_one_threshold_for_all():
    """Two clips with different best thresholds score 1 by clip but less on one curve."""
    truth = np.zeros((1, 10, 10), bool)
    truth[:, :5] = True
    low = np.where(truth, 0.4, 0.2).astype(np.float32)
    high = np.where(truth, 0.8, 0.6).astype(np.float32)
    metrics = BinaryMetrics()
    metrics.add("low", low, truth)
    metrics.add("high", high, truth)

    means = metrics.report().means

    assert means["f"] == pytest.approx(1)
    assert means["f_global"] == pytest.approx((1 + 1.3 * 0.5 / (0.3 * 0.5 + 1)) / 2)
    assert means["f_half"] == pytest.approx((0 + 1.3 * 0.5 / (0.3 * 0.5 + 1)) / 2)


def test_silence_is_scored_apart():
    """Frames without truth give the masked share and how many are masked over 1 %."""
    truth = np.zeros((4, 10, 20), bool)
    truth[0, :5] = True
    soft = np.zeros((4, 10, 20), np.float32)
    soft[0, :5] = 1
    soft[1, 0, :2] = 1  # exactly 1 % is let pass
    soft[2, 0, :10] = 1
    metrics = BinaryMetrics()
    row = metrics.add("clip", soft, truth)

    means = metrics.report().means

    assert means["silent_frames"] == 3
    assert means["silent_area"] == row["silent_area"] == pytest.approx((0.01 + 0.05) / 3)
    assert means["silent_any"] == pytest.approx(1 / 3)
    assert means["miou_sounding"] == pytest.approx(1)
    assert means["f_half"] == pytest.approx(1)
    assert means["boundary_f"] == pytest.approx(1)


def test_scores_without_a_subject_are_absent():
    """With nothing silent, or nothing sounding, those scores are None rather than a number."""
    loud, quiet = BinaryMetrics(), BinaryMetrics()
    loud.add("a", np.ones((1, 4, 4), np.float32), np.ones((1, 4, 4), bool))
    quiet.add("a", np.zeros((1, 4, 4), np.float32), np.zeros((1, 4, 4), bool))

    assert loud.report().means["silent_area"] is None
    assert quiet.report().means["f_global"] is None
    assert quiet.report().means["boundary_f"] is None
    assert quiet.report().means["iou_dataset"] is None
    assert quiet.report().means["f"] == 0
    assert quiet.report().means["miou"] == pytest.approx(1)


def test_categories_are_means_of_their_videos():
    """Each category has the mean of its own rows."""
    report = _golden_report(1)

    categories = report.by_category()

    assert set(categories) == {"a", "b"}
    expected = np.mean([row["miou"] for row in report.videos[::2]])
    assert categories["a"]["miou"] == pytest.approx(expected)
    assert categories["a"]["videos"] == 4


@pytest.mark.parametrize("value", [-0.1, 1.5, np.nan])
def test_what_is_no_probability_is_refused(value):
    """Logits or NaN are an error of the caller's, not a score."""
    with pytest.raises(ValueError, match="pass probabilities"):
        BinaryMetrics().add("a", np.full((1, 2, 2), value), np.ones((1, 2, 2), bool))


def test_shapes_must_agree():
    """A mask of another size is an error, never broadcast."""
    with pytest.raises(ValueError, match="not both"):
        BinaryMetrics().add("a", np.zeros((1, 2, 2)), np.zeros((1, 2, 3)))


def test_memory_does_not_grow_with_pixels():
    """Nothing of a frame is kept once it is scored."""
    metrics = BinaryMetrics()
    metrics.add("a", np.zeros((1, 64, 64), np.float32), np.ones((1, 64, 64), bool))

    kept = [v for part in vars(metrics).values() for v in getattr(part, "__dict__", {}).values()]

    assert all(value.size <= 64 * 64 / 4 for value in kept if isinstance(value, np.ndarray))


def test_every_score_is_explained():
    """Each name in a report has its line of explanation, and no line is left over."""
    semantic = SemanticMetrics(2)
    semantic.add("a", np.zeros((1, 2, 2), int), np.zeros((1, 2, 2), int), category="")

    assert list(_golden_report(1).means) == list(BINARY)
    assert list(semantic.report().means) == list(SEMANTIC)
