"""Diffusion as mathematics: a schedule, the forward process, and samplers as pure functions.

A sampler takes any ``denoise(z_t, t) -> prediction`` with the condition already bound, so it is
tested in closed form without a network.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import torch
from torch import Tensor

from avsseg.model.config import ModelConfig, PredictionType

Denoise = Callable[[Tensor, int], Tensor]


def cosine_betas(num_timesteps: int, offset: float = 0.008, max_beta: float = 0.999) -> Tensor:
    """The cosine schedule of Nichol and Dhariwal, in float64."""

    def alpha_bar(t: float) -> float:
        return math.cos((t + offset) / (1 + offset) * math.pi / 2) ** 2

    steps = [
        1 - alpha_bar((k + 1) / num_timesteps) / alpha_bar(k / num_timesteps)
        for k in range(num_timesteps)
    ]
    return torch.tensor(steps, dtype=torch.float64, device="cpu").clamp(max=max_beta)


def linear_betas(num_timesteps: int) -> Tensor:
    """DDPM's linear schedule, scaled so that fewer steps end at the same noise, in float64."""
    scale = 1000 / num_timesteps
    betas = torch.linspace(
        scale * 1e-4, scale * 0.02, num_timesteps, dtype=torch.float64, device="cpu"
    )
    return betas.clamp(max=0.999)


class NoiseSchedule:
    """alpha-bar of every step, as host numbers (so sampling never waits for the device).

    Shapes:
        betas, alphas_cumprod (K,) float64
    """

    def __init__(self, betas: Tensor) -> None:
        self.betas = betas
        self.alphas_cumprod = torch.cumprod(1 - betas, dim=0)
        self._alpha_bar: list[float] = [float(a) for a in self.alphas_cumprod]

    @classmethod
    def from_config(cls, config: ModelConfig) -> "NoiseSchedule":
        """The schedule that the config names."""
        make = cosine_betas if config.schedule == "cosine" else linear_betas
        return cls(make(config.num_timesteps))

    @property
    def num_timesteps(self) -> int:
        """K."""
        return len(self._alpha_bar)

    def alpha_bar(self, t: int) -> float:
        """alpha-bar after step ``t``; 1 for t = -1, the clean end."""
        return 1.0 if t < 0 else self._alpha_bar[t]

    def gather(self, t: Tensor) -> Tensor:
        """alpha-bar (B, 1) in float32 for times ``t`` (B,)."""
        return self.alphas_cumprod.to(device=t.device, dtype=torch.float32)[t][:, None]


def q_sample(schedule: NoiseSchedule, z_0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
    """Diffuses z_0 to step t in one go (paper, Eq. 5).

    Shapes:
        z_0, noise (B, D), t (B,) in 0..K-1 -> (B, D)
    """
    alpha_bar = schedule.gather(t)
    return alpha_bar.sqrt() * z_0 + (1 - alpha_bar).sqrt() * noise


def predict_start(
    alpha_bar: Tensor | float, z_t: Tensor, prediction: Tensor, kind: PredictionType
) -> Tensor:
    """z_0 as implied by a prediction of the noise, of z_0 itself or of the velocity."""
    signal, sigma = _scales(alpha_bar)
    if kind == "sample":
        return prediction
    if kind == "v_prediction":
        return signal * z_t - sigma * prediction
    return (z_t - sigma * prediction) / signal


def predict_noise(alpha_bar: Tensor | float, z_t: Tensor, z_0: Tensor) -> Tensor:
    """The noise that leads from z_0 to z_t."""
    signal, sigma = _scales(alpha_bar)
    return (z_t - signal * z_0) / sigma


def target_of(
    schedule: NoiseSchedule, z_0: Tensor, t: Tensor, noise: Tensor, kind: PredictionType
) -> Tensor:
    """What eps_theta should have said: the noise (paper, Eq. 9), z_0 or the velocity."""
    if kind == "epsilon":
        return noise
    if kind == "sample":
        return z_0
    signal, sigma = _scales(schedule.gather(t))
    return signal * noise - sigma * z_0


def ddim_timesteps(num_timesteps: int, num_steps: int) -> list[int]:
    """Descending times from K - 1, evenly spaced, ending in -1: 19, 17, .., 1, -1 for K = 20."""
    return [num_timesteps * i // num_steps - 1 for i in range(num_steps, -1, -1)]


def ddim_sample(
    denoise: Denoise,
    noise: Tensor,
    schedule: NoiseSchedule,
    *,
    num_steps: int,
    eta: float = 0.0,
    kind: PredictionType = "epsilon",
    bound: float | None = 1.0,
    fresh: Tensor | None = None,
) -> Tensor:
    """Samples z_0 by DDIM (Song et al., 2021); ``bound`` clamps z_0 at each step (D9).

    With K = 20 the first step divides by sqrt(alpha-bar) = 0.0025, so an unclamped error of the
    noise would grow 406-fold. Noise is handed in, so that a sample depends on nothing but its row.

    Shapes:
        noise (B, D); fresh (num_steps - 1, B, D), needed for eta > 0 only -> (B, D)
    """
    z_t = noise
    times = ddim_timesteps(schedule.num_timesteps, num_steps)
    for step, (t, t_next) in enumerate(pairwise(times)):
        now, then = schedule.alpha_bar(t), schedule.alpha_bar(t_next)
        z_0 = _clamped(predict_start(now, z_t, denoise(z_t, t), kind), bound)
        if t_next < 0:
            return z_0
        sigma = eta * math.sqrt((1 - then) / (1 - now) * (1 - now / then))
        direction = math.sqrt(1 - then - sigma**2) * predict_noise(now, z_t, z_0)
        z_t = math.sqrt(then) * z_0 + direction
        if sigma > 0:
            z_t = z_t + sigma * _fresh(fresh, step)
    return z_t


def ddpm_sample(
    denoise: Denoise,
    noise: Tensor,
    schedule: NoiseSchedule,
    *,
    kind: PredictionType = "epsilon",
    bound: float | None = 1.0,
    fresh: Tensor | None = None,
) -> Tensor:
    """Samples z_0 by all K ancestral steps (paper, Eq. 7, with the variance of the posterior).

    Shapes:
        noise (B, D); fresh (K - 1, B, D) -> (B, D)
    """
    z_t = noise
    for t in range(schedule.num_timesteps - 1, -1, -1):
        now, before = schedule.alpha_bar(t), schedule.alpha_bar(t - 1)
        z_0 = _clamped(predict_start(now, z_t, denoise(z_t, t), kind), bound)
        beta = 1 - now / before
        z_t = (
            math.sqrt(before) * beta / (1 - now) * z_0
            + math.sqrt(now / before) * (1 - before) / (1 - now) * z_t
        )
        if t > 0:
            deviation = math.sqrt(beta * (1 - before) / (1 - now))
            z_t = z_t + deviation * _fresh(fresh, schedule.num_timesteps - 1 - t)
    return z_t


def _scales(alpha_bar: Tensor | float) -> tuple[Tensor | float, Tensor | float]:
    if isinstance(alpha_bar, Tensor):
        return alpha_bar.sqrt(), (1 - alpha_bar).sqrt()
    return math.sqrt(alpha_bar), math.sqrt(1 - alpha_bar)


def _clamped(z_0: Tensor, bound: float | None) -> Tensor:
    return z_0 if bound is None else z_0.clamp(-bound, bound)


def _fresh(noise: Tensor | None, step: int) -> Tensor:
    if noise is None:
        raise ValueError("a stochastic sampler needs fresh noise for each of its steps")
    return noise[step]
