"""A network for inference: batch norms folded, activations fused, nothing padded by copying."""

from collections.abc import Iterable
from typing import TypeVar

import torch
from torch import Tensor, nn

from avsseg.fast.chains import Chain, chains_in_flow, chains_in_sequences, pads_same
from avsseg.fast.convolution import FusedConv, can_fuse, folded
from avsseg.fast.sound import FastYAMNet
from avsseg.fast.times import TimeTable
from avsseg.model.decoder import MaskDecoder
from avsseg.model.segmenter import AVSegmenter
from avsseg.model.yamnet import YAMNet

Net = TypeVar("Net", bound=nn.Module)

_PIXELS_AT_ONCE = 5 * 224**2
_TOLERANCE = 1e-3  # of the largest number: a hundred times what rounding does


def fast_copy(model: AVSegmenter) -> AVSegmenter:
    """The same network, up to rounding, for inference alone; the given one stays as it is.

    It shares the weights that need no change, and takes as long as a few frames to make. A
    network in training mode is returned as it is.
    """
    if model.training:
        return model
    fast = shell(model)
    with torch.inference_mode():
        on_cpu = fast.pixel_mean.device.type == "cpu"
        backbone = _fast_backbone(fast)
        fast.backbone = FewByFew(backbone) if on_cpu else backbone  # type: ignore[assignment]
        for part in (fast.necks, fast.decoder, fast.expansion, fast.condition):
            if part is not None:
                replace(part, chains_in_sequences(part))
        if isinstance(fast.decoder, MaskDecoder) and on_cpu:
            fast.decoder = FrameByFrame(fast.decoder)  # type: ignore[assignment]
        fast.audio_encoder = _fast_sound(fast.audio_encoder)
        if fast.denoiser is not None:
            fast.denoiser.time = TimeTable(  # type: ignore[assignment]
                fast.denoiser.time, fast.config.num_timesteps
            )
    return fast


def shell(net: Net) -> Net:
    """A copy whose modules can be exchanged without touching ``net``; tensors are shared."""
    twin = net.__class__.__new__(net.__class__)
    for name, value in vars(net).items():
        vars(twin)[name] = value.copy() if isinstance(value, dict) else value
    for name, child in net._modules.items():
        twin._modules[name] = None if child is None else shell(child)
    return twin


def replace(net: nn.Module, chains: Iterable[Chain], *, flipped: bool = False) -> None:
    """Puts a convolution in the place of each chain, and nothing in that of what it took over."""
    for names in chains:
        conv = net.get_submodule(names.conv)
        assert isinstance(conv, nn.Conv2d)
        fuses = can_fuse(conv.weight.device)
        norm = None if names.norm is None else net.get_submodule(names.norm)
        act = None if names.act is None or not fuses else net.get_submodule(names.act)
        assert norm is None or isinstance(norm, nn.BatchNorm2d)
        if not flipped and pads_same(conv):
            continue
        made = folded(conv, norm, flipped=flipped)
        _set(net, names.conv, FusedConv(made, act) if fuses else made)
        if names.norm is not None:
            _set(net, names.norm, nn.Identity() if act else getattr(norm, "act", nn.Identity()))
        if act is not None and names.act and not names.act.startswith(f"{names.norm}."):
            _set(net, names.act, nn.Identity())


class TurnedBackbone(nn.Module):
    """A backbone whose convolutions are turned by 180 degrees, between two turns of that.

    Shapes:
        (N, 3, H, W) -> four maps (N, c_l, h, w)
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, frames: Tensor) -> list[Tensor]:
        """Encodes frames; see the class for shapes."""
        return [m.flip(2, 3) for m in self.net(frames.flip(2, 3))]


class FewByFew(nn.Module):
    """A backbone that takes in as many frames at a time as it is fastest with on a CPU.

    With more, maps outgrow the caches, and the memory too grows with the clip.

    Shapes:
        (N, 3, H, W) -> four maps (N, c_l, h, w)
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, frames: Tensor) -> list[Tensor]:
        """Encodes frames; see the class for shapes."""
        few = max(1, _PIXELS_AT_ONCE // (frames.shape[-2] * frames.shape[-1]))
        levels = zip(*map(self.net, torch.split(frames, few)), strict=True)
        return [torch.cat(level) for level in levels]


class FrameByFrame(nn.Module):
    """A decoder at full resolution that holds the large maps of one frame at a time.

    Shapes:
        maps G_1..G_4 (N, C, h, w) -> logits (N, K, S, S)
    """

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, maps: list[Tensor]) -> Tensor:
        """Decodes; see the class for shapes."""
        frames = zip(*(torch.split(m, 1) for m in maps), strict=True)
        return torch.cat([self.net(list(frame)) for frame in frames])


def _fast_backbone(model: AVSegmenter) -> nn.Module:
    """The fastest form that gives the same maps, which some exotic backbone may not."""
    original, size = model.backbone, model.config.image_size
    generator = torch.Generator().manual_seed(0)
    picture = torch.randn(1, 3, size, size, generator=generator).to(model.pixel_mean.device)
    picture = picture.contiguous(memory_format=torch.channels_last)
    wanted: list[Tensor] = []
    chains = chains_in_flow(original, lambda: wanted.extend(original(picture)))
    turned = any(pads_same(module) for module in original.modules())
    for flipped in (True, False) if turned else (False,):
        fast: nn.Module = shell(original)
        replace(fast, chains, flipped=flipped)
        fast = TurnedBackbone(fast) if flipped else fast
        if all(map(_are_close, fast(picture), wanted)):
            return fast
    return original


def _fast_sound(encoder: nn.Module) -> nn.Module:
    if isinstance(encoder, YAMNet):
        return FastYAMNet(encoder)
    replace(encoder, chains_in_sequences(encoder))
    return encoder


def _are_close(a: Tensor, b: Tensor) -> bool:
    return bool((a - b).abs().max() <= _TOLERANCE * b.abs().max())


def _set(net: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, leaf = name.rpartition(".")
    setattr(net.get_submodule(parent), leaf, module)
