"""More than one answer from one look: samples, the sound muted, the names of what is heard.

The backbone sees the frames once. Further latents cost a decoder each, the muted sound a fusion
and a decoder.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avsseg.log_mel import NUM_FRAMES, NUM_MELS
from avsseg.model.segmenter import AVSegmenter, Fused
from avsseg.model.yamnet import NUM_CLASSES
from avsseg.noise import batch_noise
from avsseg.transforms import send, to_probabilities

_LEAST_SHARE = 0.002  # of the picture: less than this is no mask to disagree about


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What a network makes of a batch of clips.

    Shapes:
        masks (B, T, H, W) probabilities, the mean over the samples; spread (B, T, H, W) their
        standard deviation and disagreement (B, T) in [0, 1], None of a single sample;
        muted (B, T, H, W) the masks without sound, None if not asked for;
        heard (B, T, 521) scores of AudioSet's classes, None where the encoder has none;
        embedding (B, T, A) what the encoder makes of the sound, None where it has classes
    """

    masks: Tensor
    spread: Tensor | None = None
    disagreement: Tensor | None = None
    muted: Tensor | None = None
    heard: Tensor | None = None
    embedding: Tensor | None = None

    def tensors(self) -> dict[str, Tensor]:
        """Those that are there, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}


def examine(
    model: AVSegmenter,
    frames: Tensor,
    log_mel: Tensor,
    noises: Sequence[Tensor | None],
    *,
    with_muted: bool = False,
) -> Findings:
    """Masks of clips, one sample for each noise, and what else there is to find.

    Shapes:
        frames (B, T, 3, S, S) in [0, 1], log_mel (B, T, 1, 96, 64), each noise (B, T, D)
    """
    features = model.encode_frames(frames)
    embeddings = model.encode_audio(log_mel)
    fused = model.fuse(features, embeddings, frames)
    samples = torch.stack([_probabilities(model, fused, noise) for noise in noises])
    several = len(noises) > 1
    muted = None
    if with_muted:
        silent = model.fuse(features, model.encode_audio(silence(model, log_mel)), frames)
        muted = _probabilities(model, silent, noises[0])
    return Findings(
        masks=samples.mean(dim=0) if several else samples[0],
        spread=samples.std(dim=0, correction=0) if several else None,
        disagreement=disagreement(samples) if several else None,
        muted=muted,
        heard=embeddings[..., -NUM_CLASSES:] if hears_classes(model) else None,
        embedding=None if hears_classes(model) else embeddings,
    )


def hears_classes(model: AVSegmenter) -> bool:
    """Whether the network's audio encoder names what it hears."""
    return model.config.audio_encoder == "yamnet"


def silence(model: AVSegmenter, log_mel: Tensor) -> Tensor:
    """The log-mel of no sound at all, in the shape of ``log_mel``."""
    offset: float = model.audio_encoder.log_offset  # type: ignore[assignment]
    return torch.full_like(log_mel, float(np.log(offset)))


@torch.inference_mode()
def silent_embedding(model: AVSegmenter) -> NDArray[np.float32]:
    """What the network's audio encoder makes of no sound at all.

    Shapes:
        -> (A,)
    """
    patch = model.pixel_mean.new_zeros(1, 1, 1, NUM_FRAMES, NUM_MELS)
    embedding: NDArray[np.float32] = model.encode_audio(silence(model, patch))[0, 0].cpu().numpy()
    return embedding


def disagreement(samples: Tensor) -> Tensor:
    """How unlike the samples of each frame are: mean of 1 - soft IoU over all pairs.

    It is 0 for equal samples and 1 for masks without overlap. Where next to nothing is marked,
    there is next to nothing to disagree about.

    Shapes:
        samples (N, B, T, H, W) in [0, 1] -> (B, T)
    """
    least = _LEAST_SHARE * samples.shape[-2] * samples.shape[-1]
    unlike = []
    for a, b in combinations(samples, 2):
        union = torch.maximum(a, b).sum(dim=(-2, -1))
        unlike.append((a - b).abs().sum(dim=(-2, -1)) / union.clamp(min=least))
    return torch.stack(unlike).mean(dim=0)


def sample_noises(
    model: AVSegmenter, seed: int, indices: Sequence[int], num_samples: int
) -> list[Tensor | None]:
    """Noise for each of several samples of clips; a network without latents gives but one.

    The first is that of a single sample, so more samples refine an answer and do not replace it.
    """
    if model.config.kind == "ed":
        num_samples = 1
    seeds = [seed, *(_further_seed(seed, sample) for sample in range(1, num_samples))]
    device = model.pixel_mean.device
    noises = [batch_noise(model.config, one, indices) for one in seeds]
    return [None if noise is None else send(noise, device) for noise in noises]


def _further_seed(seed: int, sample: int) -> int:
    return int(np.random.SeedSequence([seed, sample]).generate_state(1)[0])


def _probabilities(model: AVSegmenter, fused: Fused, noise: Tensor | None) -> Tensor:
    return to_probabilities(model.decode(fused, model.sample_latent(fused, noise)))
