"""E_phi: the ground-truth mask to its latent z_0 (paper, section III-A); used in training only."""

import torch
from einops import rearrange
from torch import Tensor, nn

from avsseg.model.config import LatentBound

WIDTHS = (16, 32, 64, 64, 64)
LATENT_LIMITS: dict[LatentBound, float | None] = {"tanh": 1.0, "running": 3.0, "none": None}
"""The largest magnitude of a number of z_0; sampling clamps to it."""


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


class RunningNorm(nn.Module):
    """Centres and scales each number of a code by running statistics, in training too.

    Batches are a few frames, so their own statistics would be noise.

    Shapes:
        (N, D) -> (N, D)
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, dim: int, momentum: float = 0.05) -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("running_mean", torch.zeros(dim))
        self.register_buffer("running_var", torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        """Normalises; see the class for shapes."""
        if self.training:
            with torch.no_grad():
                var, mean = torch.var_mean(x.to(self.running_mean), dim=0, correction=0)
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var, self.momentum)
        return (x - self.running_mean) * torch.rsqrt(self.running_var + 1e-5)


class LatentEncoder(ConvEncoder):
    """E_phi with its bound (D9): z_0 in (-1, 1) by ``tanh``, in [-3, 3] by ``running`` statistics.

    Shapes:
        mask (N, K, S, S) in [0, 1] -> z_0 (N, D)
    """

    def __init__(
        self,
        num_classes: int,
        image_size: int,
        hidden: int,
        latent_dim: int,
        *,
        bound: LatentBound,
    ) -> None:
        super().__init__(num_classes, image_size, hidden, latent_dim)
        self.limit = LATENT_LIMITS[bound]
        self.norm = RunningNorm(latent_dim) if bound == "running" else None

    def forward(self, x: Tensor) -> Tensor:
        """Encodes masks; see the class for shapes."""
        code = super().forward(x)
        if self.limit is None:
            return code
        if self.norm is None:
            return torch.tanh(code) * self.limit
        normed: Tensor = self.norm(code)
        return normed.clamp(-self.limit, self.limit)
