"""Whether a soft map means what it says, and whether its doubt is where its errors are."""

import numpy as np
from numpy.typing import ArrayLike

from avsseg.evaluation.family_a import Floats


class Reliability:
    """Equal bins of stated probability, each with how often the pixel really was foreground."""

    def __init__(self, num_bins: int = 15) -> None:
        self.counts = np.zeros(num_bins, np.int64)
        self.stated = np.zeros(num_bins)
        self.found = np.zeros(num_bins)

    def add(self, probabilities: ArrayLike, truths: ArrayLike) -> None:
        """Adds the pixels of some frames.

        Shapes:
            probabilities: any shape, in [0, 1]; truths: the same shape, bool
        """
        soft = np.asarray(probabilities).ravel()
        true = np.asarray(truths, bool).ravel()
        bins = len(self.counts)
        index = np.minimum((soft * bins).astype(np.intp), bins - 1)
        self.counts += np.bincount(index, minlength=bins)
        self.stated += np.bincount(index, weights=soft, minlength=bins)
        self.found += np.bincount(index[true], minlength=bins)

    def curve(self) -> tuple[Floats, Floats]:
        """Mean stated probability and observed frequency of the bins that are not empty."""
        filled = self.counts > 0
        counts = self.counts[filled]
        return self.stated[filled] / counts, self.found[filled] / counts

    def error(self) -> float:
        """Expected calibration error: mean gap of the bins, weighted by their pixels."""
        return float(np.abs(self.stated - self.found).sum() / self.counts.sum())


def expected_calibration_error(
    probabilities: ArrayLike, truths: ArrayLike, *, num_bins: int = 15
) -> float:
    """Mean distance between stated foreground probability and its observed frequency.

    Shapes:
        probabilities: any shape, in [0, 1]; truths: the same shape, bool
    """
    bins = Reliability(num_bins)
    bins.add(probabilities, truths)
    return bins.error()


def risk_coverage(uncertainty: ArrayLike, risk: ArrayLike) -> tuple[Floats, Floats]:
    """Mean risk of the surest share of the items, for each share (Geifman and El-Yaniv, 2017).

    Items of equal uncertainty come in no order: each then carries the mean risk of its group.

    Shapes:
        uncertainty, risk (N,) -> coverage (N,), mean risk (N,)
    """
    doubt, cost = np.asarray(uncertainty).ravel(), np.asarray(risk, np.float64).ravel()
    _, group, sizes = np.unique(doubt, return_inverse=True, return_counts=True)
    shared = np.bincount(group, weights=cost) / sizes
    rank = np.arange(1, len(cost) + 1)
    return rank / len(cost), np.repeat(shared, sizes).cumsum() / rank


def risk_coverage_area(uncertainty: ArrayLike, risk: ArrayLike) -> float:
    """Area under the risk-coverage curve; low where the uncertain items are the wrong ones.

    Shapes:
        uncertainty, risk (N,)
    """
    return float(risk_coverage(uncertainty, risk)[1].mean())
