"""eps_theta: the eight-layer fully connected U-Net (paper, section III-A, technical details)."""

import math

import torch
from torch import Tensor, nn


class TimeEmbedding(nn.Module):
    """Tells a network the diffusion time, by sinusoids and two layers or by a learned table.

    Shapes:
        t (B,) integer -> (B, dim)
    """

    def __init__(self, dim: int, num_timesteps: int, *, learned: bool) -> None:
        super().__init__()
        self.dim = dim
        self.table = nn.Embedding(num_timesteps, dim) if learned else None
        self.mlp = nn.Sequential(nn.Linear(dim, dim), nn.SiLU(), nn.Linear(dim, dim))

    def forward(self, t: Tensor) -> Tensor:
        """Embeds times; see the class for shapes."""
        embedding: Tensor = self.mlp(self._sinusoids(t) if self.table is None else self.table(t))
        return embedding

    def _sinusoids(self, t: Tensor) -> Tensor:
        half = self.dim // 2
        rates = torch.exp(torch.arange(half, device=t.device) * (-math.log(10000) / (half - 1)))
        angles = t[:, None].to(rates.dtype) * rates[None]
        dtype = next(self.mlp.parameters()).dtype
        return torch.cat([angles.sin(), angles.cos()], dim=1).to(dtype)


class LatentDenoiser(nn.Module):
    """Predicts the noise in z_t from z_t, the condition c and the time (Eq. 9).

    Four encoder layers, four decoder layers with the encoder's activations concatenated, leaky
    ReLU after all but the last. With ``film`` c and t also scale and shift every layer.

    Shapes:
        z_t (B, D), t (B,), c (B, D) or None, previous z_0 (B, D) or None -> (B, D)
    """

    def __init__(
        self,
        latent_dim: int,
        condition_dim: int,
        widths: tuple[int, int, int, int],
        time: TimeEmbedding,
        *,
        film: bool = False,
        self_condition: bool = False,
    ) -> None:
        super().__init__()
        a, b, c, d = widths
        context = condition_dim + time.dim
        inputs = latent_dim * (2 if self_condition else 1) + context
        self.time = time
        self.self_condition = self_condition
        self.encoder = nn.ModuleList(
            [nn.Linear(inputs, a), nn.Linear(a, b), nn.Linear(b, c), nn.Linear(c, d)]
        )
        self.decoder = nn.ModuleList(
            [
                nn.Linear(d, c),
                nn.Linear(2 * c, b),
                nn.Linear(2 * b, a),
                nn.Linear(2 * a, latent_dim),
            ]
        )
        hidden = (a, b, c, d, c, b, a) if film else ()
        self.film = nn.ModuleList(nn.Linear(context, 2 * width) for width in hidden)
        self.act = nn.LeakyReLU(0.01)

    def forward(
        self, z_t: Tensor, t: Tensor, c: Tensor | None, z_0: Tensor | None = None
    ) -> Tensor:
        """Predicts; see the class for shapes."""
        time = self.time(t).to(z_t.dtype)
        context = time if c is None else torch.cat([c, time], dim=1)
        x = torch.cat([z_t, context], dim=1)
        if self.self_condition:
            x = torch.cat([x, torch.zeros_like(z_t) if z_0 is None else z_0], dim=1)
        skips: list[Tensor] = []
        for i, layer in enumerate(self.encoder):
            x = self._activate(layer(x), context, i)
            skips.append(x)
        x = skips.pop()
        for i, layer in enumerate(self.decoder[:-1]):
            x = self._activate(layer(x), context, len(self.encoder) + i)
            x = torch.cat([x, skips.pop()], dim=1)
        prediction: Tensor = self.decoder[-1](x)
        return prediction

    def _activate(self, x: Tensor, context: Tensor, index: int) -> Tensor:
        if self.film:
            scale, shift = self.film[index](context).chunk(2, dim=1)
            x = x * (1 + scale) + shift
        activated: Tensor = self.act(x)
        return activated
