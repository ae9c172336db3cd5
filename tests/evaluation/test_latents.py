"""Retrieval and the bound of Eq. 11 in closed form, and who lends what to whom."""

import math

import pytest
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.evaluation.latents import LatentPairs, denoising_errors, retrieval
from avsseg.evaluation.partners import Partner, Partners


def test_orthogonal_pairs_are_all_found():
    """Each condition is its own latent and nobody else's: loss ln(e + N - 1) - 1."""
    found = retrieval(torch.eye(8), 3 * torch.eye(8))

    assert found["top1"] == 1
    assert found["contrastive_loss"] == pytest.approx(math.log(math.e + 7) - 1)
    assert found["information_bound"] == pytest.approx(math.log(8) - math.log(math.e + 7) + 1)
    assert found["information_bound_best_tau"] == pytest.approx(math.log(8), abs=1e-6)


def test_latents_that_are_all_alike_tell_nothing():
    """Equal scores count as not found, and the bound is zero."""
    found = retrieval(torch.randn(12, 4), torch.ones(12, 4))

    assert found["top1"] == 0
    assert found["top10"] == 0
    assert found["information_bound"] == pytest.approx(0, abs=1e-6)


def test_a_shifted_order_is_found_among_the_first_ten():
    """Every latent but the next one scores lower: second place, so top 10 but not top 1."""
    latents = torch.eye(12)
    found = retrieval(0.5 * latents + latents.roll(-1, 0), latents)

    assert found["top1"] == 0
    assert found["top10"] == 1


def test_the_denoiser_s_error_is_told_for_each_step(tiny_checkpoint):
    """K numbers, the same every time."""
    model = load_checkpoint(tiny_checkpoint)
    z_0, c = torch.randn(6, 24).tanh(), torch.randn(6, 24)

    errors = denoising_errors(model, z_0, c)

    assert len(errors) == model.config.num_timesteps
    assert all(error > 0 for error in errors)
    assert errors == denoising_errors(model, z_0, c)


def test_without_pairs_there_are_no_findings(tiny_checkpoint):
    """Nothing gathered, nothing told."""
    assert LatentPairs().findings(load_checkpoint(tiny_checkpoint)) == {}


def test_the_nearest_clip_of_another_category_lends():
    """The first has no partner; a dog skips dogs; without another kind the last one lends."""
    partners = Partners()

    def lent(category, value):
        sound = torch.full((1,), float(value))
        partner = partners.exchange(Partner(category=category, log_mel=sound, latent=None))
        return None if partner is None else float(partner.log_mel)

    assert lent("cat", 0) is None
    assert lent("dog", 1) == 0
    assert lent("dog", 2) == 0
    assert lent("cat", 3) == 2
    assert lent("", 4) == 3
