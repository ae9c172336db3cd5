"""The samplers against those of diffusers, an independent implementation."""

import pytest
import torch
from torch import Tensor

from avsseg.model.diffusion import NoiseSchedule, cosine_betas, ddim_sample, ddpm_sample

diffusers = pytest.importorskip("diffusers")

K, ROWS, D = 20, 16, 24
OURS = NoiseSchedule(cosine_betas(K))
THEIRS = {
    "num_train_timesteps": K,
    "beta_schedule": "squaredcos_cap_v2",
    "timestep_spacing": "trailing",
    "clip_sample": True,
}


def normal(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def denoise(z_t: Tensor, t: int) -> Tensor:
    """Some smooth function of z_t and t, the same for both."""
    weight = normal(D, D, seed=7) / D**0.5
    return torch.tanh(z_t @ weight + 0.1 * t) + 0.5 * z_t


def test_schedules_agree():
    """squaredcos_cap_v2, in their float32, is the paper's cosine schedule."""
    scheduler = diffusers.DDIMScheduler(**THEIRS)

    torch.testing.assert_close(
        OURS.alphas_cumprod.float(), scheduler.alphas_cumprod, rtol=1e-4, atol=0
    )


@pytest.mark.parametrize("kind", ["epsilon", "sample", "v_prediction"])
@pytest.mark.parametrize("eta", [0.0, 0.6, 1.0])
@pytest.mark.parametrize("steps", [5, 10, 20])
def test_ddim_agrees(kind, eta, steps):
    """Same noise, same steps, same sample."""
    scheduler = diffusers.DDIMScheduler(**THEIRS, prediction_type=kind)
    scheduler.set_timesteps(steps)
    start, fresh = normal(ROWS, D, seed=0), normal(steps, ROWS, D, seed=1)
    z_t = start
    for t, noise in zip(scheduler.timesteps.tolist(), fresh, strict=True):
        z_t = scheduler.step(
            denoise(z_t, t),
            t,
            z_t,
            eta=eta,
            use_clipped_model_output=True,
            variance_noise=noise if eta else None,
        ).prev_sample

    ours = ddim_sample(denoise, start, OURS, num_steps=steps, eta=eta, kind=kind, fresh=fresh)

    torch.testing.assert_close(ours, z_t, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", ["epsilon", "sample", "v_prediction"])
def test_ddpm_agrees(kind):
    """All K steps with the posterior's variance, noise drawn in the same order."""
    scheduler = diffusers.DDPMScheduler(**THEIRS, prediction_type=kind, variance_type="fixed_small")
    generator = torch.Generator().manual_seed(1)
    z_t = start = normal(ROWS, D, seed=0)
    for t in range(K - 1, -1, -1):
        z_t = scheduler.step(denoise(z_t, t), t, z_t, generator=generator).prev_sample

    generator = torch.Generator().manual_seed(1)
    fresh = torch.stack([torch.randn(ROWS, D, generator=generator) for _ in range(K - 1)])
    ours = ddpm_sample(denoise, start, OURS, kind=kind, fresh=fresh)

    torch.testing.assert_close(ours, z_t, rtol=1e-4, atol=1e-4)
