"""E_phi: the ground-truth mask to its latent z_0 (paper, section III-A); used in training only."""

import torch
from einops import rearrange
from torch import Tensor, nn

WIDTHS = (16, 32, 64, 64, 64)


class ConvEncoder(nn.Module):
    """Five stride-2 convolutions and two fully connected layers: E_phi, and E_psi's visual branch.

    Shapes:
        (N, in_channels, S, S), S a multiple of 32 -> (N, out_dim)
    """

    def __init__(self, in_channels: int, image_size: int, hidden: int, out_dim: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in WIDTHS:
            layers += [
                nn.Conv2d(in_channels, width, 4, stride=2, padding=1),
                nn.BatchNorm2d(width),
                nn.LeakyReLU(0.01),
            ]
            in_channels = width
        self.convs = nn.Sequential(*layers)
        flat = WIDTHS[-1] * (image_size // 32) ** 2
        self.head = nn.Sequential(
            nn.Linear(flat, hidden), nn.LeakyReLU(0.01), nn.Linear(hidden, out_dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Encodes pictures or masks; see the class for shapes."""
        code: Tensor = self.head(rearrange(self.convs(x), "n c h w -> n (c h w)"))
        return code


class LatentEncoder(ConvEncoder):
    """E_phi with its bound: z_0 in (-1, 1) when the bound is ``tanh``.

    Shapes:
        mask (N, K, S, S) in [0, 1] -> z_0 (N, D)
    """

    def __init__(
        self, num_classes: int, image_size: int, hidden: int, latent_dim: int, *, bounded: bool
    ) -> None:
        super().__init__(num_classes, image_size, hidden, latent_dim)
        self.bounded = bounded

    def forward(self, x: Tensor) -> Tensor:
        """Encodes masks; see the class for shapes."""
        code = super().forward(x)
        return torch.tanh(code) if self.bounded else code
