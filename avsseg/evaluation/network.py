"""A network as an evaluation sees it: encoded once, then asked again with other latents."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avsseg.device import autocast, choose_precision
from avsseg.model.segmenter import AVSegmenter, Fused
from avsseg.noise import batch_noise
from avsseg.transforms import to_arrays, to_probabilities

Soft = NDArray[np.float32]

_CLIPS_ON_CPU, _CLIPS_ON_ACCELERATOR = 1, 8


class Network:
    """A model with the noise, precision and device of ``predict``, taken apart at its latent.

    ``decode(fuse(features(frames), log_mel, frames), sample(...))`` is what ``predict`` computes.
    """

    def __init__(self, model: AVSegmenter, *, precision: str = "auto") -> None:
        self.model = model
        self.device = model.pixel_mean.device
        self.log_offset = float(model.audio_encoder.log_offset)  # type: ignore[arg-type]
        self.precision = choose_precision(precision, self.device)

    def batch_size(self, wanted: int | None) -> int:
        """Clips at a time; it has no part in the result."""
        default = _CLIPS_ON_CPU if self.device.type == "cpu" else _CLIPS_ON_ACCELERATOR
        return wanted or default

    def seeds(self, wanted: Sequence[int]) -> tuple[int, ...]:
        """The seeds to sample with: all that are wanted, or one where nothing is sampled."""
        return tuple(wanted[:1] if self.model.config.kind == "ed" else wanted)

    @contextmanager
    def computing(self) -> Iterator[None]:
        """The context in which all the methods below are to be called."""
        with torch.inference_mode(), autocast(self.precision, self.device):
            yield

    def features(self, frames: Tensor) -> list[Tensor]:
        """The backbone's maps of frames (B, T, 3, S, S) in [0, 1]."""
        return self.model.encode_frames(frames)

    def fuse(self, features: list[Tensor], log_mel: Tensor, frames: Tensor) -> Fused:
        """The maps joined with a sound (B, T, 1, 96, 64)."""
        embeddings = self.model.encode_audio(log_mel.to(self.device))
        return self.model.fuse(features, embeddings, frames)

    def silence(self, log_mel: Tensor) -> Tensor:
        """The log-mel of no sound at all, in the shape of ``log_mel``."""
        return torch.full_like(log_mel, float(np.log(self.log_offset)))

    def sample(self, fused: Fused, seed: int, indices: Sequence[int]) -> Tensor | None:
        """A latent (B, T, D) from each clip's own noise; None for a network without latents."""
        noise = batch_noise(self.model.config, seed, indices)
        if noise is not None:
            noise = noise[:, : fused.audio.shape[1]].to(self.device)
        return self.model.sample_latent(fused, noise)

    def true_latent(self, fused: Fused, masks: Tensor) -> Tensor | None:
        """The latent (B, T, D) of the truth: E_phi's z_0, or the mean of the CVAE's posterior."""
        masks = masks.to(self.device)
        if self.model.config.kind == "ldm":
            return self.model.encode_latent(masks)
        if self.model.cvae is None:
            return None
        maps = [level.flatten(0, 1) for level in fused.maps]
        posterior = self.model.cvae.posterior(maps, self.model.latent_sized(masks.flatten(0, 1)))
        return posterior.mean.reshape(*masks.shape[:2], -1)

    def masks(self, fused: Fused, latent: Tensor | None) -> Soft:
        """Probabilities (B, T, S, S) that each pixel sounds."""
        return to_arrays(to_probabilities(self.model.decode(fused, latent)))

    def classes(self, fused: Fused, latent: Tensor | None) -> NDArray[np.uint8]:
        """The class (B, T, S, S) of each pixel."""
        found = self.model.decode(fused, latent).argmax(dim=2)
        return np.asarray(found.byte().cpu().numpy())
