"""Times the parts of a network from outside, by hooks that are there only while it is timed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from avsseg.model.segmenter import AVSegmenter
from avsseg.stage_timer import NoTimer, StageTimer

_PARTS = {
    "audio encoder": ("audio_encoder", "audio_adapter", "sound_context", "mixture"),
    "backbone": ("backbone",),
    "neck": ("necks", "films"),
    "TPAVI": ("tpavis",),
    "DDIM": ("condition", "denoiser"),
    "decoder": ("expansion", "decoder", "presence"),
}


@contextmanager
def timed_network(model: AVSegmenter, timer: NoTimer) -> Iterator[None]:
    """Counts what each part of the network takes while the block runs.

    An accelerator is waited for before and after every part, which takes time of its own.
    """
    if not isinstance(timer, StageTimer):
        yield
        return
    finish = _finisher(model.pixel_mean.device)
    handles = [
        handle
        for stage, names in _PARTS.items()
        for module in _modules(model, names)
        for handle in _hooked(module, stage, timer, finish)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _modules(model: AVSegmenter, names: tuple[str, ...]) -> Iterator[nn.Module]:
    for name in names:
        part = getattr(model, name)
        if isinstance(part, nn.ModuleList | nn.ModuleDict):
            yield from part.children()
        elif part is not None:
            yield part


def _hooked(
    module: nn.Module, stage: str, timer: StageTimer, finish: Callable[[], None]
) -> list[Any]:
    def before(*_: Any) -> None:
        finish()
        timer.begin(stage)

    def after(*_: Any) -> None:
        finish()
        timer.end()

    return [
        module.register_forward_pre_hook(before),
        module.register_forward_hook(after, always_call=True),
    ]


def _finisher(device: torch.device) -> Callable[[], None]:
    if device.type == "cuda":
        return lambda: torch.cuda.synchronize(device)
    return torch.mps.synchronize if device.type == "mps" else lambda: None
