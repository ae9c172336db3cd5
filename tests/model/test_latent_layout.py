"""The coarse mask that a latent stands for."""

from dataclasses import replace

import torch

from avsseg.model.build import build_model


def test_layout_says_where(tiny_config):
    """What is drawn from z reaches the places of G_2..G_4, which D_tau's repeated z cannot tell."""
    torch.manual_seed(0)
    model = build_model(replace(tiny_config, latent_layout=True, categories=())).eval()
    maps = [torch.zeros(1, 1, 16, s, s) for s in (8, 4, 2)]

    with torch.no_grad():
        for tell in model.layout_hint.tell:
            tell.weight.fill_(1.0)
        drawn = model.layout(torch.randn(1, 1, tiny_config.latent_dim))
        told = model.layout_hint(maps, drawn.sigmoid())

    assert drawn.shape == (1, 1, 1, 4, 4)
    places = told[1][0, 0, 0]
    assert torch.equal(places.flatten().argsort(), drawn.flatten().argsort())


def test_every_latent_model_may_draw_a_layout(tiny_config):
    """The CVAE's latent too; the plain encoder-decoder has no latent to draw."""
    for kind, draws in (("ldm", True), ("cvae", True), ("ed", False)):
        model = build_model(replace(tiny_config, kind=kind, latent_layout=True))
        assert (model.layout is not None) == draws
