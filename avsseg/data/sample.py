"""One labelled clip as tensors, and a batch of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A clip with its sound and its truth.

    Shapes:
        frames (T, 3, H, W) float32 in [0, 1], RGB; log_mel (T, 1, 96, 64) float32;
        masks (T, 1, H, W): float32 0 or 1 (S4, MS3), int64 class indices (AVSS);
        labelled (T,) bool: frames whose truth is known (S4's training clips: the first alone);
        valid (T,) bool: frames that exist (AVSS pads short clips to T = 10).
    """

    name: str
    category: str
    frames: Tensor
    log_mel: Tensor
    masks: Tensor
    labelled: Tensor
    valid: Tensor


@dataclass(frozen=True, kw_only=True)
class SampleBatch:
    """Clips of equal T, stacked.

    Shapes:
        as :class:`Sample`, with B in front.
    """

    names: tuple[str, ...]
    categories: tuple[str, ...]
    frames: Tensor
    log_mel: Tensor
    masks: Tensor
    labelled: Tensor
    valid: Tensor


def collate(samples: Sequence[Sample]) -> SampleBatch:
    """Stacks clips; the ``collate_fn`` of a loader."""
    return SampleBatch(
        names=tuple(sample.name for sample in samples),
        categories=tuple(sample.category for sample in samples),
        frames=torch.stack([sample.frames for sample in samples]),
        log_mel=torch.stack([sample.log_mel for sample in samples]),
        masks=torch.stack([sample.masks for sample in samples]),
        labelled=torch.stack([sample.labelled for sample in samples]),
        valid=torch.stack([sample.valid for sample in samples]),
    )
