"""The border between arrays of clips and tensors of the network."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from avsseg.clip import Clip
from avsseg.log_mel import log_mel


@dataclass(frozen=True, kw_only=True)
class ClipBatch:
    """Several clips as tensors; pixels stay bytes until they are where the network is.

    Shapes:
        pixels (B, T, H, W, 3) uint8 RGB; log_mel (B, T, 1, 96, 64) float32
    """

    pixels: Tensor
    log_mel: Tensor

    def to(self, device: torch.device) -> "ClipBatch":
        """The batch on a device; to CUDA through pinned memory, without waiting."""
        return ClipBatch(pixels=send(self.pixels, device), log_mel=send(self.log_mel, device))


def send(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the CPU on a device; to CUDA through pinned memory, without waiting."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def stack_clips(clips: Sequence[Clip], log_offset: float) -> ClipBatch:
    """Clips of one geometry as a batch on the CPU; ``log_offset`` is the audio encoder's own."""
    waveform = torch.from_numpy(np.stack([clip.waveform for clip in clips]))
    return ClipBatch(
        pixels=torch.from_numpy(np.stack([clip.frames for clip in clips])),
        log_mel=log_mel(waveform, log_offset),
    )


def to_frames(pixels: Tensor) -> Tensor:
    """What the network sees.

    Shapes:
        (B, T, H, W, 3) uint8 RGB -> (B, T, 3, H, W) float32 in [0, 1]
    """
    return rearrange(pixels, "b t h w c -> b t c h w").float().div(255)


def to_probabilities(logits: Tensor) -> Tensor:
    """How probable it is that each pixel sounds: of several classes, any but the background.

    Shapes:
        (B, T, K, H, W) -> (B, T, H, W) float32 in [0, 1]
    """
    if logits.shape[2] == 1:
        return logits[:, :, 0].float().sigmoid()
    return 1 - logits.float().softmax(dim=2)[:, :, 0]


def to_arrays(probabilities: Tensor) -> NDArray[np.float32]:
    """Probabilities back on the host; waits for the device.

    Shapes:
        any -> the same, float32
    """
    masks: NDArray[np.float32] = probabilities.float().cpu().numpy()
    return masks
