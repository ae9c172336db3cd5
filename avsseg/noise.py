"""The noise that a clip's latents start from, decided by a seed and the clip's place alone."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from avsseg.model.config import ModelConfig


def clip_noise(config: ModelConfig, seed: int, index: int) -> Tensor:
    """Standard normal noise for clip number ``index`` of a video, always drawn on the CPU.

    Neither batch size, thread count nor device has a part in it. ``config.noise_scope`` says
    how much is fresh: every frame, every clip, or nothing within the video.

    Shapes:
        -> (T, D) float32; (T, ``config.num_draws``, D) for a sampler that draws on its way
    """
    frames, draws = config.num_frames, config.num_draws
    shape = (config.latent_dim,) if draws == 1 else (draws, config.latent_dim)
    if config.noise_scope == "frame":
        return _draw([seed, index], (frames, *shape))
    key = [seed] if config.noise_scope == "video" else [seed, index]
    return _draw(key, (1, *shape)).expand(frames, *shape)


def batch_noise(config: ModelConfig, seed: int, indices: Sequence[int]) -> Tensor | None:
    """Noise of several clips, stacked; None for a network without latents."""
    if config.kind == "ed":
        return None
    return torch.stack([clip_noise(config, seed, index) for index in indices])


def _draw(key: Sequence[int], shape: tuple[int, ...]) -> Tensor:
    mixed = int(np.random.SeedSequence(key).generate_state(1, np.uint64)[0] >> 1)
    return torch.randn(shape, generator=torch.Generator().manual_seed(mixed))
