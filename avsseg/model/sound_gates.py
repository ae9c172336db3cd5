"""Two ways beyond TPAVI by which a frame's own sound acts on that frame (off in the paper's form)."""

import torch
import torch.nn.functional as F
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
        return visual * (1 + scale) + shift


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

    Shapes:
        logits (N, K, h, w), presence (N,) -> (N, K, h, w)
    """
    log_p = F.logsigmoid(logits.float()) + F.logsigmoid(presence.float())[:, None, None, None]
    return log_p - torch.log(-torch.expm1(log_p.clamp(max=-1e-6)))
