"""What one training step sees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class TrainBatch:
    """A batch of labelled clips, as pictures and sound or as what frozen encoders made of them.

    Shapes:
        masks (B, T, K, S, S) bool, or float in {0, 1}; or (B, T, 1, S, S) int64 class indices;
        labelled (B, T) bool: frames with a known truth;
        frames (B, T, 3, S, S) uint8, or float in [0, 1]; or features: F_1..F_4, each
        (B, T, c_l, h, w), or the first of them;
        log_mel (B, T, 1, 96, 64) or embeddings (B, T, A);
        seen (B, T, h, w) int64: the kind in each cell, 0 for none of those that a network knows;
        heard (B, T, K) float: 1 for a kind that is heard, 0 for one that is not, -1 unknown
    """

    masks: Tensor
    labelled: Tensor
    frames: Tensor | None = None
    features: tuple[Tensor, ...] | None = None
    log_mel: Tensor | None = None
    embeddings: Tensor | None = None
    seen: Tensor | None = None
    heard: Tensor | None = None

    def to(self, device: torch.device) -> "TrainBatch":
        """The same batch on a device; from pinned memory, without waiting."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pin_memory(self) -> "TrainBatch":
        """The same batch where CUDA reads it fastest; loaders ask for it by this name."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> "TrainBatch":
        changed: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, tuple):
                changed[field.name] = tuple(map(change, value))
            elif value is not None:
                changed[field.name] = change(value)
        return replace(self, **changed)


def join(batches: Sequence[TrainBatch]) -> TrainBatch:
    """One batch of several that hold the same things; the ``collate_fn`` of a loader."""
    joined: dict[str, Any] = {}
    for field in fields(TrainBatch):
        values = [getattr(batch, field.name) for batch in batches]
        if isinstance(values[0], tuple):
            joined[field.name] = tuple(torch.cat(level) for level in zip(*values, strict=True))
        elif values[0] is not None:
            joined[field.name] = torch.cat(values)
    return TrainBatch(**joined)
