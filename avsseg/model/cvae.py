"""The conditional variational auto-encoder of Table II and Fig. 3."""

from typing import NamedTuple

import torch
from einops import reduce
from torch import Tensor, nn

from avsseg.model.latent_encoder import ConvEncoder


class Gaussian(NamedTuple):
    """A diagonal normal distribution.

    Shapes:
        mean, log_var (N, D)
    """

    mean: Tensor
    log_var: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """The sample that standard normal ``noise`` (N, D) leads to."""
        return self.mean + (0.5 * self.log_var).exp() * noise

    def kl(self, other: "Gaussian") -> Tensor:
        """KL(self || other), summed over D (N,)."""
        ratio = (self.log_var - other.log_var).exp()
        distance = (self.mean - other.mean).square() * (-other.log_var).exp()
        return 0.5 * (ratio + distance - 1 - (self.log_var - other.log_var)).sum(dim=1)


class LatentCVAE(nn.Module):
    """Prior p(z | X) and posterior q(z | X, y) from the pooled fused maps (D23).

    Shapes:
        maps G_1..G_4 (N, C, h, w), mask (N, K, S, S) -> Gaussians over (N, D)
    """

    def __init__(
        self, channels: int, num_classes: int, image_size: int, hidden: int, latent_dim: int
    ) -> None:
        super().__init__()
        self.mask_encoder = ConvEncoder(num_classes, image_size, hidden, latent_dim)
        self.prior_head = _two_layers(4 * channels, hidden, 2 * latent_dim)
        self.posterior_head = _two_layers(4 * channels + latent_dim, hidden, 2 * latent_dim)

    def prior(self, maps: list[Tensor]) -> Gaussian:
        """p(z | X), all there is at test time."""
        return _gaussian(self.prior_head(_pooled(maps)))

    def posterior(self, maps: list[Tensor], mask: Tensor) -> Gaussian:
        """q(z | X, y), in training only."""
        return _gaussian(
            self.posterior_head(torch.cat([_pooled(maps), self.mask_encoder(mask)], dim=1))
        )


def _pooled(maps: list[Tensor]) -> Tensor:
    return torch.cat([reduce(m, "n c h w -> n c", "mean") for m in maps], dim=1)


def _gaussian(values: Tensor) -> Gaussian:
    mean, log_var = values.chunk(2, dim=1)
    return Gaussian(mean, log_var.clamp(-10, 10))


def _two_layers(in_dim: int, hidden: int, out_dim: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(in_dim, hidden), nn.LeakyReLU(0.01), nn.Linear(hidden, out_dim))
