"""A convolution with its batch norm folded in and its activation done on the way out."""

import torch
from torch import Tensor, nn

_NAMES: dict[type[nn.Module], str] = {
    nn.ReLU: "relu",
    nn.ReLU6: "hardtanh",
    nn.Hardtanh: "hardtanh",
    nn.LeakyReLU: "leaky_relu",
}


def is_known(module: nn.Module) -> bool:
    """Whether a module is an activation that a convolution can take over."""
    return type(module) in _NAMES


def can_fuse(device: torch.device) -> bool:
    """Whether torch has oneDNN's convolutions with activation here."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    return hasattr(torch.ops.mkldnn, "_convolution_pointwise")


def folded(conv: nn.Conv2d, norm: nn.BatchNorm2d | None, *, flipped: bool = False) -> nn.Conv2d:
    """A new convolution, laid out for channels_last, that also does what ``norm`` did after it.

    With ``flipped`` it is for pictures turned by 180 degrees, and one that pads as TensorFlow
    does becomes one that pads alike on all sides: of a picture with even sides the pixel more
    that a stride of 2 pads right and below is then left and above, and the last is never read.
    """
    weight, bias = conv.weight, conv.bias
    if norm is not None:
        assert norm.running_mean is not None
        assert norm.running_var is not None
        weight, bias = nn.utils.fuse_conv_bn_weights(
            weight, bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
        )
    made = nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        (conv.kernel_size[0], conv.kernel_size[1]),
        stride=(conv.stride[0], conv.stride[1]),
        padding=_padding(conv, flipped=flipped),
        dilation=(conv.dilation[0], conv.dilation[1]),
        groups=conv.groups,
        bias=bias is not None,
        device="meta",
    )
    turned = weight.detach().flip(2, 3) if flipped else weight.detach()
    laid_out = turned.contiguous(memory_format=torch.channels_last)
    made.weight = nn.Parameter(laid_out, requires_grad=False)
    if bias is not None:
        made.bias = nn.Parameter(bias.detach(), requires_grad=False)
    return made.eval()


def _padding(conv: nn.Conv2d, *, flipped: bool) -> tuple[int, int]:
    if flipped:
        rows, columns = conv.kernel_size
        return (rows - 1) // 2 * conv.dilation[0], (columns - 1) // 2 * conv.dilation[1]
    assert not isinstance(conv.padding, str)
    return conv.padding[0], conv.padding[1]


class FusedConv(nn.Module):
    """A convolution and the activation behind it in one pass over memory, by oneDNN.

    torch itself computes 1 x 1 convolutions on a single thread by another, much slower way.

    Shapes:
        (N, C, H, W) -> (N, C', H', W'), in the layout channels_last
    """

    def __init__(self, conv: nn.Conv2d, act: nn.Module | None) -> None:
        super().__init__()
        self.conv = conv
        self._name, self._scalars = "none", []
        if act is not None:
            self._name, self._scalars = _NAMES[type(act)], _scalars(act)
        self._cast: dict[torch.dtype, tuple[Tensor, Tensor | None]] = {}

    def forward(self, x: Tensor) -> Tensor:
        """Convolves; see the class for shapes."""
        dtype = self.conv.weight.dtype
        if torch.is_autocast_enabled("cpu"):
            dtype = torch.get_autocast_dtype("cpu")
        weight, bias = self._in(dtype)
        conv = self.conv
        done: Tensor = torch.ops.mkldnn._convolution_pointwise(
            x.to(dtype),
            weight,
            bias,
            conv.padding,
            conv.stride,
            conv.dilation,
            conv.groups,
            self._name,
            self._scalars,
            "",
        )
        return done

    def _in(self, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """Weight and bias in a number format; they never change, so each is cast but once."""
        if dtype not in self._cast:
            weight, bias = self.conv.weight, self.conv.bias
            self._cast[dtype] = weight.to(dtype), None if bias is None else bias.to(dtype)
        return self._cast[dtype]


def _scalars(act: nn.Module) -> list[float]:
    if isinstance(act, nn.Hardtanh):  # nn.ReLU6 is one
        return [float(act.min_val), float(act.max_val)]
    return [float(act.negative_slope)] if isinstance(act, nn.LeakyReLU) else []
