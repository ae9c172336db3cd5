"""The prediction decoder: fused maps to logits, and D_tau, which brings the latent in."""

import torch
import torch.nn.functional as F
from einops import repeat
from torch import Tensor, nn


class LatentExpansion(nn.Module):
    """D_tau and the fusion that follows (paper, section III-C): z_0 into the deepest map G_4.

    Shapes:
        deepest (N, C, h, w), z_0 (N, D) -> (N, C, h, w)
    """

    def __init__(self, channels: int, latent_dim: int) -> None:
        super().__init__()
        self.expand = nn.Conv2d(latent_dim, latent_dim, 3, padding=1)
        self.fuse = nn.Conv2d(channels + latent_dim, channels, 3, padding=1)
        with torch.no_grad():  # starts as the plain network: G_4 passes, z is whispered
            self.fuse.weight.mul_(0.1)
            for c in range(channels):
                self.fuse.weight[c, c, 1, 1] += 1.0

    def forward(self, deepest: Tensor, z_0: Tensor) -> Tensor:
        """Fuses; see the class for shapes."""
        h, w = deepest.shape[-2:]
        plane = self.expand(repeat(z_0, "n d -> n d h w", h=h, w=w))
        fused: Tensor = self.fuse(torch.cat([deepest, plane], dim=1))
        return fused


class ResidualConvUnit(nn.Module):
    """Two convolutions around ReLU; the published in-place ReLU makes the skip add relu(x).

    Shapes:
        (N, C, h, w) -> (N, C, h, w)
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Refines; see the class for shapes."""
        x = F.relu(x)
        refined: Tensor = self.conv2(F.relu(self.conv1(x))) + x
        return refined


class FeatureFusionBlock(nn.Module):
    """Adds the finer map to the coarser one, refines and doubles the size.

    Shapes:
        coarse (N, C, h, w), fine (N, C, h, w) or None -> (N, C, 2h, 2w)
    """

    def __init__(self, channels: int, *, with_skip: bool) -> None:
        super().__init__()
        self.resConfUnit1 = ResidualConvUnit(channels) if with_skip else None
        self.resConfUnit2 = ResidualConvUnit(channels)

    def forward(self, coarse: Tensor, fine: Tensor | None = None) -> Tensor:
        """Fuses; see the class for shapes."""
        if self.resConfUnit1 is not None and fine is not None:
            coarse = coarse + self.resConfUnit1(fine)
        return F.interpolate(
            self.resConfUnit2(coarse), scale_factor=2, mode="bilinear", align_corners=True
        )


class MaskDecoder(nn.Module):
    """AVSBench's decoder: four fusion blocks and a head at full resolution.

    Shapes:
        maps G_1..G_4 (N, C, S / 2^(l+1), .) -> logits (N, K, S, S)
    """

    def __init__(self, channels: int, num_classes: int) -> None:
        super().__init__()
        self.path4 = FeatureFusionBlock(channels, with_skip=False)
        self.path3 = FeatureFusionBlock(channels, with_skip=True)
        self.path2 = FeatureFusionBlock(channels, with_skip=True)
        self.path1 = FeatureFusionBlock(channels, with_skip=True)
        self.output_conv = nn.Sequential(
            nn.Conv2d(channels, 128, 3, padding=1),
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            nn.Conv2d(128, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, num_classes, 1),
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Decodes; see the class for shapes."""
        x = self.path4(maps[3])
        for path, fine in ((self.path3, maps[2]), (self.path2, maps[1]), (self.path1, maps[0])):
            x = path(x, fine)
        logits: Tensor = self.output_conv(x)
        return logits


class LightDecoder(nn.Module):
    """A feature pyramid (Panoptic-FPN's kind) that predicts at stride 4.

    Shapes:
        maps G_1..G_4 (N, C, S / 2^(l+1), .) -> logits (N, K, S, S)
    """

    def __init__(self, channels: int, fine_channels: int, num_classes: int) -> None:
        super().__init__()
        self.deep = _conv_block(channels, channels)
        self.merge3 = _conv_block(channels, channels)
        self.merge2 = _conv_block(channels, fine_channels)
        self.lateral1 = nn.Conv2d(channels, fine_channels, 1)
        self.merge1 = _conv_block(fine_channels, fine_channels)
        self.head = nn.Sequential(
            _conv_block(fine_channels, fine_channels), nn.Conv2d(fine_channels, num_classes, 1)
        )

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Decodes; see the class for shapes."""
        x = self.deep(maps[3])
        x = self.merge3(_doubled(x) + maps[2])
        x = self.merge2(_doubled(x) + maps[1])
        x = self.merge1(_doubled(x) + self.lateral1(maps[0]))
        return F.interpolate(self.head(x), scale_factor=4, mode="bilinear", align_corners=False)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)


def _conv_block(in_channels: int, channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, channels, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels),
        nn.ReLU(inplace=True),
    )
