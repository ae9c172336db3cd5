"""AVSBench (Zhou et al., 2022) as a dataset: S4, MS3 and the semantic AVSS."""

import logging
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from avsseg.data.layout import NUM_FRAMES, SPLITS, ClipFiles, Subset, existing_frame, read_index
from avsseg.data.masks import (
    binary_mask,
    class_map,
    legacy_differs,
    open_picture,
    resize_nearest,
)
from avsseg.data.sample import Sample
from avsseg.data.sound_files import (
    VGGISH_OFFSET,
    change_offset,
    fit_blocks,
    log_mel_blocks,
    read_log_mel,
    read_wav,
)
from avsseg.errors import DataError
from avsseg.media.colour import resize_rgb

SoundSource = Literal["auto", "log_mel", "wav"]

_log = logging.getLogger(__name__)


class AVSBench(Dataset[Sample]):
    """The clips of one split, read from the published layout.

    Args:
        root: the folder with the subset's index file, or the one above it.
        size: side of the square pictures and masks; other sizes are resized, aspect not kept.
        sound: pickled log-mel, wav, or the first of the two that is there.
        log_mel_offset: the number under the logarithm (VGGish 0.01, YAMNet 0.001).
        train_crop: AVSS training pictures by short side and centre crop, as AVSBench does;
            its test pictures, and ours without this, are resized whole.

    Raises:
        DataError: if the index file is missing or names no clip of the split; on reading, if a
            file of the clip is missing or damaged.
    """

    def __init__(
        self,
        root: str | Path,
        subset: Subset,
        split: str,
        *,
        size: int = 224,
        sound: SoundSource = "auto",
        log_mel_offset: float = VGGISH_OFFSET,
        train_crop: bool = False,
    ) -> None:
        if split not in SPLITS:
            raise DataError(f"{split!r} is no split of AVSBench; choose train, val or test.")
        clips = read_index(Path(root), subset)
        self.clips = tuple(clip for clip in clips if clip.split == split)
        if not self.clips:
            raise DataError(f"{root}: its {subset} index names no clip of the split {split!r}.")
        self.subset: Subset = subset
        self.num_frames = NUM_FRAMES[subset]
        self._size = size
        self._sound = sound
        self._offset = log_mel_offset
        self._crop = train_crop and subset == "avss" and split == "train"
        self._warned: set[str] = set()
        if subset == "avss" and split == "train" and not train_crop:
            self._warn_once("crop", "AVSBench crops AVSS training pictures; see train_crop.")

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> Sample:
        clip = self.clips[index]
        frames = [self._frame(path) for path in clip.frames]
        masks = [self._mask(path) for path in clip.masks]
        count = torch.arange(self.num_frames)
        return Sample(
            name=clip.name,
            category=clip.category,
            frames=_padded(torch.from_numpy(np.stack(frames)), self.num_frames),
            log_mel=self._log_mel(clip),
            masks=_padded(torch.from_numpy(np.stack(masks)), self.num_frames),
            labelled=count < len(masks),
            valid=count < len(frames),
        )

    def _frame(self, path: Path) -> NDArray[np.float32]:
        image = open_picture(existing_frame(path)).convert("RGB")
        if self._crop:
            image = _centre_crop(image, self._size, Image.Resampling.BILINEAR)
        picture = np.asarray(image)
        if picture.shape[:2] != (self._size, self._size):
            picture = resize_rgb(picture, (self._size, self._size))
        return np.moveaxis(picture, -1, 0).astype(np.float32) / np.float32(255)

    def _mask(self, path: Path) -> NDArray[np.float32] | NDArray[np.int64]:
        image = open_picture(path)
        if self._crop:
            image = _centre_crop(image, self._size, Image.Resampling.NEAREST)
        if self.subset == "avss":
            labels, unknown = class_map(image)
            if unknown.any():
                self._warn_once("colour", f"{path}: has colours of no class; taken as background.")
        else:
            labels = binary_mask(image).astype(np.int64)
            if legacy_differs(image, self.subset):
                self._warn_once(
                    "mode",
                    f"{path}: mode {image.mode}; AVSBench's own loader would make another truth of "
                    "it; here every pixel that is not black is foreground.",
                )
        if labels.shape != (self._size, self._size):
            labels = resize_nearest(labels, (self._size, self._size))
        return labels[None] if self.subset == "avss" else labels[None].astype(np.float32)

    def _log_mel(self, clip: ClipFiles) -> Tensor:
        count, avss = self.num_frames, self.subset == "avss"
        stored = self._stored_log_mel(clip)
        if stored is not None:
            blocks = change_offset(stored, self._offset)
        else:
            blocks = log_mel_blocks(read_wav(clip.wav), offset=self._offset)
        if len(blocks) > count:
            self._warn_once(
                "long",
                f"{clip.name}: its sound has {len(blocks)} blocks and the first {count} are used; "
                "AVSBench leaves such a clip out.",
            )
        return fit_blocks(blocks, count, name=clip.name, repeat=not avss)

    def _stored_log_mel(self, clip: ClipFiles) -> Tensor | None:
        path = clip.log_mel
        if path is None or self._sound == "wav":
            return None
        exact = self._offset == VGGISH_OFFSET or not clip.wav.exists()
        wanted = self._sound == "log_mel" or (path.exists() and exact)
        return read_log_mel(path) if wanted else None

    def _warn_once(self, kind: str, message: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            _log.warning("%s (said once)", message)


def _padded(values: Tensor, count: int) -> Tensor:
    filler = values.new_zeros(count - len(values), *values.shape[1:])
    return torch.cat([values, filler])


def _centre_crop(image: Image.Image, side: int, method: Image.Resampling) -> Image.Image:
    width, height = image.size
    scale = side / min(width, height)
    wide = (int(width * scale), side) if width > height else (side, int(height * scale))
    left, top = (round((length - side) / 2) for length in wide)
    return image.resize(wide, method).crop((left, top, left + side, top + side))
