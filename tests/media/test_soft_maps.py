"""Probabilities in npz files."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from avsseg.media.soft_maps import open_soft_maps


@pytest.mark.parametrize("shape", [(7, 5), (3, 7, 5)])
def test_probabilities_are_read_back_by_numpy(tmp_path, shape):
    """One array of all masks with their times and numbers."""
    masks = np.random.default_rng(0).random((4, *shape), np.float32)

    with open_soft_maps(tmp_path / "soft.npz") as writer:
        for number, mask in enumerate(masks):
            writer.write(10 * number, Fraction(number, 3), mask)

    with np.load(tmp_path / "soft.npz") as archive:
        assert sorted(archive) == ["index", "masks", "times_s"]
        assert archive["masks"].dtype == np.float16
        np.testing.assert_allclose(archive["masks"], masks, atol=5e-4)
        np.testing.assert_allclose(archive["times_s"], [0, 1 / 3, 2 / 3, 1])
        assert archive["index"].tolist() == [0, 10, 20, 30]
    assert [p.name for p in tmp_path.iterdir()] == ["soft.npz"]


def test_no_masks_are_an_empty_array(tmp_path):
    """A silent film still has its file."""
    with open_soft_maps(tmp_path / "soft.npz"):
        pass

    with np.load(tmp_path / "soft.npz") as archive:
        assert len(archive["masks"]) == len(archive["times_s"]) == 0


def test_memory_does_not_grow_with_the_number_of_masks(tmp_path):
    """Fifteen megabytes of masks pass through a few."""
    mask = np.random.default_rng(0).random((112, 112), np.float32)
    tracemalloc.start()

    with open_soft_maps(tmp_path / "soft.npz") as writer:
        for number in range(600):
            writer.write(number, Fraction(number), mask)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 2**20


def test_masks_of_two_grids_are_refused(tmp_path):
    """They would not fit in one array, and nothing appears."""
    with (
        pytest.raises(ValueError, match="do not fit in one array"),
        open_soft_maps(tmp_path / "soft.npz") as writer,
    ):
        writer.write(0, Fraction(0), np.zeros((2, 2), np.float32))
        writer.write(1, Fraction(1), np.zeros((3, 2), np.float32))

    assert list(tmp_path.iterdir()) == []
