"""E_psi: what is seen and heard, as the condition c of the diffusion (paper, section III-B)."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from avsseg.model.config import Condition
from avsseg.model.latent_encoder import ConvEncoder

_AUDIO_HIDDEN = 64


class ConditionEncoder(nn.Module):
    """Two branches and two fully connected layers that join them; ablated ones have no join.

    Shapes:
        visual: whatever the visual branch takes, N rows; audio (N, A) -> c (N, D)
    """

    def __init__(
        self, condition: Condition, visual: nn.Module, audio_dim: int, latent_dim: int
    ) -> None:
        super().__init__()
        self.condition = condition
        self.visual = visual if condition in ("visual", "av") else None
        self.audio = _two_layers(audio_dim, latent_dim) if condition in ("audio", "av") else None
        self.join = _two_layers(2 * latent_dim, latent_dim) if condition == "av" else None

    def forward(self, visual: Tensor | list[Tensor], audio: Tensor) -> Tensor | None:
        """Encodes; None when the condition is ablated; see the class for shapes."""
        branches = []
        if self.visual is not None:
            branches.append(self.visual(visual))
        if self.audio is not None:
            branches.append(self.audio(audio))
        if self.join is None:
            return branches[0] if branches else None
        joined: Tensor = self.join(torch.cat(branches, dim=1))
        return joined


class FeatureBranch(nn.Module):
    """E_psi's visual branch on the fused features G in place of raw pixels (D3).

    Every level is pooled to the grid of its coarsest two, so that place and extent of what
    sounds, which z_0 holds, can be read off.

    Shapes:
        G_1..G_4 (N, C, h, w) -> (N, D)
    """

    def __init__(
        self, channels: int, num_levels: int, image_size: int, hidden: int, out_dim: int
    ) -> None:
        super().__init__()
        self.grid = image_size // 16
        widths = 64, 32
        self.mix = nn.Sequential(
            nn.Conv2d(channels * num_levels, widths[0], 1),
            nn.LeakyReLU(0.01),
            nn.Conv2d(widths[0], widths[1], 3, padding=1),
            nn.LeakyReLU(0.01),
        )
        flat = widths[1] * self.grid**2
        self.head = nn.Sequential(
            nn.Linear(flat, hidden), nn.LeakyReLU(0.01), nn.Linear(hidden, out_dim)
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Encodes; see the class for shapes."""
        pooled = [_to_grid(m, self.grid) for m in maps]
        mixed = self.mix(torch.cat(pooled, dim=1))
        code: Tensor = self.head(rearrange(mixed, "n c h w -> n (c h w)"))
        return code


def rgb_branch(image_size: int, hidden: int, out_dim: int) -> ConvEncoder:
    """The paper's visual branch: the structure of E_phi on the frame itself."""
    return ConvEncoder(3, image_size, hidden, out_dim)


def _to_grid(x: Tensor, grid: int) -> Tensor:
    if x.shape[-1] >= grid:
        return F.adaptive_avg_pool2d(x, grid)
    return F.interpolate(x, size=(grid, grid), mode="bilinear", align_corners=False)


def _two_layers(in_dim: int, out_dim: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(in_dim, _AUDIO_HIDDEN), nn.LeakyReLU(0.01), nn.Linear(_AUDIO_HIDDEN, out_dim)
    )
