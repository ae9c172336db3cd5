"""Tells fused maps what another part of the network takes each place to be."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_FLOOR = 1e-4


class Hint(nn.Module):
    """Adds a map of probabilities, and its logits, to fused maps of any size; starts idle.

    Shapes:
        maps, each (B, T, C, h, w); probability (B, T, 1, g, g) -> maps of the same shapes
    """

    def __init__(self, channels: int, num_maps: int) -> None:
        super().__init__()
        self.tell = nn.ModuleList(nn.Conv2d(2, channels, 1, bias=False) for _ in range(num_maps))
        for tell in self.tell:
            nn.init.zeros_(tell.weight)  # type: ignore[arg-type]

    def forward(self, maps: list[Tensor], probability: Tensor) -> list[Tensor]:
        """Tells; see the class for shapes."""
        known = probability.float().clamp(_FLOOR, 1 - _FLOOR)
        hints = torch.cat([known, torch.logit(known) / 4], dim=2).flatten(0, 1)
        return [
            fused + tell(_resized(hints, fused)).reshape(fused.shape).to(fused.dtype)
            for fused, tell in zip(maps, self.tell, strict=True)
        ]


def _resized(hints: Tensor, like: Tensor) -> Tensor:
    size = (like.shape[-2], like.shape[-1])
    if hints.shape[-1] >= size[-1]:
        return F.adaptive_avg_pool2d(hints, size)
    return F.interpolate(hints, size=size, mode="bilinear", align_corners=False)
