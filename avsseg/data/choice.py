"""Weighted draws: of categories by importance, of recordings and pictures by count."""

from collections.abc import Mapping, Sequence, Sized
from typing import TypeVar

import numpy as np

from avsseg.data.kinds import IMPORTANCE

T = TypeVar("T")


def happens(rng: np.random.Generator, chance: float) -> bool:
    """Draw yes or no; what never happens draws nothing, so that it leaves other draws alone."""
    return bool(chance and rng.random() < chance)


def pick(rng: np.random.Generator, items: Sequence[T]) -> T:
    """Draw one item, all equally likely."""
    return items[int(rng.integers(len(items)))]


def pick_weighted(rng: np.random.Generator, items: Sequence[T], weights: Sequence[float]) -> T:
    """Draw one item with chances proportional to ``weights``."""
    sums = np.cumsum(weights)
    return items[int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))]


def pick_category(
    rng: np.random.Generator, offers: Mapping[str, Sized], names: Sequence[str]
) -> str:
    """Draw one of ``names``: by importance, and a little by how much there is of it.

    The fourth root keeps kinds with a hundred times as many pictures at three times the chance.
    """
    weights = [len(offers[name]) ** 0.25 * IMPORTANCE.get(name, 1.0) for name in names]
    return pick_weighted(rng, names, weights)
