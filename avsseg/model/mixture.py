"""Hears several things at once, where a sound's one embedding mostly tells one: beyond the paper.

An embedding is a mean over the times and frequencies of a patch, in which the loudest voice drowns
the others. Here eight questions are put to the places of an earlier map, and the answers of all of
a clip's seconds are read together.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MAP_CHANNELS = 512
NUM_PARTS = 8
PART_WIDTH = 128
PARTS_DIM = NUM_PARTS * PART_WIDTH
GRID = (6, 4)
_INNER = 192
_HEADS = 4
_OWN = 2.0  # a frame's own parts weigh e^2 times another's at first


class SoundParts(nn.Module):
    """Eight answers, each a mean over the places of a patch that matter to its question.

    Shapes:
        YAMNet's map at stride 16 (N, 512, 6, 4) -> (N, 8 * 128)
    """

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(MAP_CHANNELS, _INNER)
        self.place = nn.Parameter(torch.zeros(GRID[0] * GRID[1], _INNER))
        self.blocks = nn.ModuleList(_Block() for _ in range(2))
        self.norm = nn.LayerNorm(_INNER)
        self.questions = nn.Parameter(torch.randn(NUM_PARTS, PART_WIDTH))
        self.keys = nn.Linear(_INNER, PART_WIDTH)
        self.values = nn.Linear(_INNER, PART_WIDTH)

    def forward(self, maps: Tensor) -> Tensor:
        """Asks; see the class for shapes."""
        x = self.enter(maps.flatten(2).transpose(1, 2)) + self.place
        for block in self.blocks:
            x = block(x)
        places = self.norm(x)
        scores = self.questions @ self.keys(places).transpose(1, 2) * PART_WIDTH**-0.5
        parts: Tensor = scores.float().softmax(dim=2).to(places.dtype) @ self.values(places)
        return parts.flatten(1)


class MixtureHearing(nn.Module):
    """Corrects what was heard by the parts of all of a clip's seconds; changes nothing at first.

    Seconds are told apart as one's own and others, and not by their order.

    Shapes:
        parts (B, T, 8 * 128), embeddings (B, T, A) -> logits (B, T, K) to add
    """

    def __init__(self, embedding_dim: int, num_categories: int) -> None:
        super().__init__()
        self.whole = nn.Sequential(
            nn.LayerNorm(embedding_dim), nn.Linear(embedding_dim, PART_WIDTH)
        )
        self.role = nn.Parameter(torch.zeros(NUM_PARTS + 1, PART_WIDTH))
        self.drop = nn.Dropout(0.1)
        self.layers = nn.ModuleList(_Layer() for _ in range(2))
        self.norm = nn.LayerNorm(PART_WIDTH)
        self.tell = nn.Linear((NUM_PARTS + 1) * PART_WIDTH, num_categories)
        nn.init.zeros_(self.tell.weight)
        nn.init.zeros_(self.tell.bias)

    def forward(self, parts: Tensor, embeddings: Tensor) -> Tensor:
        """Hears; see the class for shapes."""
        clips, frames = parts.shape[:2]
        parts = parts.reshape(clips, frames, NUM_PARTS, PART_WIDTH)
        tokens = torch.cat([parts, self.whole(embeddings)[:, :, None]], dim=2) + self.role
        x = self.drop(tokens).flatten(1, 2)
        second = torch.arange(frames, device=x.device).repeat_interleave(NUM_PARTS + 1)
        own = second[:, None] == second[None]
        for layer in self.layers:
            x = layer(x, own)
        told: Tensor = self.tell(self.norm(x).reshape(clips, frames, -1))
        return told


class _Block(nn.Module):
    """Looks at a place's neighbours, then thinks; what was there is carried on."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(_INNER)
        self.near = nn.Conv2d(_INNER, _INNER, 3, padding=1, groups=_INNER)
        self.think = nn.Sequential(
            nn.Linear(_INNER, 2 * _INNER), nn.GELU(), nn.Linear(2 * _INNER, _INNER)
        )

    def forward(self, x: Tensor) -> Tensor:
        grid = self.norm(x).transpose(1, 2).unflatten(2, GRID)
        thought: Tensor = x + self.think(self.near(grid).flatten(2).transpose(1, 2))
        return thought


class _Layer(nn.Module):
    """Attention over all parts of a clip, those of the same second preferred, and an MLP."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(PART_WIDTH), nn.LayerNorm(PART_WIDTH)
        self.ask = nn.Linear(PART_WIDTH, 3 * PART_WIDTH)
        self.own = nn.Parameter(torch.full((_HEADS, 1, 1), _OWN))
        self.join = nn.Linear(PART_WIDTH, PART_WIDTH)
        self.think = nn.Sequential(
            nn.Linear(PART_WIDTH, 4 * PART_WIDTH), nn.GELU(), nn.Linear(4 * PART_WIDTH, PART_WIDTH)
        )

    def forward(self, x: Tensor, own: Tensor) -> Tensor:
        q, k, v = self.ask(self.before(x)).unflatten(2, (3, _HEADS, -1)).permute(2, 0, 3, 1, 4)
        bias = (self.own * own).to(q.dtype)
        heads = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        x = x + self.join(heads.transpose(1, 2).flatten(2))
        thought: Tensor = x + self.think(self.between(x))
        return thought
