"""Clips that a run is judged on: an AVSBench split, or probe scenes of a bank."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args, overload

import numpy as np
import torch
from einops import rearrange

from avsseg.data.avsbench import AVSBench
from avsseg.data.bank import Bank, BankView
from avsseg.data.photographs import photographs
from avsseg.data.probes import ProbeKind, probe_scenes
from avsseg.data.scene import Scene, target
from avsseg.data.soundtrack import Soundtrack
from avsseg.errors import DataError
from avsseg.log_mel import log_mel
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.batch import TrainBatch
from avsseg.training.clips import batch_of

Group = ProbeKind | Literal["photographs"]
"""What a bank's val split is asked with."""


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

    As many photographs as they are come last: they tell overfitting where scenes do not. What the
    bank cannot make is left out.

    Raises:
        DataError: the bank has no val split, or can make no kind.
    """
    view, size = Bank.open(bank).split("val"), model.config.image_size
    offset = float(model.audio_encoder.log_offset)  # type: ignore[arg-type]
    found: list[Example] = []
    for group in (*get_args(ProbeKind), "photographs"):
        made = _scenes(view, group, seed=seed, count=count, num_frames=num_frames, size=size)
        with suppress(DataError):
            found += [_example(group, scene, track, offset) for scene, track in made]
    if not found:
        raise DataError(f"{bank}: its val split can make no probe scene; add pictures and sounds.")
    groups = tuple(dict.fromkeys(example.group for example in found))
    return Examples([lambda e=e: _as_floats(e) for e in found], groups)  # type: ignore[misc]


def _scenes(
    view: BankView, group: Group, *, seed: int, count: int, num_frames: int, size: int
) -> Iterator[tuple[Scene, Soundtrack]]:
    if group == "photographs":
        yield from photographs(view, seed=seed, count=count, num_frames=num_frames, size=size)
        return
    probes = probe_scenes(
        view, seed=seed, kind=group, count=count, num_frames=num_frames, size=size
    )
    yield from ((probe.scene, track) for probe in probes for track in probe.tracks)


def _example(group: str, scene: Scene, track: Soundtrack, offset: float) -> Example:
    """One soundtrack of a scene; pictures stay 8-bit until they are asked for."""
    sound = torch.from_numpy(np.ascontiguousarray(track.waveform))
    batch = TrainBatch(
        frames=rearrange(torch.from_numpy(scene.frames), "t h w c -> 1 t c h w"),
        log_mel=log_mel(sound, offset)[None],
        masks=torch.from_numpy(target(scene.masks, track.sounding))[None, :, None],
        labelled=torch.from_numpy(~track.ignored)[None],
    )
    return Example(group=group, batch=batch)


def _as_floats(example: Example) -> Example:
    batch = example.batch
    assert batch.frames is not None
    return replace(
        example, batch=replace(batch, frames=batch.frames.float() / 255, masks=batch.masks.float())
    )
