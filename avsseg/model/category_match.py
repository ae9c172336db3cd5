"""What is heard meets what is seen, kind by kind: a branch beyond the paper."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from einops import einsum
from torch import Tensor, nn

_HIDDEN = 256


@dataclass(frozen=True, kw_only=True)
class Match:
    """The kinds that a network sees and hears, and where the two agree.

    Shapes:
        seen (B, T, K + 1, h, w) logits, the first of them for "none of these"; heard (B, T, K)
        logits, each kind for itself; evidence (B, T, 1, h, w) in [0, 1]
    """

    seen: Tensor
    heard: Tensor
    evidence: Tensor


class CategoryMatch(nn.Module):
    """Names every cell of the picture and every frame's sound, and marks cells of a kind heard.

    Both can be taught from all that is in a composed scene, sounding or not, where the mask of
    what sounds teaches one bit a pixel. A learned kinship of K x K numbers, at first the identity,
    says how far the sound of one kind speaks for another.

    Shapes:
        the backbone's maps F_3 (B, T, c_3, h, w) and F_4 (B, T, c_4, h / 2, w / 2),
        audio (B, T, 128), correction (B, T, K) of what is heard -> Match
    """

    def __init__(self, in_channels: tuple[int, int], audio_dim: int, num_categories: int) -> None:
        super().__init__()
        self.see = nn.Sequential(
            nn.Conv2d(sum(in_channels), _HIDDEN, 1, bias=False),
            nn.BatchNorm2d(_HIDDEN),
            nn.ReLU(inplace=True),
            nn.Dropout(0.2),
            nn.Conv2d(_HIDDEN, num_categories + 1, 1),
        )
        self.hear = nn.Sequential(
            nn.Linear(audio_dim, 2 * audio_dim), nn.GELU(), nn.Linear(2 * audio_dim, num_categories)
        )
        self.kinship = nn.Parameter(torch.eye(num_categories))

    def forward(
        self, fine: Tensor, deep: Tensor, audio: Tensor, correction: Tensor | None = None
    ) -> Match:
        """Matches; see the class for shapes."""
        rows = fine.flatten(0, 1)
        grown = F.interpolate(
            deep.flatten(0, 1), size=rows.shape[-2:], mode="bilinear", align_corners=False
        )
        seen = self.see(torch.cat([rows, grown], dim=1)).float()
        seen = seen.reshape(*audio.shape[:2], *seen.shape[1:])
        heard = self.hear(audio).float()
        if correction is not None:
            heard = heard + correction.float()
        kin = torch.sigmoid(heard) @ self.kinship.clamp(min=0).float()
        shares = seen.softmax(dim=2)[:, :, 1:]
        evidence = einsum(shares, kin, "b t k h w, b t k -> b t h w")[:, :, None]
        return Match(seen=seen, heard=heard, evidence=evidence.clamp(max=1))
