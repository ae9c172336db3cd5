"""The neck: one backbone stage to the common width C (paper, section III-C: V_l)."""

from torch import Tensor, nn


class DilatedNeck(nn.Module):
    """AVSBench's sum of four 3 x 3 convolutions, dilated 3, 6, 12 and 18, without activation.

    Shapes:
        (N, c_l, h, w) -> (N, C, h, w)
    """

    dilations = (3, 6, 12, 18)

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        self.conv2d_list = nn.ModuleList(
            nn.Conv2d(in_channels, channels, 3, padding=d, dilation=d) for d in self.dilations
        )
        for conv in self.conv2d_list:
            nn.init.normal_(conv.weight, std=0.01)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Projects one stage; see the class for shapes."""
        total: Tensor = self.conv2d_list[0](x)
        for conv in self.conv2d_list[1:]:
            total = total + conv(x)
        return total


class BasicNeck(nn.Sequential):
    """A 1 x 1 and two 3 x 3 convolutions, each with batch norm: ECMVAE's neck (D17).

    Shapes:
        (N, c_l, h, w) -> (N, C, h, w)
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        for width, kernel in ((in_channels, 1), (channels, 3), (channels, 3)):
            self.append(nn.Conv2d(width, channels, kernel, padding=kernel // 2, bias=False))
            self.append(nn.BatchNorm2d(channels))


class PointwiseNeck(nn.Sequential):
    """A 1 x 1 convolution and batch norm, for networks that must be small.

    Shapes:
        (N, c_l, h, w) -> (N, C, h, w)
    """

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__(nn.Conv2d(in_channels, channels, 1, bias=False), nn.BatchNorm2d(channels))
