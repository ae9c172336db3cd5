from dataclasses import replace

from torch import nn

from avsseg.model.build import build_model
from avsseg.model.presets import preset
from avsseg.training.config import OptimisationConfig
from avsseg.training.moving import choose_trained, make_optimizer

CONFIG = OptimisationConfig(steps=1, freeze_backbone_depthwise=True, backbone_lr_scale=0.5)


def test_depthwise_kernels_stay_and_all_other_kernels_of_the_backbone_move():
    """They are the kernels of one channel each; what mixes channels is trained."""
    model = build_model(replace(preset("compact"), kind="ed", latent_layout=False))
    choose_trained(model, CONFIG)
    convs = [m for m in model.backbone.modules() if isinstance(m, nn.Conv2d)]
    depthwise = [conv for conv in convs if conv.weight.shape[1] == 1]
    assert depthwise
    assert not any(conv.weight.requires_grad for conv in depthwise)
    assert all(conv.weight.requires_grad for conv in convs if conv not in depthwise)
    moved = {id(p) for group in make_optimizer(model, CONFIG).param_groups for p in group["params"]}
    assert not moved & {id(conv.weight) for conv in depthwise}


def test_kernels_of_other_parts_are_none_of_its_business():
    """YAMNet, which is frozen as a whole, is left to its own option."""
    model = build_model(replace(preset("compact"), kind="ed", latent_layout=False))
    choose_trained(model, replace(CONFIG, train_audio_encoder=True))
    assert all(weight.requires_grad for weight in model.audio_encoder.parameters())
