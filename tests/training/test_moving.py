from dataclasses import replace

import pytest
from torch import nn

from avsseg.errors import ConfigError
from avsseg.model.build import build_model
from avsseg.model.presets import preset
from avsseg.training.config import OptimisationConfig
from avsseg.training.moving import choose_trained, make_optimizer, to_train_mode

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


def test_of_named_parts_alone_weights_and_statistics_move():
    """What is not named stays as it was, batch norms too; what is frozen otherwise stays frozen."""
    model = build_model(replace(preset("compact"), kind="ed", latent_layout=False))
    chosen = replace(CONFIG, parts=("tpavis.2.phi", "necks", "audio_encoder"))
    choose_trained(model, chosen)
    to_train_mode(model, chosen)
    moved = {name for name, weight in model.named_parameters() if weight.requires_grad}
    wanted = ("tpavis.2.phi.", "necks.")
    assert moved == {name for name, _ in model.named_parameters() if name.startswith(wanted)}
    norms = {name: m for name, m in model.named_modules() if isinstance(m, nn.BatchNorm2d)}
    assert {name for name, norm in norms.items() if norm.training} == {
        name for name in norms if name.startswith("necks.")
    }


def test_held_parts_and_batch_norms_stay_and_all_else_moves():
    """What is held needs no list of all the rest; a norm keeps scale, shift and statistics."""
    model = build_model(replace(preset("compact"), kind="ed", latent_layout=False))
    chosen = replace(CONFIG, held=("match.hear", "decoder"), freeze_norm=True)
    choose_trained(model, chosen)
    to_train_mode(model, chosen)
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d | nn.BatchNorm3d)]
    assert norms
    assert not any(norm.training or norm.weight.requires_grad for norm in norms)
    held = [*model.match.hear.modules(), *model.decoder.modules()]
    assert not any(module.training for module in held)
    still = {id(p) for part in (*norms, *held) for p in part.parameters()}
    heads = [p for part in (model.necks, model.match, model.tpavis) for p in part.parameters()]
    assert {p.requires_grad for p in heads if id(p) not in still} == {True}
    assert not any(p.requires_grad for p in heads if id(p) in still)


@pytest.mark.parametrize("option", ["parts", "held"])
def test_a_part_that_the_network_has_not_is_refused(option):
    """By its name, before anything is trained."""
    model = build_model(replace(preset("compact"), kind="ed", latent_layout=False))
    with pytest.raises(ConfigError, match=f"{option}: this network has no module 'cvae'"):
        choose_trained(model, replace(CONFIG, **{option: ("cvae",)}))
