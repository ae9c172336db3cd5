"""Semantic scores, against AVSBench's own numbers and by hand."""

import json
from pathlib import Path

import numpy as np
import pytest

from avsseg.evaluation.avss import ClassScores, frame_class_scores
from avsseg.evaluation.semantic import SemanticMetrics

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def golden():
    """Twenty frames of six classes: predictions, truths, AVSBench's scores."""
    arrays = np.load(GOLDEN / "metrics_avss.npz")
    scores = json.loads((GOLDEN / "metrics_avss.json").read_text())
    return arrays["logits"].argmax(axis=1), arrays["ground_truth"], scores


def test_class_sums_equal_avsbench(golden):
    """Sums, counts and per-class means are the reference's (its sums are in float32)."""
    predicted, truth, scores = golden
    sums = ClassScores(6)
    for ours, theirs in zip(predicted, truth, strict=True):
        sums.add(ours, theirs)

    assert sums.iou_sum == pytest.approx(scores["iou_sum"], rel=1e-6)
    assert sums.f_sum == pytest.approx(scores["f_sum"], rel=1e-6)
    assert sums.count.tolist() == scores["count"]
    assert sums.iou() == pytest.approx(scores["per_class_iou"], abs=1e-6)
    assert sums.f() == pytest.approx(scores["per_class_f"], abs=1e-6)


def test_report_equals_avsbench(golden):
    """Without padding, the fixed means, the legacy slip and its cure are the golden ones."""
    predicted, truth, scores = golden
    metrics = SemanticMetrics(6)
    for start in range(0, 20, 10):
        chunk = slice(start, start + 10)
        metrics.add(str(start), predicted[chunk], truth[chunk], category="")

    means = metrics.report().means

    assert means["miou"] == pytest.approx(scores["miou"], abs=1e-6)
    assert means["f"] == pytest.approx(scores["f"], abs=1e-6)
    assert means["miou_legacy"] == pytest.approx(scores["miou"], abs=1e-6)
    assert means["miou_legacy_no_last"] == pytest.approx(
        scores["legacy_miou_without_last"], abs=1e-6
    )
    assert means["miou_no_background"] == pytest.approx(scores["miou_without_background"], abs=1e-6)


def test_one_stray_pixel_costs_its_class_a_frame():
    """A speck of a class that is not there adds a frame of IoU 0 to that class."""
    sums = ClassScores(3)
    truth = np.ones((4, 4), int)
    sums.add(truth, truth)
    before = sums.iou()[2], sums.count[2]
    speck = truth.copy()
    speck[0, 0] = 2
    sums.add(speck, truth)

    assert before == (0, 0)
    assert sums.count.tolist() == [0, 2, 1]
    assert sums.iou()[1] == pytest.approx((1 + 15 / 16) / 2)


def test_a_class_in_neither_map_is_not_met():
    """A class that is neither shown nor predicted has no score in that frame."""
    iou, f = frame_class_scores(np.zeros((2, 2), int), np.zeros((2, 2), int), num_classes=2)

    assert iou[0] == f[0] == 1
    assert np.isnan(iou[1])
    assert np.isnan(f[1])


def test_padded_frames_lift_only_the_legacy_background():
    """Five padded frames count as perfect background in the released score, and nowhere else."""
    truth = np.zeros((5, 2, 2), int)
    truth[:, 0] = 1
    wrong = np.zeros_like(truth)
    plain, padded = SemanticMetrics(2), SemanticMetrics(2)
    plain.add("a", wrong, truth, category="dog")
    padded.add("a", wrong, truth, padding=5, category="dog")

    assert padded.report().means["miou"] == plain.report().means["miou"] == pytest.approx(0.25)
    assert padded.report().means["miou_legacy"] == pytest.approx((0.75 + 0) / 2)
    assert padded.report().means["frames"] == 5
