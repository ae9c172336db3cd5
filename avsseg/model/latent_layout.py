"""A latent as the rough place and extent of what sounds: drawn from z, beside the paper's D_tau."""

from einops import rearrange
from torch import Tensor, nn

_HIDDEN = 256


class LatentLayout(nn.Module):
    """Draws a coarse mask from a latent.

    D_tau repeats z at every place of G_4, so z alone cannot say where; drawn like this it can,
    and E_phi can be taught to keep what z is for: the mask's place and extent.

    Shapes:
        z (B, T, D) -> logits (B, T, 1, g, g)
    """

    def __init__(self, latent_dim: int, grid: int) -> None:
        super().__init__()
        self.grid = grid
        self.draw = nn.Sequential(
            nn.Linear(latent_dim, _HIDDEN), nn.GELU(), nn.Linear(_HIDDEN, grid**2)
        )

    def forward(self, z: Tensor) -> Tensor:
        """Draws; see the class for shapes."""
        drawn: Tensor = rearrange(self.draw(z), "b t (h w) -> b t 1 h w", h=self.grid)
        return drawn
