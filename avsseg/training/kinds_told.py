"""The kinds that a composed scene shows and its soundtrack plays, as truths for a network."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from avsseg.data.soundtrack import Soundtrack

_STRIDE = 16


def seen_kinds(
    masks: NDArray[np.bool_], categories: Sequence[str], names: Sequence[str]
) -> NDArray[np.int64]:
    """The kind at the centre of each cell: 1 + its place in ``names``, 0 for none of them.

    Shapes:
        masks (N, T, S, S) of ``categories``, disjoint -> (T, S / 16, S / 16) int64
    """
    cells = masks[:, :, _STRIDE // 2 :: _STRIDE, _STRIDE // 2 :: _STRIDE]
    kinds = np.zeros(cells.shape[1:], np.int64)
    for mask, category in zip(cells, categories, strict=True):
        if category in names:
            kinds[mask] = 1 + names.index(category)
    return kinds


def heard_kinds(track: Soundtrack, names: Sequence[str]) -> NDArray[np.float32]:
    """For each frame and kind 1 if it is heard, 0 if not, -1 if nobody can say.

    Shapes:
        -> (T, K) float32
    """
    kinds = np.zeros((track.audible.shape[1], len(names)), np.float32)
    for row, category in zip(track.audible, track.heard, strict=True):
        if category in names:
            kinds[:, names.index(category)] = row
    return kinds
