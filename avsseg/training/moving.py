"""Which weights a run moves, and how fast."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from avsseg.errors import ConfigError
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.config import OptimisationConfig


def choose_trained(model: AVSegmenter, config: OptimisationConfig) -> None:
    """Marks the weights that are to move.

    Raises:
        ConfigError: the network has no module of a name in ``config.parts`` or ``config.held``.
    """
    model.backbone.requires_grad_(not config.freeze_backbone)
    if config.freeze_backbone_depthwise:
        for conv in _depthwise(model.backbone):
            conv.requires_grad_(False)
    model.audio_encoder.requires_grad_(config.train_audio_encoder)
    if config.parts:
        moving = {id(p) for part in _parts(model, config) for p in part.parameters()}
        for weight in model.parameters():
            weight.requires_grad_(weight.requires_grad and id(weight) in moving)
    for module in _still(model, config):
        module.requires_grad_(False)
    if config.channels_last:
        model.backbone.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def to_train_mode(model: AVSegmenter, config: OptimisationConfig) -> None:
    """Training mode, but for the parts that stay as they are."""
    model.train(not config.parts)
    for part in _parts(model, config):
        part.train()
    model.audio_encoder.train(config.train_audio_encoder)
    if config.freeze_backbone:
        model.backbone.eval()
    elif config.freeze_backbone_norm:
        for norm in _norms(model.backbone):
            norm.eval()
    for module in _still(model, config):
        module.eval()


def make_optimizer(model: AVSegmenter, config: OptimisationConfig) -> torch.optim.Optimizer:
    """Adam or AdamW over the weights that move; each group knows its ``scale`` of the rate."""
    backbone = {id(p) for p in model.backbone.parameters()}
    moved = [p for p in model.parameters() if p.requires_grad]
    groups: list[dict[str, Any]] = [
        {"params": [p for p in moved if id(p) not in backbone], "scale": 1.0},
        {"params": [p for p in moved if id(p) in backbone], "scale": config.backbone_lr_scale},
    ]
    kind = torch.optim.AdamW if config.optimizer == "adamw" else torch.optim.Adam
    groups = [group for group in groups if group["params"]]
    return kind(groups, lr=config.lr, weight_decay=config.weight_decay)


def _parts(model: AVSegmenter, config: OptimisationConfig) -> list[nn.Module]:
    return _named(model, config.parts, "parts")


def _still(model: AVSegmenter, config: OptimisationConfig) -> list[nn.Module]:
    norms = _norms(model) if config.freeze_norm else ()
    return [*_named(model, config.held, "held"), *norms]


def _named(model: AVSegmenter, names: Sequence[str], option: str) -> list[nn.Module]:
    known = dict(model.named_modules())
    for name in names:
        if name not in known:
            raise ConfigError(f"optimisation.{option}: this network has no module {name!r}.")
    return [known[name] for name in names]


def _norms(module: nn.Module) -> Iterator[nn.Module]:
    return (m for m in module.modules() if isinstance(m, _BatchNorm))


def _depthwise(module: nn.Module) -> Iterator[nn.Conv2d]:
    convs = (m for m in module.modules() if isinstance(m, nn.Conv2d))
    return (conv for conv in convs if conv.groups == conv.in_channels > 1)
