"""VGGish, the paper's frozen sound encoder (Hershey et al., 2017)."""

from einops import rearrange
from torch import Tensor, nn

EMBEDDING_DIM = 128
LOG_OFFSET = 0.01


class VGGish(nn.Module):
    """Log-mel patch of 0.96 s to a 128-d embedding, no PCA, ReLU after the last layer too.

    Shapes:
        log_mel (N, 1, 96, 64) -> (N, 128)
    """

    out_dim = EMBEDDING_DIM
    log_offset = LOG_OFFSET

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 1
        for width, pooled in (
            (64, True),
            (128, True),
            (256, False),
            (256, True),
            (512, False),
            (512, True),
        ):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            layers += [nn.MaxPool2d(2)] if pooled else []
            channels = width
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Sequential(
            nn.Linear(512 * 6 * 4, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Linear(4096, EMBEDDING_DIM),
            nn.ReLU(inplace=True),
        )

    def forward(self, log_mel: Tensor) -> Tensor:
        """Embeds patches; see the class for shapes."""
        maps = self.features(log_mel)
        embeddings: Tensor = self.embeddings(rearrange(maps, "n c h w -> n (h w c)"))
        return embeddings
