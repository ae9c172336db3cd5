"""YAMNet without a copy for every padding, its activations done by the convolutions."""

import torch
from torch import Tensor, nn

from avsseg.fast.convolution import FusedConv, can_fuse, folded
from avsseg.model.yamnet import YAMNet


class FastYAMNet(nn.Module):
    """The same numbers as ``YAMNet``, of a patch that is turned by 180 degrees.

    TensorFlow pads the odd pixel right and below; turned, that is what a convolution which pads
    alike on all sides does. The mean at the end does not care for the turn.

    Shapes:
        log_mel (N, 1, 96, 64) -> (N, 1024 + 521); the last 521 are scores in [0, 1]
    """

    def __init__(self, net: YAMNet) -> None:
        super().__init__()
        self.out_dim, self.log_offset = net.out_dim, net.log_offset
        convs = [net.c1, *(conv for pair in zip(net.dw, net.pw, strict=True) for conv in pair)]
        self.convs = nn.Sequential(*map(_with_relu, convs))
        self.fc = net.fc

    def forward(self, log_mel: Tensor) -> Tensor:
        """Embeds patches; see the class for shapes."""
        embedding = self.convs(log_mel.flip(2, 3)).mean(dim=(2, 3))
        return torch.cat([embedding, torch.sigmoid(self.fc(embedding))], dim=1)


def _with_relu(conv: nn.Module) -> nn.Module:
    assert isinstance(conv, nn.Conv2d)
    turned = folded(conv, None, flipped=True)
    if can_fuse(conv.weight.device):
        return FusedConv(turned, nn.ReLU())
    return nn.Sequential(turned, nn.ReLU())
