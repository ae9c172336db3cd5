"""COCO run lengths."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from avsseg.media.rle import compress_counts, decode_mask, decompress_counts, encode_mask

masks = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, max_side=40))


def test_runs_go_down_the_columns_and_start_with_zeros():
    """The order of COCO: column after column, an empty first run if the corner is set."""
    mask = np.array([[0, 1, 1], [0, 1, 0]], np.bool_)

    assert encode_mask(mask) == [2, 3, 1]
    assert encode_mask(~mask) == [0, 2, 3, 1]


def test_an_empty_and_a_full_mask_have_one_run():
    """Nothing and everything are one run each, after the empty run of zeros."""
    assert encode_mask(np.zeros((3, 4), np.bool_)) == [12]
    assert encode_mask(np.ones((3, 4), np.bool_)) == [0, 12]


def test_compressed_counts_are_the_letters_of_the_format():
    """Worked by hand from the format: five bits a letter, sign in the last, code 48 first."""
    assert compress_counts([0]) == "0"
    assert compress_counts([15]) == "?"  # 0b01111 + 48
    assert compress_counts([16]) == "`0"  # sign bit would be read as minus: one letter more
    assert compress_counts([5, 3, 4, 1]) == "534N"  # 1 - 3 = -2 = 0b11110, + 48
    assert compress_counts([1, 1, 1, 1000]) == "111Wo0"  # 999 = 7 | 32 in 7, 31 | 32 in 15, 0


@given(masks)
def test_a_mask_survives_both_forms(mask):
    """Decoding gives back exactly what was encoded, through text as well."""
    counts = encode_mask(mask)

    assert decompress_counts(compress_counts(counts)) == counts
    np.testing.assert_array_equal(decode_mask(counts, *mask.shape), mask)


@given(st.lists(st.integers(0, 2**33), min_size=1, max_size=30))
def test_any_counts_survive_compression(counts):
    """Long runs and large falls between runs are kept."""
    assert decompress_counts(compress_counts(counts)) == counts


def test_runs_that_do_not_fill_the_mask_are_refused():
    """A size that does not belong to the runs is a bug, said at once."""
    with pytest.raises(ValueError, match="fill 5 pixels of a mask of 6"):
        decode_mask([2, 3], 2, 3)
