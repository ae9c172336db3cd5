"""The two gates of the sound: neutral at the start, exact at the ends."""

import pytest
import torch

from avsseg.model.sound_gates import AudioFiLM, PresenceGate, gated


def test_fresh_film_changes_nothing():
    """Scale and shift start at zero, so a trained network may be given the gate."""
    visual, audio = torch.randn(2, 5, 8, 4, 4), torch.randn(2, 5, 16)

    assert torch.equal(AudioFiLM(8, 16)(visual, audio), visual)


def test_film_of_a_frame_hears_that_frame_only():
    """Sound of another frame does not reach it."""
    film = AudioFiLM(8, 16)
    torch.nn.init.normal_(film.affine.weight)
    visual, audio = torch.randn(1, 5, 8, 4, 4), torch.randn(1, 5, 16)
    other = audio.clone()
    other[:, 2] += 1

    before, after = film(visual, audio), film(visual, other)

    changed = (before != after).flatten(2).any(dim=2)[0]
    assert changed.tolist() == [False, False, True, False, False]


def test_gated_is_the_logit_of_the_product():
    """sigmoid(gated(a, b)) = sigmoid(a) sigmoid(b)."""
    logits = torch.randn(4, 1, 3, 3, dtype=torch.float64) * 3
    presence = torch.randn(4, dtype=torch.float64) * 3

    product = gated(logits, presence).double().sigmoid()

    wanted = logits.sigmoid() * presence.sigmoid()[:, None, None, None]
    torch.testing.assert_close(product, wanted, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("a", [-1e4, -90.0, -20.0, 0.0, 20.0, 90.0, 1e4])
@pytest.mark.parametrize("b", [-1e4, -90.0, -20.0, 0.0, 20.0, 90.0, 1e4])
def test_gated_is_finite_with_finite_gradients(a, b):
    """Confident logits neither overflow nor lose their sign."""
    logits = torch.full((1, 1, 1, 1), a, requires_grad=True)
    presence = torch.full((1,), b, requires_grad=True)

    out = gated(logits, presence)
    out.sum().backward()

    assert bool(out.isfinite())
    assert float(out.detach()) <= min(a, b) + 1e-3
    assert bool(logits.grad.isfinite()) and bool(presence.grad.isfinite())


def test_a_certain_gate_lets_the_mask_through():
    """Presence of 1 leaves the logits, presence of 0 leaves nothing."""
    logits = torch.linspace(-12, 12, 7).view(1, 1, 1, 7)

    torch.testing.assert_close(gated(logits, torch.tensor([60.0])), logits)
    assert float(gated(logits, torch.tensor([-60.0])).max()) < -59


def test_gate_needs_no_more_than_half_precision_input():
    """Under autocast the product is formed in float32."""
    out = gated(torch.full((1, 1, 2, 2), 30.0).half(), torch.tensor([30.0]).half())

    assert out.dtype == torch.float32
    torch.testing.assert_close(out, torch.full_like(out, 30 - 0.6931), rtol=0, atol=1e-3)


def test_presence_gate_judges_each_frame():
    """One logit per frame, from maps of any size and the sound."""
    gate = PresenceGate(8, 2, 16)
    maps = [torch.randn(5, 8, 6, 6), torch.randn(5, 8, 3, 3)]
    audio = torch.randn(5, 16)

    whole = gate(maps, audio)

    assert whole.shape == (5,)
    torch.testing.assert_close(gate([m[1:2] for m in maps], audio[1:2]), whole[1:2])
