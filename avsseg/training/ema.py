"""A running mean of weights, which is what gets validated and kept."""

import copy

import torch
from torch import Tensor

from avsseg.model.segmenter import AVSegmenter


class MeanWeights:
    """The exponential mean of a network's trained weights; with decay 0, the network itself.

    The first steps count more: the decay of step n is at most (1 + n) / (10 + n). Statistics of
    batch norms are averaged alike, for they belong to the weights that made them.
    """

    def __init__(self, model: AVSegmenter, decay: float) -> None:
        self.decay = decay
        self._source = model
        self.model = copy.deepcopy(model).requires_grad_(False).eval() if decay else model

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Takes in the weights after ``step`` steps; running statistics too."""
        if not self.decay:
            return
        decay = min(self.decay, (1 + step) / (10 + step))
        weights = zip(self.model.parameters(), self._source.parameters(), strict=True)
        pairs: list[tuple[Tensor, Tensor]] = [pair for pair in weights if pair[1].requires_grad]
        for kept, value in zip(self.model.buffers(), self._source.buffers(), strict=True):
            if kept.is_floating_point():
                pairs.append((kept, value))
            else:
                kept.copy_(value)
        means, values = zip(*pairs, strict=True)
        torch._foreach_lerp_(means, values, 1 - decay)  # one launch on a GPU, not hundreds
