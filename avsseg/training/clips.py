"""Clips of an AVSBench split as training takes them: mirrored at times, encoded if frozen."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from avsseg.data.avsbench import AVSBench
from avsseg.data.sample import Sample
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.batch import TrainBatch
from avsseg.training.config import AVSBenchConfig
from avsseg.training.feature_cache import FeatureCache
from avsseg.training.sampler import Draw


def open_split(config: AVSBenchConfig, model: AVSegmenter, split: str) -> AVSBench:
    """A split at the network's size, its sound by the network's front end.

    Raises:
        DataError: as ``AVSBench``.
    """
    return AVSBench(
        config.root,
        config.subset,
        split,
        size=model.config.image_size,
        sound=config.sound,
        log_mel_offset=float(model.audio_encoder.log_offset),  # type: ignore[arg-type]
        train_crop=config.train_crop,
    )


def batch_of(sample: Sample) -> TrainBatch:
    """One clip as a batch of one."""
    return TrainBatch(
        frames=sample.frames[None],
        log_mel=sample.log_mel[None],
        masks=sample.masks[None],
        labelled=sample.labelled[None],
    )


def mirrored(batch: TrainBatch) -> TrainBatch:
    """Left and right exchanged, in every frame of the clip alike (D19)."""
    assert batch.frames is not None
    return replace(batch, frames=batch.frames.flip(-1), masks=batch.masks.flip(-1))


class TrainClips(Dataset[TrainBatch]):
    """Clips by (epoch, index); whether one is mirrored depends on the seed and these two."""

    def __init__(
        self,
        clips: AVSBench,
        config: AVSBenchConfig,
        *,
        seed: int,
        cache: FeatureCache | None = None,
    ) -> None:
        self._clips, self._config, self._seed, self._cache = clips, config, seed, cache

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, draw: Any) -> TrainBatch:
        epoch, index = draw
        batch = self._read(index)
        if self._config.first_frame_only:
            batch = replace(batch, labelled=batch.labelled & _first(batch.labelled))
        return mirrored(batch) if self._mirrors((epoch, index)) else batch

    def _read(self, index: int) -> TrainBatch:
        if self._cache is not None:
            return self._cache.read(index)
        return batch_of(self._clips[index])

    def _mirrors(self, draw: Draw) -> bool:
        chance = self._config.flip
        return chance > 0 and np.random.default_rng((self._seed, *draw)).random() < chance


def _first(labelled: torch.Tensor) -> torch.Tensor:
    return torch.arange(labelled.shape[1]) == 0
