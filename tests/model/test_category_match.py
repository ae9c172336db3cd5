"""Kinds seen and kinds heard: where they agree, and that a fresh branch changes nothing."""

from dataclasses import replace

import pytest
import torch

from avsseg.model.build import build_model
from avsseg.model.category_match import CategoryMatch

KINDS = ("dog", "guitar", "clock")


@pytest.fixture
def match() -> CategoryMatch:
    torch.manual_seed(0)
    return CategoryMatch((6, 10), 128, len(KINDS)).eval()


def inputs():
    torch.manual_seed(1)
    return torch.randn(2, 3, 6, 4, 4), torch.randn(2, 3, 10, 2, 2), torch.randn(2, 3, 128)


def test_evidence_is_the_chance_that_a_cell_is_of_a_kind_heard(match):
    """Sum over kinds of softmax(seen) times sigmoid(heard), while each kind speaks for itself."""
    found = match(*inputs())

    seen = found.seen.softmax(dim=2)[:, :, 1:]
    expected = (seen * found.heard.sigmoid()[..., None, None]).sum(dim=2, keepdim=True)
    assert found.seen.shape == (2, 3, 4, 4, 4) and found.heard.shape == (2, 3, 3)
    torch.testing.assert_close(found.evidence, expected)


def test_kin_speak_for_each_other(match):
    """With a kinship of guitar for clock, a guitar that is heard marks clocks too."""
    fine, deep, audio = inputs()
    with torch.no_grad():
        match.hear[-1].weight.zero_()
        match.hear[-1].bias.copy_(torch.tensor([-50.0, 50.0, -50.0]))
        alone = match(fine, deep, audio)
        match.kinship[1, 2] = 0.5
        with_kin = match(fine, deep, audio)

    clocks = alone.seen.softmax(dim=2)[:, :, 3:]
    torch.testing.assert_close(with_kin.evidence, alone.evidence + 0.5 * clocks)


@pytest.mark.parametrize("kind", ["ldm", "cvae", "ed"])
def test_fresh_branches_are_idle(tiny_config, kind):
    """A network that gains the branches draws the masks that it drew without them."""
    plain = replace(tiny_config, kind=kind, categories=(), latent_layout=False)
    torch.manual_seed(2)
    without = build_model(plain).eval()
    gained = build_model(replace(plain, categories=KINDS, latent_layout=True)).eval()
    gained.load_state_dict(without.state_dict(), strict=False)
    frames, sound = torch.rand(1, 2, 3, 64, 64), torch.randn(1, 2, 1, 96, 64)
    noise = None if kind == "ed" else torch.randn(1, 2, plain.latent_dim)

    with torch.no_grad():
        torch.testing.assert_close(
            gained.segment(frames, sound, noise), without.segment(frames, sound, noise)
        )


def test_evidence_reaches_the_mask(tiny_config):
    """Once the hints speak, another sound's evidence gives another mask."""
    torch.manual_seed(3)
    model = build_model(replace(tiny_config, categories=KINDS)).eval()
    frames, sound = torch.rand(1, 1, 3, 64, 64), torch.randn(1, 1, 1, 96, 64)
    noise = torch.zeros(1, 1, tiny_config.latent_dim)

    with torch.no_grad():
        for tell in model.match_hint.tell:
            tell.weight.fill_(1.0)
        model.match.hear[-1].bias.fill_(-20.0)
        unheard = model.segment(frames, sound, noise)
        model.match.hear[-1].bias.fill_(20.0)
        heard = model.segment(frames, sound, noise)

    assert (heard - unheard).abs().max() > 1e-3


def test_hints_are_finite_where_the_evidence_is_certain(tiny_config):
    """Probabilities of 0 and 1, in bfloat16 too, have finite logits."""
    torch.manual_seed(4)
    model = build_model(replace(tiny_config, categories=KINDS)).eval()
    maps = [torch.randn(1, 1, 16, s, s) for s in (8, 4, 2)]
    with torch.no_grad():
        for tell in model.match_hint.tell:
            tell.weight.fill_(1.0)
        for value in (0.0, 1.0):
            sure = torch.full((1, 1, 1, 4, 4), value, dtype=torch.bfloat16)
            told = model.match_hint(maps, sure)
            assert all(bool(torch.isfinite(m).all()) for m in told)
            assert [m.shape for m in told] == [m.shape for m in maps]
