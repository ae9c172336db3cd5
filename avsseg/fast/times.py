"""The embeddings of all diffusion times, looked up in place of computed at every step."""

import torch
from torch import Tensor, nn


class TimeTable(nn.Module):
    """What a time embedding says of each time.

    Shapes:
        t (B,) integer -> (B, dim)
    """

    table: Tensor

    def __init__(self, embedding: nn.Module, num_timesteps: int) -> None:
        super().__init__()
        device = next(embedding.parameters()).device
        table = embedding(torch.arange(num_timesteps, device=device))
        self.register_buffer("table", table, persistent=False)

    def forward(self, t: Tensor) -> Tensor:
        """Looks up; see the class for shapes."""
        return self.table[t]
