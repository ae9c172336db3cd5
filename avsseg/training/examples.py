"""Clips that a run is judged on: an AVSBench split, or probe scenes of a bank."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
import torch
from einops import rearrange

from avsseg.data.avsbench import AVSBench
from avsseg.data.bank import Bank
from avsseg.data.probes import PROBE_KINDS, Probe, probe_scenes
from avsseg.data.scene import target
from avsseg.errors import DataError
from avsseg.log_mel import log_mel
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.batch import TrainBatch
from avsseg.training.clips import batch_of


@dataclass(frozen=True, kw_only=True)
class Example:
    """A clip and its truth, as a batch of one; ``group`` is what it is scored with, or empty."""

    group: str
    batch: TrainBatch


class Examples(Sequence[Example]):
    """Clips that are made when they are asked for; ``groups`` are in the order of reports."""

    def __init__(
        self, makers: Sequence[Callable[[], Example]], groups: tuple[str, ...] = ()
    ) -> None:
        self._makers = makers
        self.groups = groups

    def __len__(self) -> int:
        return len(self._makers)

    @overload
    def __getitem__(self, index: int) -> Example: ...
    @overload
    def __getitem__(self, index: slice) -> "Examples": ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return Examples(self._makers[index], self.groups)
        return self._makers[index]()


def split_examples(clips: AVSBench, count: int) -> Examples:
    """``count`` clips evenly spread over a split; 0 for all of it."""
    count = min(count or len(clips), len(clips))
    chosen = [i * len(clips) // count for i in range(count)]
    return Examples([lambda i=i: _of_clip(clips, i) for i in chosen])  # type: ignore[misc]


def _of_clip(clips: AVSBench, index: int) -> Example:
    return Example(group="", batch=batch_of(clips[index]))


def probe_examples(
    bank: str, model: AVSegmenter, *, count: int, num_frames: int, seed: int = 0
) -> Examples:
    """``count`` scenes of each kind of probe from the bank's val split, one for each soundtrack.

    The kinds that the bank cannot make are left out.

    Raises:
        DataError: the bank has no val split, or can make no kind.
    """
    view, size = Bank.open(bank).split("val"), model.config.image_size
    offset = float(model.audio_encoder.log_offset)  # type: ignore[arg-type]
    found: list[Example] = []
    for kind in PROBE_KINDS:
        try:
            scenes = list(
                probe_scenes(
                    view, seed=seed, kind=kind, count=count, num_frames=num_frames, size=size
                )
            )
        except DataError:
            continue
        found += [example for probe in scenes for example in _of_probe(probe, offset)]
    if not found:
        raise DataError(f"{bank}: its val split can make no probe scene; add pictures and sounds.")
    groups = tuple(dict.fromkeys(example.group for example in found))
    return Examples([lambda e=e: _as_floats(e) for e in found], groups)  # type: ignore[misc]


def _of_probe(probe: Probe, offset: float) -> Iterator[Example]:
    """One example for each soundtrack; pictures stay 8-bit until they are asked for."""
    frames = rearrange(torch.from_numpy(probe.scene.frames), "t h w c -> 1 t c h w")
    for track in probe.tracks:
        truth = target(probe.scene.masks, track.sounding)
        sound = torch.from_numpy(np.ascontiguousarray(track.waveform))
        batch = TrainBatch(
            frames=frames,
            log_mel=log_mel(sound, offset)[None],
            masks=torch.from_numpy(truth)[None, :, None],
            labelled=torch.from_numpy(~track.ignored)[None],
        )
        yield Example(group=probe.kind, batch=batch)


def _as_floats(example: Example) -> Example:
    batch = example.batch
    assert batch.frames is not None
    return replace(
        example, batch=replace(batch, frames=batch.frames.float() / 255, masks=batch.masks.float())
    )
