"""Whether the latent carries anything: retrieval, the bound of Eq. 11, the denoiser's error."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from avsseg.model.diffusion import q_sample, target_of
from avsseg.model.segmenter import AVSegmenter

_TAUS = (1.0, 0.5, 0.2, 0.1, 0.05, 0.02)


class LatentPairs:
    """Pairs of condition c and latent z_0, one of each scene, gathered as they go by."""

    def __init__(self) -> None:
        self._conditions: list[Tensor] = []
        self._latents: list[Tensor] = []

    def add(self, c: Tensor | None, z_0: Tensor) -> None:
        """Adds one pair.

        Shapes:
            c (D,) or None where the condition is ablated; z_0 (D,)
        """
        if c is not None:
            self._conditions.append(c.float().cpu())
        self._latents.append(z_0.float().cpu())

    def findings(self, model: AVSegmenter) -> dict[str, Any]:
        """All that can be told of the pairs; empty without any."""
        if not self._latents:
            return {}
        z_0 = torch.stack(self._latents)
        c = torch.stack(self._conditions) if self._conditions else None
        return {
            "retrieval": None if c is None else retrieval(c, z_0),
            "z0_std": z_0.std(dim=0, correction=0).tolist(),
            "denoising_error": denoising_errors(model, z_0, c),
        }


def retrieval(c: Tensor, z_0: Tensor) -> dict[str, Any]:
    """How often a condition finds its own latent among N, and what it tells of it at least.

    The contrastive loss L of all N pairs (Eq. 10, tau 1) bounds the mutual information of Eq. 11
    from below by ln N - L nats (van den Oord et al., 2018); so does the loss at any other tau, of
    which the best is given too. Equal scores count as not found.

    Shapes:
        c, z_0 (N, D)
    """
    scores = F.normalize(c, dim=1) @ F.normalize(z_0, dim=1).T
    own = scores.diagonal()[:, None]
    ahead = (scores >= own).sum(dim=1) - 1
    count = len(c)
    losses = {tau: float(F.cross_entropy(scores / tau, torch.arange(count))) for tau in _TAUS}
    return {
        "pairs": count,
        "top1": float((ahead < 1).float().mean()),
        "top10": float((ahead < 10).float().mean()),
        "chance_top1": 1 / count,
        "contrastive_loss": losses[1.0],
        "information_bound": math.log(count) - losses[1.0],
        "information_bound_best_tau": math.log(count) - min(losses.values()),
    }


def denoising_errors(model: AVSegmenter, z_0: Tensor, c: Tensor | None) -> list[float]:
    """Mean squared error of eps_theta at each of the K diffusion steps, with fixed noise.

    Shapes:
        z_0, c (N, D)
    """
    denoiser, schedule = model.denoiser, model.schedule
    if denoiser is None:
        return []
    device, kind = model.pixel_mean.device, model.config.prediction_type
    z_0, c = z_0.to(device), None if c is None else c.to(device)
    noise = torch.randn(z_0.shape, generator=torch.Generator().manual_seed(0)).to(device)
    errors = []
    for step in range(model.config.num_timesteps):
        t = torch.full((len(z_0),), step, device=device)
        with torch.inference_mode():
            found = denoiser(q_sample(schedule, z_0, t, noise), t, c, None)
            wanted = target_of(schedule, z_0, t, noise, kind)
        errors.append(float((found - wanted).square().mean()))
    return errors
