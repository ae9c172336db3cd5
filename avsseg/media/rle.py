"""COCO run-length encoding of masks, uncompressed and compressed, and back."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BITS = 5
_CONTINUES = 0x20
_SIGN = 0x10
_FIRST_LETTER = 48


def encode_mask(mask: NDArray[np.bool_]) -> list[int]:
    """Run lengths of a mask read column by column, the first run being of zeros (maybe empty).

    Shapes:
        mask (H, W) -> counts whose sum is H * W
    """
    flat = mask.ravel(order="F")
    if flat.size == 0:
        return []
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate(([0], changes, [flat.size]))
    counts: list[int] = np.diff(edges).tolist()
    return [0, *counts] if flat[0] else counts


def decode_mask(counts: Sequence[int], height: int, width: int) -> NDArray[np.bool_]:
    """The mask of run lengths made by ``encode_mask``.

    Shapes:
        counts -> (height, width)

    Raises:
        ValueError: the runs do not fill the mask exactly.
    """
    if sum(counts) != height * width:
        raise ValueError(f"runs fill {sum(counts)} pixels of a mask of {height * width}")
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape((height, width), order="F")


def compress_counts(counts: Sequence[int]) -> str:
    """The compact text form of run lengths that COCO tools read.

    From the fourth run on, the difference to the run two before is written; each number goes in
    groups of five bits, the lowest first, each group as one letter from code 48 on, with the
    bit 0x20 set where more groups follow.
    """
    letters: list[str] = []
    for position, count in enumerate(counts):
        number = count - counts[position - 2] if position > 2 else count
        letters.extend(_to_letters(number))
    return "".join(letters)


def decompress_counts(text: str) -> list[int]:
    """The run lengths of a text made by ``compress_counts``."""
    counts: list[int] = []
    number, shift = 0, 0
    for letter in text:
        group = ord(letter) - _FIRST_LETTER
        number |= (group & 0x1F) << shift
        shift += _BITS
        if group & _CONTINUES:
            continue
        if group & _SIGN:
            number -= 1 << shift
        counts.append(number + counts[-2] if len(counts) > 2 else number)
        number, shift = 0, 0
    return counts


def _to_letters(number: int) -> list[str]:
    letters: list[str] = []
    while True:
        group = number & 0x1F
        number >>= _BITS
        complete = number == (-1 if group & _SIGN else 0)
        letters.append(chr(_FIRST_LETTER + (group if complete else group | _CONTINUES)))
        if complete:
            return letters
