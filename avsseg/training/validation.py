"""How good the network is on clips it does not train on, by the benchmark's own rules."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avsseg.evaluation.avss import ClassScores
from avsseg.evaluation.family_a import f_measure, frame_iou
from avsseg.model.segmenter import AVSegmenter
from avsseg.noise import batch_noise
from avsseg.training.batch import TrainBatch
from avsseg.training.examples import Example, Examples

Scores = dict[str, float]
"""By name; ``val_miou`` is the one that decides which weights are best."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One example's scores, small enough to be sent between processes.

    Shapes:
        predicted, truth: (N, S, S) class maps where there are classes
    """

    index: int
    group: str
    miou: float
    f: float
    predicted: NDArray[np.uint8] | None = None
    truth: NDArray[np.uint8] | None = None


class Validator:
    """Scores a network on a fixed set, each clip with its own fixed noise.

    Args:
        examples: the clips.
        seed: decides the noise, together with a clip's place in the set.
        autocast: makes the context of the precision to compute in.
    """

    def __init__(
        self,
        examples: Examples,
        *,
        seed: int,
        device: torch.device,
        autocast: Callable[[], AbstractContextManager[object]],
    ) -> None:
        self.examples = examples
        self._seed, self._device, self._autocast = seed, device, autocast

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the scores, in order."""
        return ("val_miou", "val_f", *(f"val_{group}" for group in self.examples.groups))

    def judge(
        self, model: AVSegmenter, *, rank: int, world: int, stopped: Callable[[], bool]
    ) -> list[Judged]:
        """Scores the share of one process; cut short when ``stopped`` says so."""
        judged = []
        for index in range(rank, len(self.examples), world):
            if stopped():
                break
            example = self.examples[index]
            (logits,) = self.draws(model, example.batch, index)
            judged.append(_judge(index, example, logits))
        return judged

    @torch.no_grad()
    def draws(
        self, model: AVSegmenter, batch: TrainBatch, index: int, count: int = 1
    ) -> list[Tensor]:
        """Logits (T, K, S, S) of ``count`` samples of one clip, by a network in evaluation mode."""
        assert batch.frames is not None and batch.log_mel is not None
        frames, sound = batch.frames.to(self._device), batch.log_mel.to(self._device)
        logits = []
        with self._autocast():
            features, embeddings = model.encode_frames(frames), model.encode_audio(sound)
            fused = model.fuse(features, embeddings, frames)
            for sample in range(count):
                noise = batch_noise(model.config, self._seed + sample, [index])
                if noise is not None:
                    noise = noise[:, : frames.shape[1]].to(self._device)
                logits.append(model.decode(fused, model.sample_latent(fused, noise)))
        return [one[0].float().cpu() for one in logits]


def summed_up(judged: Sequence[Judged], groups: tuple[str, ...], num_classes: int) -> Scores:
    """The scores of all examples, from whichever process; each group counts alike."""
    ordered = sorted(judged, key=lambda one: one.index)
    if num_classes > 1:
        return _semantic(ordered, num_classes)
    scores = {
        name: float(np.mean([_mean(ordered, group, name) for group in groups or ("",)]))
        for name in ("miou", "f")
    }
    by_group = {f"val_{group}": _mean(ordered, group, "miou") for group in groups}
    return {"val_miou": scores["miou"], "val_f": scores["f"], **by_group}


def _mean(judged: Sequence[Judged], group: str, name: str) -> float:
    return float(np.mean([getattr(one, name) for one in judged if one.group == group]))


def _semantic(judged: Sequence[Judged], num_classes: int) -> Scores:
    scores = ClassScores(num_classes)
    for one in judged:
        assert one.predicted is not None and one.truth is not None
        for predicted, truth in zip(one.predicted, one.truth, strict=True):
            scores.add(predicted, truth)
    return {"val_miou": float(scores.iou().mean()), "val_f": float(scores.f().mean())}


def _judge(index: int, example: Example, logits: Tensor) -> Judged:
    labelled = example.batch.labelled[0]
    truth = example.batch.masks[0, labelled, 0].numpy()
    logits = logits[labelled]
    if logits.shape[1] > 1:
        predicted = logits.argmax(dim=1).byte().numpy()
        maps = {"predicted": predicted, "truth": truth.astype(np.uint8)}
        return Judged(index=index, group=example.group, miou=0.0, f=0.0, **maps)
    soft, true = torch.sigmoid(logits[:, 0]).numpy(), truth > 0.5
    return Judged(
        index=index,
        group=example.group,
        miou=float(frame_iou(soft > 0.5, true).mean()),
        f=f_measure(soft, true, batch_frames=len(true)),
    )
