"""Sounds as strange to the ear as recordings that never taught it: beyond the paper.

An ear tells the recordings that taught it almost without fault, and others not so well. Those that
read it in training would learn to trust it more than they can when it is used; for them, some
sounds are moved in the ear's own space, by what two sounds differ in.
"""

import torch
from torch import Tensor


def estranged(embeddings: Tensor, chance: float, strangeness: tuple[float, float]) -> Tensor:
    """Moves some clips' embeddings A by a share of what two clips of the batch differ in.

    The share is drawn for each clip, between the least and the most ``strangeness``. The mean of
    a batch that is moved by one share stays where it was.

    Shapes:
        embeddings (B, T, A) -> (B, T, A)
    """
    clips, device = len(embeddings), embeddings.device
    share = torch.empty(clips, 1, 1, device=device).uniform_(*strangeness)
    share = share * (torch.rand_like(share) < chance)
    one, other = (torch.randperm(clips, device=device) for _ in range(2))
    return embeddings + share * (embeddings[one] - embeddings[other])
