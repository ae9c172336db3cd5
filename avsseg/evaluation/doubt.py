"""Whether a network's doubt is where its errors are: risk-coverage, and errors by spread."""

from typing import Any

import numpy as np

from avsseg.evaluation.calibration import Reliability, risk_coverage
from avsseg.evaluation.family_a import Bools, frame_iou
from avsseg.evaluation.network import Soft

_POINTS = 101
_BINS = 10


class Doubt:
    """Gathers each frame's risk (1 - IoU) and two kinds of doubt.

    ``map`` is the doubt of the mean map itself, the mean of 4 p (1 - p) per masked pixel;
    ``spread`` that between the samples, their standard deviation per masked pixel.
    """

    def __init__(self) -> None:
        self._risk: list[float] = []
        self._doubt: dict[str, list[float]] = {"map": [], "spread": []}
        self._errors = Reliability(_BINS)

    def add(self, soft: Soft, truth: Bools) -> None:
        """Adds the labelled frames of one clip.

        Shapes:
            soft (S, N, H, W), truth (N, H, W)
        """
        mean, spread = soft.mean(axis=0), soft.std(axis=0)
        size = np.maximum(mean.sum(axis=(1, 2)), 1.0)
        self._risk += (1 - frame_iou(mean > 0.5, truth)).tolist()
        self._doubt["map"] += ((4 * mean * (1 - mean)).sum(axis=(1, 2)) / size).tolist()
        self._doubt["spread"] += (spread.sum(axis=(1, 2)) / size).tolist()
        self._errors.add(np.clip(2 * spread, 0, 1), (mean > 0.5) != truth)

    def findings(self) -> dict[str, Any]:
        """Curves at even coverage, their areas, and the share of wrong pixels by spread."""
        curves, areas = {}, {}
        for name, doubt in self._doubt.items():
            coverage, risk = risk_coverage(doubt, self._risk)
            at = np.linspace(coverage[0], 1, _POINTS)
            curves[name] = np.interp(at, coverage, risk).tolist()
            areas[name] = float(risk.mean())
        stated, wrong = self._errors.curve()
        return {
            "risk_coverage": {"coverage": at.tolist(), **curves},
            "risk_coverage_area": areas,
            "spread_errors": {"spread": (stated / 2).tolist(), "wrong": wrong.tolist()},
        }
