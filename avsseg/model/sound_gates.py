"""Two ways beyond TPAVI by which a frame's sound acts on that frame; the paper has neither."""

import torch
from einops import rearrange, reduce
from torch import Tensor, nn


class AudioFiLM(nn.Module):
    """Scales and shifts the channels of one stage by the sound of the same frame.

    Shapes:
        visual (B, T, C, h, w), audio (B, T, A) -> (B, T, C, h, w)
    """

    def __init__(self, channels: int, audio_dim: int) -> None:
        super().__init__()
        self.affine = nn.Linear(audio_dim, 2 * channels)
        nn.init.zeros_(self.affine.weight)
        nn.init.zeros_(self.affine.bias)

    def forward(self, visual: Tensor, audio: Tensor) -> Tensor:
        """Modulates; see the class for shapes."""
        scale, shift = rearrange(self.affine(audio), "b t (two c) -> two b t c 1 1", two=2)
        modulated: Tensor = visual * (1 + scale) + shift
        return modulated


class PresenceGate(nn.Module):
    """Judges per frame whether what sounds is in the picture, from the fused maps and the sound.

    Shapes:
        maps (N, C, h, w) each, audio (N, A) -> presence logits (N,)
    """

    def __init__(self, channels: int, num_levels: int, audio_dim: int, hidden: int = 128) -> None:
        super().__init__()
        pooled = 2 * channels * num_levels
        self.judge = nn.Sequential(
            nn.Linear(pooled + audio_dim, hidden), nn.ReLU(), nn.Linear(hidden, 1)
        )

    def forward(self, maps: list[Tensor], audio: Tensor) -> Tensor:
        """Judges; see the class for shapes."""
        pooled = [reduce(m, "n c h w -> n c", how) for m in maps for how in ("mean", "max")]
        presence: Tensor = self.judge(torch.cat([*pooled, audio], dim=1))
        return presence[:, 0]


def gated(logits: Tensor, presence: Tensor) -> Tensor:
    """Logits of the product of two probabilities: the pixel's and its frame's.

    The odds against both are e^-a + e^-b + e^-(a+b), so nothing is lost near 0 or 1.

    Shapes:
        logits (N, K, h, w), presence (N,) -> (N, K, h, w)
    """
    a, b = logits.float(), presence.float()[:, None, None, None]
    return -torch.logaddexp(torch.logaddexp(-a, -b), -a - b)
