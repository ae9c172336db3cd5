"""YAMNet, the compact sound encoder: MobileNet on log-mel, AudioSet's 521 classes."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from avsseg.model.mixture import SoundParts

EMBEDDING_DIM = 1024
NUM_CLASSES = 521
LOG_OFFSET = 0.001
_WIDTHS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
PARTS_AFTER = 6
"""Blocks before the map that the parts of a sound are read from."""


class YAMNet(nn.Module):
    """Log-mel patch of 0.96 s to its pooled embedding and class scores, side by side.

    Batch norms are folded into the convolutions.

    Shapes:
        log_mel (N, 1, 96, 64) -> (N, 1024 + 521); the last 521 are scores in [0, 1]. With
        ``parts`` the sound's parts (N, 1024) stand before them.
    """

    out_dim = EMBEDDING_DIM + NUM_CLASSES
    log_offset = LOG_OFFSET

    def __init__(self, *, parts: bool = False) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 32, 3, stride=2)
        ins = (32, *_WIDTHS[:-1])
        self.dw = nn.ModuleList(
            nn.Conv2d(c, c, 3, stride=s, groups=c) for c, s in zip(ins, _STRIDES, strict=True)
        )
        self.pw = nn.ModuleList(nn.Conv2d(c, w, 1) for c, w in zip(ins, _WIDTHS, strict=True))
        self.fc = nn.Linear(EMBEDDING_DIM, NUM_CLASSES)
        self.parts = SoundParts() if parts else None

    def forward(self, log_mel: Tensor) -> Tensor:
        """Embeds patches; see the class for shapes."""
        maps = self.map(log_mel)
        embedded = self.embed(maps)
        return embedded if self.parts is None else torch.cat([self.parts(maps), embedded], dim=1)

    def map(self, log_mel: Tensor) -> Tensor:
        """The map at stride 16 (N, 512, 6, 4) that the parts of a sound are read from."""
        x = F.relu(self.c1(_pad_same(log_mel, stride=2)))
        return self._blocks(x, 0, PARTS_AFTER)

    def embed(self, maps: Tensor) -> Tensor:
        """The embedding and the scores (N, 1024 + 521) of such maps."""
        embedding = self._blocks(maps, PARTS_AFTER, len(_STRIDES)).mean(dim=(2, 3))
        return torch.cat([embedding, torch.sigmoid(self.fc(embedding))], dim=1)

    def _blocks(self, x: Tensor, first: int, end: int) -> Tensor:
        for dw, pw, stride in zip(
            self.dw[first:end], self.pw[first:end], _STRIDES[first:end], strict=True
        ):
            x = F.relu(dw(_pad_same(x, stride=stride)))
            x = F.relu(pw(x))
        return x


def _pad_same(x: Tensor, *, stride: int) -> Tensor:
    """TensorFlow's SAME padding for a 3 x 3 kernel: the odd pixel goes right and below."""
    total = [max((-(-n // stride) - 1) * stride + 3 - n, 0) for n in x.shape[-2:]]
    top, left = total[0] // 2, total[1] // 2
    return F.pad(x, (left, total[1] - left, top, total[0] - top))
