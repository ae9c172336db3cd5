"""Batches as networks of other picture sizes see them."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from avsseg.training.batch import TrainBatch


def at_size(batch: TrainBatch, side: int) -> TrainBatch:
    """A batch in pictures of ``side`` pixels, with floats for bytes.

    Stored features stay as they are: what holds them has to have that size already.
    """
    frames, masks, seen = batch.frames, batch.masks, batch.seen
    if frames is not None:
        frames = frames if frames.is_floating_point() else frames.float() / 255
        if seen is not None:
            seen = _nearest(seen[:, :, None], side * seen.shape[-1] // frames.shape[-1])[:, :, 0]
        frames = _smooth(frames, side)
        if masks.dtype == torch.int64:
            masks = _nearest(masks, side)
        elif masks.shape[-1] != side:
            masks = _smooth(masks.float(), side) > 0.5
    return replace(batch, frames=frames, masks=masks, seen=seen)


def _smooth(x: Tensor, side: int) -> Tensor:
    """(B, T, c, S, S) at another size."""
    if x.shape[-1] == side:
        return x
    rows = F.interpolate(x.flatten(0, 1), size=(side, side), mode="bilinear", antialias=True)
    return rows.reshape(*x.shape[:2], *rows.shape[1:])


def _nearest(x: Tensor, side: int) -> Tensor:
    """The same for classes (B, T, 1, S, S), by the class at the middle of each cell."""
    if x.shape[-1] == side:
        return x
    rows = F.interpolate(x.flatten(0, 1).float(), size=(side, side), mode="nearest-exact")
    return rows.to(x.dtype).reshape(*x.shape[:2], *rows.shape[1:])
