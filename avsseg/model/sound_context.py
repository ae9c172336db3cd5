"""Lets the sound of each frame lean on the other seconds of its clip: beyond the paper."""

import torch
from torch import Tensor, nn

_WIDTH = 64
_OWN = 2.0  # a frame's own sound weighs e^2 times another's at first


class SoundContext(nn.Module):
    """Mixes the sounds of a clip's frames, each with what was heard more clearly before or after.

    A source is told from its loudest second more surely than from its faintest, and of two at once
    now one is told and now the other. The mix is a weighted mean, so that what reads the sound
    knows its like, and a term of its own that is nothing at first. Which frames count, and whether
    any but its own does, is read from the sounds themselves: a silent frame is to stay silent.

    Shapes:
        audio (B, T, A) -> (B, T, A)
    """

    def __init__(self, audio_dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(audio_dim)
        self.ask = nn.Linear(audio_dim, _WIDTH)
        self.offer = nn.Linear(audio_dim, _WIDTH)
        self.own = nn.Parameter(torch.tensor(_OWN))
        self.add = nn.Sequential(
            nn.Linear(2 * audio_dim, audio_dim), nn.GELU(), nn.Linear(audio_dim, audio_dim)
        )
        nn.init.zeros_(self.add[2].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.add[2].bias)  # type: ignore[arg-type]

    def forward(self, audio: Tensor) -> Tensor:
        """Mixes; see the class for shapes."""
        known = self.norm(audio)
        scores = self.ask(known) @ self.offer(known).transpose(1, 2) * _WIDTH**-0.5
        own = self.own * torch.eye(audio.shape[1], device=audio.device)
        weights = (scores.float() + own).softmax(dim=2)
        mixed = weights.to(audio.dtype) @ audio
        heard: Tensor = mixed + self.add(torch.cat([known, self.norm(mixed)], dim=2))
        return heard
