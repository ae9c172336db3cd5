"""What frozen encoders make of a fixed set of clips, computed once and kept on disk."""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from avsseg.media.publish import publish_file
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.batch import TrainBatch


class FeatureCache:
    """One file for each clip, below a folder named after the encoders and the data.

    Features are kept in bfloat16, as the replay of composed scenes keeps them. Frames are kept
    only for a network whose condition reads pixels.
    """

    def __init__(self, folder: Path, model: AVSegmenter, data: str) -> None:
        self._folder = folder / _fingerprint(model, data)

    def fill(
        self,
        model: AVSegmenter,
        indices: Iterable[int],
        read: Callable[[int], TrainBatch],
        device: torch.device,
    ) -> None:
        """Computes what is missing; stopped and started again, it goes on where it was.

        ``model`` is the one that the cache was opened for, on ``device``, in evaluation mode.

        Raises:
            MediaError: the folder cannot be written, or the disk is full.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        for index in indices:
            if not self._path(index).exists():
                tensors = _encode(model, read(index).to(device))
                with publish_file(self._path(index), overwrite=True) as temporary:
                    save_file(tensors, temporary)

    def read(self, index: int) -> TrainBatch:
        """A clip as a batch of one."""
        tensors = load_file(self._path(index))
        masks = tensors["masks"]
        return TrainBatch(
            features=tuple(tensors[f"features.{level}"] for level in range(4)),
            embeddings=tensors["embeddings"],
            masks=masks.float() if masks.dtype == torch.bool else masks.long(),
            labelled=tensors["labelled"],
            frames=tensors.get("frames"),
        )

    def _path(self, index: int) -> Path:
        return self._folder / f"{index:05d}.safetensors"


@torch.no_grad()
def _encode(model: AVSegmenter, batch: TrainBatch) -> dict[str, Tensor]:
    assert batch.frames is not None and batch.log_mel is not None
    maps = model.encode_frames(batch.frames)
    tensors = {f"features.{level}": m.to(torch.bfloat16) for level, m in enumerate(maps)}
    tensors["embeddings"] = model.encode_audio(batch.log_mel).float()
    binary = batch.masks.is_floating_point()
    tensors["masks"] = batch.masks > 0 if binary else batch.masks.byte()
    tensors["labelled"] = batch.labelled
    if model.reads_pixels:
        tensors["frames"] = batch.frames
    return {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}


def _fingerprint(model: AVSegmenter, data: str) -> str:
    digest = hashlib.sha256(f"{data} {model.config.image_size} {model.reads_pixels}".encode())
    for encoder in (model.backbone, model.audio_encoder):
        for name, tensor in encoder.state_dict().items():
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()[:16]
