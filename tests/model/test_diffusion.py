"""Diffusion in closed form: schedule, forward process and samplers without a network."""

import math

import pytest
import torch
from torch import Tensor

from avsseg.model.config import ModelConfig
from avsseg.model.diffusion import (
    NoiseSchedule,
    cosine_betas,
    ddim_sample,
    ddim_timesteps,
    ddpm_sample,
    linear_betas,
    predict_noise,
    predict_start,
    q_sample,
    target_of,
)

KINDS = ["epsilon", "sample", "v_prediction"]
PAPER = NoiseSchedule(cosine_betas(20))


def normal(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def oracle(z_0: Tensor, kind: str):
    """The denoiser that knows z_0 and says so in the given terms."""

    def denoise(z_t: Tensor, t: int) -> Tensor:
        noise = predict_noise(PAPER.alpha_bar(t), z_t, z_0)
        if kind == "epsilon":
            return noise
        signal = math.sqrt(PAPER.alpha_bar(t))
        return z_0 if kind == "sample" else signal * noise - math.sqrt(1 - signal**2) * z_0

    return denoise


def test_cosine_schedule_has_the_known_values():
    """K = 20: the ends, and the factors by which an error of the noise grows (D9)."""
    growth = [math.sqrt((1 - a) / a) for a in map(PAPER.alpha_bar, (19, 17, 15))]

    assert PAPER.alpha_bar(19) == pytest.approx(6.06e-6, rel=1e-3)
    assert growth == pytest.approx([406, 6.4, 3.1], rel=0.01)
    assert PAPER.alpha_bar(-1) == 1.0
    assert float(PAPER.betas.max()) == 0.999


@pytest.mark.parametrize("betas", [cosine_betas, linear_betas])
@pytest.mark.parametrize("steps", [1, 20, 1000])
def test_schedules_go_from_clean_to_noise(betas, steps):
    """alpha-bar falls strictly within (0, 1), whatever K."""
    alpha_bar = NoiseSchedule(betas(steps)).alphas_cumprod

    assert bool((alpha_bar.diff() < 0).all())
    assert 0 < float(alpha_bar.min()) <= float(alpha_bar.max()) < 1


def test_schedule_follows_the_config():
    """The config names the schedule and K."""
    schedule = NoiseSchedule.from_config(ModelConfig(schedule="linear", num_timesteps=50))

    assert schedule.num_timesteps == 50
    torch.testing.assert_close(schedule.betas, linear_betas(50))


def test_ten_steps_visit_the_odd_times():
    """19, 17, .., 1 and the clean end."""
    assert ddim_timesteps(20, 10) == [19, 17, 15, 13, 11, 9, 7, 5, 3, 1, -1]


@pytest.mark.parametrize("steps", range(1, 21))
def test_any_number_of_steps_descends_from_the_last_time_to_the_clean_end(steps):
    """No time is visited twice."""
    times = ddim_timesteps(20, steps)

    assert (times[0], times[-1], len(times)) == (19, -1, steps + 1)
    assert sorted(set(times), reverse=True) == times


@pytest.mark.parametrize("kind", KINDS)
def test_a_true_prediction_gives_z_0_back(kind):
    """predict_start undoes q_sample at every step, for each kind of prediction."""
    t = torch.arange(20)
    z_0, noise = normal(20, 24), normal(20, 24, seed=1)

    z_t = q_sample(PAPER, z_0, t, noise)
    target = target_of(PAPER, z_0, t, noise, kind)

    torch.testing.assert_close(predict_start(PAPER.gather(t), z_t, target, kind), z_0)
    torch.testing.assert_close(predict_noise(PAPER.gather(t), z_t, z_0), noise)


def test_forward_process_composes_the_single_steps():
    """Eq. 5 has mean and variance of Eq. 4 applied step by step."""
    mean, variance = 1.0, 0.0
    for k, beta in enumerate(PAPER.betas.tolist()):
        mean, variance = mean * math.sqrt(1 - beta), variance * (1 - beta) + beta
        assert mean**2 == pytest.approx(PAPER.alpha_bar(k), rel=1e-9)
        assert variance == pytest.approx(1 - PAPER.alpha_bar(k), rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("eta", [0.0, 0.5, 1.0])
def test_ddim_with_an_oracle_recovers_z_0(kind, eta):
    """Whatever the noise and the number of steps, a perfect denoiser's z_0 comes out."""
    z_0 = normal(4, 24).clamp(-1, 1)
    fresh = normal(9, 4, 24, seed=2)

    for steps in (1, 3, 10):
        sample = ddim_sample(
            oracle(z_0, kind),
            normal(4, 24, seed=1),
            PAPER,
            num_steps=steps,
            eta=eta,
            kind=kind,
            fresh=fresh,
        )
        torch.testing.assert_close(sample, z_0)


@pytest.mark.parametrize("kind", KINDS)
def test_ddpm_with_an_oracle_recovers_z_0(kind):
    """The ancestral sampler too ends where the denoiser says."""
    z_0 = normal(4, 24).clamp(-1, 1)

    sample = ddpm_sample(
        oracle(z_0, kind), normal(4, 24, seed=1), PAPER, kind=kind, fresh=normal(19, 4, 24, seed=2)
    )

    torch.testing.assert_close(sample, z_0)


@pytest.mark.parametrize("constant", [0.3, -2.0])
def test_constant_denoiser_lands_on_its_constant(constant):
    """A denoiser that always names one z_0 is obeyed, within the bound."""
    noise = normal(4, 24)

    ddim = ddim_sample(
        lambda z, t: torch.full_like(z, constant), noise, PAPER, num_steps=10, kind="sample"
    )
    ddpm = ddpm_sample(
        lambda z, t: torch.full_like(z, constant),
        noise,
        PAPER,
        kind="sample",
        fresh=normal(19, 4, 24),
    )

    for sample in (ddim, ddpm):
        torch.testing.assert_close(sample, torch.full_like(noise, max(constant, -1.0)))


def test_ddim_step_has_its_closed_form():
    """Two steps by hand: z_t' = sqrt(a') z_0 + sqrt(1 - a') eps, with eps derived anew from z_0."""
    noise = normal(4, 24)
    a, b = PAPER.alpha_bar(19), PAPER.alpha_bar(9)
    z_0 = ((noise - math.sqrt(1 - a) * 0.1) / math.sqrt(a)).clamp(-1, 1)
    eps = (noise - math.sqrt(a) * z_0) / math.sqrt(1 - a)
    z_9 = math.sqrt(b) * z_0 + math.sqrt(1 - b) * eps
    wanted = ((z_9 - math.sqrt(1 - b) * 0.1) / math.sqrt(b)).clamp(-1, 1)

    sample = ddim_sample(lambda z, t: torch.full_like(z, 0.1), noise, PAPER, num_steps=2)

    torch.testing.assert_close(sample, wanted)


@pytest.mark.parametrize("bound", [1.0, 3.0, None])
def test_samples_stay_within_the_bound(bound):
    """A wild denoiser is held by the clamp, and is not where there is none (D9)."""
    noise = normal(4, 24)

    sample = ddim_sample(lambda z, t: -5 * z, noise, PAPER, num_steps=10, bound=bound)

    largest = float(sample.abs().max())
    assert largest == pytest.approx(bound) if bound else largest > 400


def test_first_step_multiplies_an_error_of_the_noise_406_fold():
    """Why z_0 is clamped: K = 20 ends at a signal of 0.0025."""
    z_t = normal(4, 24)

    clean = predict_start(PAPER.alpha_bar(19), z_t, z_t, "epsilon")
    wrong = predict_start(PAPER.alpha_bar(19), z_t, z_t + 0.01, "epsilon")

    torch.testing.assert_close(clean - wrong, torch.full_like(z_t, 4.06), rtol=1e-3, atol=0)


def test_stochastic_samples_depend_on_the_given_noise_alone():
    """The same draws give the same sample, row by row; others give another."""
    start, fresh = normal(4, 24), normal(9, 4, 24, seed=1)

    def sample(rows: slice, fresh: Tensor) -> Tensor:
        return ddim_sample(
            lambda z, t: torch.tanh(z), start[rows], PAPER, num_steps=10, eta=1.0, fresh=fresh
        )

    whole = sample(slice(None), fresh)
    torch.testing.assert_close(sample(slice(2, 3), fresh[:, 2:3]), whole[2:3])
    assert torch.equal(sample(slice(None), fresh), whole)
    assert not torch.equal(sample(slice(None), fresh.flip(0)), whole)


@pytest.mark.parametrize("sampler", [ddpm_sample, ddim_sample])
def test_stochastic_sampling_without_noise_is_refused(sampler):
    """Nothing is drawn behind the caller's back."""
    options = {"num_steps": 10, "eta": 1.0} if sampler is ddim_sample else {}

    with pytest.raises(ValueError, match="fresh noise"):
        sampler(lambda z, t: z, normal(4, 24), PAPER, **options)


@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_samplers_never_read_numbers_back_to_the_host(device, host_reads):
    """No step waits for the device; the meta device has no numbers to read at all."""
    noise = normal(4, 24).to(device)
    fresh = normal(19, 4, 24).to(device)

    with host_reads() as reads:
        ddim_sample(lambda z, t: z, noise, PAPER, num_steps=10, eta=0.5, fresh=fresh)
        sample = ddpm_sample(lambda z, t: z, noise, PAPER, fresh=fresh)

    assert sample.device.type == device
    assert reads.count == 0
