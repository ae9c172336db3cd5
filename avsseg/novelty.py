"""What is new in a film's sound, for audio encoders that cannot name what they hear."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Embedding = NDArray[np.float32]

_FEWEST = 8  # moments of background before anything can be new against it
_LEAST_SCATTER = 0.01
_NEW = (4.0, 8.0)  # distances from the background, in units of its own scatter
_STILL_BACKGROUND = 2.0
_LIKE_SILENCE = 0.01


class Novelty:
    """How far a sound lies from what a film sounds like while nothing loud happens.

    Distances are 1 - cosine. The background is the mean of what was learned, its scatter the mean
    distance from that; a moment that stands out is not learned, so that the background stays what
    it is. Trials with a thousand-number embedding: over steady noise, calls as loud as the noise
    lay 9 to 30 scatters off, the noise itself up to 3.

    Shapes:
        silence (A,): what the encoder makes of no sound at all
    """

    def __init__(self, silence: Embedding) -> None:
        self._silence = _direction(silence)
        self._sum = np.zeros_like(self._silence)
        self._scatter = 0.0
        self._count = 0

    def event(self, embedding: Embedding) -> float:
        """How sure it is, in [0, 1], that something is new; 0 until enough is known.

        Shapes:
            embedding (A,)
        """
        low, high = _NEW
        return min(max((self._distance(embedding) - low) / (high - low), 0.0), 1.0)

    def silence(self, embedding: Embedding) -> float:
        """1 where the encoder hears just what it hears of no sound at all, less with distance.

        Shapes:
            embedding (A,)
        """
        apart = _apart(_direction(embedding), self._silence)
        return max(0.0, 1 - apart / _LIKE_SILENCE)

    def learn(self, embedding: Embedding) -> None:
        """Take a moment into the background, unless it stands out.

        Shapes:
            embedding (A,)
        """
        if self._distance(embedding) >= _STILL_BACKGROUND:
            return
        heard = _direction(embedding)
        if self._count:
            self._scatter += _apart(heard, _direction(self._sum))
        self._sum += heard
        self._count += 1

    def _distance(self, embedding: Embedding) -> float:
        """From the background, in units of its scatter; 0 while too little is known."""
        if self._count < _FEWEST:
            return 0.0
        scatter = max(self._scatter / (self._count - 1), _LEAST_SCATTER)
        return _apart(_direction(embedding), _direction(self._sum)) / scatter


def _direction(vector: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Of length one; of length zero where there is nothing."""
    values = np.asarray(vector, np.float64)
    length = float(np.linalg.norm(values))
    return values / length if length else values


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """1 - cosine of two directions; 0 between nothing and nothing."""
    return float(((one - other) ** 2).sum() / 2)
