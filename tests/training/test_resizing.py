"""Batches in other sizes: what is where stays there."""

import dataclasses

import pytest
import torch

from avsseg.training.batch import TrainBatch
from avsseg.training.resizing import at_size


@pytest.fixture
def batch() -> TrainBatch:
    """Two clips of three frames whose left half sounds, is red, and is of kind 5."""
    frames = torch.zeros(2, 3, 3, 96, 96, dtype=torch.uint8)
    frames[:, :, 0, :, :48] = 255
    masks = torch.zeros(2, 3, 1, 96, 96, dtype=torch.bool)
    masks[..., :48] = True
    seen = torch.zeros(2, 3, 6, 6, dtype=torch.int64)
    seen[..., :3] = 5
    return TrainBatch(
        frames=frames, masks=masks, seen=seen, labelled=torch.ones(2, 3, dtype=torch.bool)
    )


@pytest.mark.parametrize("side", [32, 64, 96, 160])
def test_pictures_truths_and_kinds_stay_where_they_are(batch, side):
    """The left half is the left half in every size."""
    found = at_size(batch, side)
    middle = side // 2

    assert found.frames.shape == (2, 3, 3, side, side)
    assert found.frames.is_floating_point()
    torch.testing.assert_close(found.frames[:, :, 0, :, : middle - 3].min(), torch.tensor(1.0))
    assert found.frames[:, :, 1:].max() == 0
    assert found.masks.shape == (2, 3, 1, side, side)
    assert bool(found.masks[..., :middle].all()) and not bool(found.masks[..., middle:].any())
    assert found.seen.shape == (2, 3, side // 16, side // 16)
    assert bool((found.seen[..., : side // 32] == 5).all())
    assert bool((found.seen[..., side // 32 :] == 0).all())


def test_classes_are_not_mixed(batch):
    """A class index is that of some pixel, never one between two."""
    classes = torch.where(batch.masks, 7, 3)
    found = at_size(dataclasses.replace(batch, masks=classes, seen=None), 40)
    assert found.masks.dtype == torch.int64
    assert found.masks.unique().tolist() == [3, 7]


def test_stored_features_stay_as_they_are():
    """They come in the size that they were made in."""
    batch = TrainBatch(
        features=(torch.rand(1, 1, 4, 8, 8),),
        masks=torch.ones(1, 1, 1, 32, 32),
        labelled=torch.ones(1, 1, dtype=torch.bool),
    )
    found = at_size(batch, 32)
    assert found.features is batch.features
    assert torch.equal(found.masks, batch.masks)
