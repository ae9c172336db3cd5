"""Named values that gather while probes pass by, each with its spread over sampling seeds."""

from collections import defaultdict

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Tally:
    """Means over all items of a name, for each seed on its own."""

    def __init__(self) -> None:
        self._values: defaultdict[str, list[NDArray[np.float64]]] = defaultdict(list)

    def add(self, name: str, values: ArrayLike) -> None:
        """Adds items; what does not depend on a seed has one row.

        Shapes:
            values (S, n)
        """
        self._values[name].append(np.asarray(values, np.float64))

    def means(self) -> dict[str, float | None]:
        """The mean over items and seeds of each name; None where there was no item."""
        return {name: _mean(values) for name, values in self._joined().items()}

    def spread(self) -> dict[str, float]:
        """Standard deviation over seeds (N - 1) of each name that was measured with several."""
        joined = self._joined()
        sampled = {n: v.mean(axis=1) for n, v in joined.items() if v.shape[0] > 1 and v.size}
        return {name: float(np.std(values, ddof=1)) for name, values in sampled.items()}

    def _joined(self) -> dict[str, NDArray[np.float64]]:
        return {name: np.concatenate(values, axis=1) for name, values in self._values.items()}


def _mean(values: NDArray[np.float64]) -> float | None:
    return float(values.mean()) if values.size else None
