"""Clips that a run is judged on: an AVSBench split, or probe scenes of a bank."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, overload

import torch
from einops import rearrange

from avsseg.data.avsbench import AVSBench
from avsseg.data.bank import Bank
from avsseg.errors import DataError
from avsseg.evaluation.questions import Question, questions, topics
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
    """``eval --bank``'s questions about ``count`` scenes of each kind of the bank's val split.

    Photographs come last: they tell overfitting where composed scenes do not. What the bank
    cannot make is left out.

    Raises:
        DataError: the bank has no val split, or can make no kind.
    """
    view, size = Bank.open(bank).split("val"), model.config.image_size
    offset = float(model.audio_encoder.log_offset)  # type: ignore[arg-type]
    found: list[Example] = []
    for topic in topics(num_frames=1):  # a pause inside a clip is asked about by ``eval`` alone
        scenes = questions(view, topic, seed=seed, count=count, num_frames=num_frames, size=size)
        with suppress(DataError):
            found += [_of_question(question, offset) for asked in scenes for question in asked]
    if not found:
        raise DataError(f"{bank}: its val split can make no probe scene; add pictures and sounds.")
    groups = tuple(dict.fromkeys(example.group for example in found))
    return Examples([lambda e=e: _as_floats(e) for e in found], groups)  # type: ignore[misc]


def _of_question(question: Question, offset: float) -> Example:
    """Every frame's truth is known; pictures stay 8-bit until they are asked for."""
    masks = torch.from_numpy(question.truth)[None, :, None]
    batch = TrainBatch(
        frames=rearrange(torch.from_numpy(question.frames), "t h w c -> 1 t c h w"),
        log_mel=log_mel(torch.from_numpy(question.waveform), offset)[None],
        masks=masks,
        labelled=torch.ones(masks.shape[:2], dtype=torch.bool),
    )
    return Example(group=question.topic, batch=batch)


def _as_floats(example: Example) -> Example:
    batch = example.batch
    assert batch.frames is not None
    return replace(
        example, batch=replace(batch, frames=batch.frames.float() / 255, masks=batch.masks.float())
    )
