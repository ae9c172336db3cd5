"""YAMNet without a copy for every padding, its activations done by the convolutions."""

import torch
from torch import Tensor, nn

from avsseg.fast.convolution import FusedConv, can_fuse, folded
from avsseg.model.yamnet import PARTS_AFTER, YAMNet


class FastYAMNet(nn.Module):
    """The same numbers as ``YAMNet``, of a patch that is turned by 180 degrees.

    TensorFlow pads the odd pixel right and below; turned, that is what a convolution which pads
    alike on all sides does. The mean at the end does not care for the turn.

    Shapes:
        log_mel (N, 1, 96, 64) -> the same as ``YAMNet``
    """

    def __init__(self, net: YAMNet) -> None:
        super().__init__()
        self.out_dim, self.log_offset = net.out_dim, net.log_offset
        convs = [net.c1, *(conv for pair in zip(net.dw, net.pw, strict=True) for conv in pair)]
        fast = nn.Sequential(*map(_with_relu, convs))
        self.early, self.late = fast[: 1 + 2 * PARTS_AFTER], fast[1 + 2 * PARTS_AFTER :]
        self.parts, self.fc = net.parts, net.fc

    def forward(self, log_mel: Tensor) -> Tensor:
        """Embeds patches; see the class for shapes."""
        turned = self.early(log_mel.flip(2, 3))
        parts = [] if self.parts is None else [self.parts(turned.flip(2, 3))]
        embedding = self.late(turned).mean(dim=(2, 3))
        return torch.cat([*parts, embedding, torch.sigmoid(self.fc(embedding))], dim=1)


def _with_relu(conv: nn.Module) -> nn.Module:
    assert isinstance(conv, nn.Conv2d)
    turned = folded(conv, None, flipped=True)
    if can_fuse(conv.weight.device):
        return FusedConv(turned, nn.ReLU())
    return nn.Sequential(turned, nn.ReLU())
