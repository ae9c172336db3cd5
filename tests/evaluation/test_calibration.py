"""Calibration and risk-coverage in closed form."""

import numpy as np
import pytest

from avsseg.evaluation.calibration import (
    Reliability,
    expected_calibration_error,
    risk_coverage,
    risk_coverage_area,
)


def test_an_honest_map_has_no_error():
    """Pixels stated at 0.25 of which a quarter are foreground are calibrated."""
    truth = np.tile([True, False, False, False], 50)

    assert expected_calibration_error(np.full(200, 0.25), truth) == pytest.approx(0)


def test_a_sure_and_wrong_map_errs_by_its_claim():
    """Stating 0.9 where nothing is gives an error of 0.9; bins weigh by their pixels."""
    assert expected_calibration_error(np.full(10, 0.9), np.zeros(10)) == pytest.approx(0.9)
    mixed = np.concatenate([np.full(10, 0.9), np.zeros(30)])
    assert expected_calibration_error(mixed, np.zeros(40)) == pytest.approx(0.225)


def test_bins_may_be_filled_frame_by_frame():
    """Adding in pieces gives the same bins as at once, and the ends of the range have a bin."""
    rng = np.random.default_rng(0)
    soft = np.concatenate([rng.random(998), [0, 1]]).astype(np.float32)
    truth = rng.random(1000) < soft
    pieces = Reliability()
    for start in range(0, 1000, 100):
        pieces.add(soft[start : start + 100], truth[start : start + 100])

    assert pieces.counts.sum() == 1000
    assert pieces.error() == pytest.approx(expected_calibration_error(soft, truth))
    stated, found = pieces.curve()
    assert np.abs(stated - found).max() < 0.2


def test_risk_rises_with_coverage_when_doubt_is_right():
    """Surest first: risks 0, 0, 1, 1 give the curve 0, 0, 1/3, 1/2."""
    coverage, risk = risk_coverage([0.4, 0.1, 0.3, 0.2], [1, 0, 1, 0])

    assert coverage == pytest.approx([0.25, 0.5, 0.75, 1])
    assert risk == pytest.approx([0, 0, 1 / 3, 1 / 2])
    assert risk_coverage_area([0.4, 0.1, 0.3, 0.2], [1, 0, 1, 0]) == pytest.approx(5 / 24)


def test_ties_have_no_order():
    """Without any information the area is the plain mean risk, whatever the order."""
    assert risk_coverage_area(np.zeros(4), [1, 0, 0, 0]) == pytest.approx(0.25)
    assert risk_coverage_area(np.zeros(4), [0, 0, 0, 1]) == pytest.approx(0.25)
