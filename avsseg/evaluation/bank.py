"""A network on scenes composed of held-out pictures and sounds, in which only hearing helps."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from avsseg.data.bank import BankView
from avsseg.data.probes import PROBE_KINDS
from avsseg.errors import DataError
from avsseg.evaluation.bank_scores import BankScores
from avsseg.evaluation.by_kind import by_kind
from avsseg.evaluation.evaluation import EvalOptions, Evaluation
from avsseg.evaluation.health import first_of_each
from avsseg.evaluation.latents import LatentPairs
from avsseg.evaluation.network import Network, Soft
from avsseg.evaluation.partners import Partner, Partners
from avsseg.evaluation.questions import POSITIVE, Question, questions, topics
from avsseg.evaluation.report import Report
from avsseg.log_mel import log_mel
from avsseg.model.segmenter import AVSegmenter, Fused

Asked = tuple[Question, ...]
"""The questions about one scene."""

Track = Callable[[Iterable[Asked], str, int], Iterable[Asked]]
"""Shows progress: given scenes, what they are and how many, it hands them on."""


@dataclass(frozen=True, kw_only=True)
class BankOptions:
    """Which scenes are asked about.

    Attributes:
        count: scenes of each kind.
        seed: decides the scenes.
        frames: numbers of frames T to ask with; the pictures stand still.
    """

    count: int = 100
    seed: int = 7
    frames: tuple[int, ...] = (1, 5)


def evaluate_bank(
    model: AVSegmenter,
    view: BankView,
    options: EvalOptions,
    scenes: BankOptions,
    *,
    track: Track = lambda asked, _, __: asked,
) -> Evaluation:
    """Asks every kind of question; kinds that the bank cannot make are left out and named.

    The means are named ``t<T>_<what>``.

    Raises:
        DataError: the bank can make no kind at all.
    """
    network = Network(model, precision=options.precision)
    passes = {frames: _Pass(network, options, frames) for frames in scenes.frames}
    skipped: dict[str, str] = {}
    for frames, judged in passes.items():
        for topic in topics(frames):
            made = questions(
                view,
                topic,
                seed=scenes.seed,
                count=scenes.count,
                num_frames=frames,
                size=model.config.image_size,
            )
            try:
                judged.ask(track(made, f"{topic}, T = {frames}", scenes.count))
            except DataError as error:
                skipped[f"t{frames}_{topic}"] = str(error)
    return _joined(passes, skipped)


def _joined(passes: dict[int, "_Pass"], skipped: dict[str, str]) -> Evaluation:
    if not any(judged.scores.rows for judged in passes.values()):
        raise DataError(next(iter(skipped.values())))
    means: dict[str, Any] = {}
    spread: dict[str, Any] = {}
    for frames, judged in passes.items():
        means |= {f"t{frames}_{n}": v for n, v in judged.scores.means().items()}
        spread |= {f"t{frames}_{n}": v for n, v in judged.scores.spread().items()}
    last = list(passes.values())[-1]
    rows = [row for judged in passes.values() for row in judged.scores.rows]
    findings: dict[str, Any] = {
        "health": {f"t{frames}": judged.health() for frames, judged in passes.items()},
        **last.scores.findings(),
        "kinds": by_kind(rows),
        "skipped": skipped,
    }
    report = Report(means=means, videos=tuple(rows))
    panels = last.scores.gallery.panels()
    return Evaluation(report=report, spread=spread, findings=findings, panels=panels)


class _Pass:
    """All questions with one number of frames."""

    def __init__(self, network: Network, options: EvalOptions, num_frames: int) -> None:
        self._network, self._options = network, options
        # As many frames at a time as a batch of whole clips has.
        clips = network.batch_size(options.batch)
        self._scenes = max(1, clips * network.model.config.num_frames // num_frames)
        self._seeds = network.seeds(options.seeds)
        self._pairs = LatentPairs()
        self._partners = Partners()
        self._asked = 0
        self.scores = BankScores(options.panels)

    def ask(self, scenes: Iterable[Asked]) -> None:
        """Asks everything about some scenes of one kind."""
        for chunk in _chunks(scenes, self._scenes):
            indices = range(self._asked, self._asked + len(chunk))
            self._asked += len(chunk)
            frames = _frames([asked[0] for asked in chunk]).to(self._network.device)
            with self._network.computing():
                features = self._held_features(frames)
                answers = [
                    self._answers([asked[n] for asked in chunk], n, features, frames, indices)
                    for n in range(len(chunk[0]))
                ]
            for row, asked in enumerate(chunk):
                found = [{name: maps[row] for name, maps in answer.items()} for answer in answers]
                self.scores.add(asked, found)

    def health(self) -> dict[str, Any]:
        """What the latents themselves tell."""
        return self._pairs.findings(self._network.model)

    def _held_features(self, frames: Tensor) -> list[Tensor]:
        """The backbone's maps; of a still that is held, one frame is encoded for all."""
        first = self._network.features(frames[:, :1])
        return [m.expand(-1, frames.shape[1], -1, -1, -1) for m in first]

    def _answers(
        self,
        asked: Sequence[Question],
        number: int,
        features: list[Tensor],
        frames: Tensor,
        indices: Sequence[int],
    ) -> dict[str, list[Soft | None]]:
        """By way of asking, the maps (S, T, H, W) of each question; S is 1 but for ``sampled``."""
        network = self._network
        sound = log_mel(torch.from_numpy(np.stack([q.waveform for q in asked])), network.log_offset)
        fused = network.fuse(features, sound, frames)
        latents = [network.sample(fused, seed, indices) for seed in self._seeds]
        sampled = np.stack([network.masks(fused, latent) for latent in latents], axis=1)
        answers: dict[str, list[Soft | None]] = {"sampled": list(sampled)}
        if not self._options.probes or asked[0].topic not in POSITIVE:
            return answers
        if number == 0:
            silent = network.fuse(features, network.silence(sound), frames)
            mute = network.masks(silent, network.sample(silent, self._seeds[0], indices))
            answers["muted"] = list(mute[:, None])
        if latents[0] is not None:
            answers |= self._with_latents(asked, number, fused, sound, latents[0])
        return answers

    def _with_latents(
        self, asked: Sequence[Question], number: int, fused: Fused, sound: Tensor, latent: Tensor
    ) -> dict[str, list[Soft | None]]:
        network = self._network
        truth = torch.from_numpy(np.stack([q.truth for q in asked]))[:, :, None].float()
        lent = [
            self._partners.exchange(
                Partner(category="/".join(q.heard), log_mel=sound[row], latent=latent[row])
            )
            for row, q in enumerate(asked)
        ]
        other = torch.stack([latent[i] if p is None else p.latent for i, p in enumerate(lent)])  # type: ignore[misc]
        shuffled = network.masks(fused, other)[:, None]
        answers: dict[str, list[Soft | None]] = {
            "zero_z": list(network.masks(fused, torch.zeros_like(latent))[:, None]),
            "shuffled_z": [
                None if p is None else maps for p, maps in zip(lent, shuffled, strict=True)
            ],
        }
        z_0 = network.true_latent(fused, truth)
        if z_0 is not None:
            answers["oracle_z"] = list(network.masks(fused, z_0)[:, None])
            # A mask is one latent: scenes of the other topics are those of probes, or recur.
            once = number == 0 and asked[0].topic in PROBE_KINDS
            if once and network.model.config.kind == "ldm":
                self._pair(network.model.encode_condition(fused), z_0, truth)
        return answers

    def _pair(self, c: Tensor | None, z_0: Tensor, truth: Tensor) -> None:
        for row, frame in first_of_each(truth.flatten(2).amax(dim=2).numpy() > 0):
            self._pairs.add(None if c is None else c[row, frame], z_0[row, frame])


def _frames(asked: Sequence[Question]) -> Tensor:
    pictures = torch.from_numpy(np.stack([question.frames for question in asked]))
    return rearrange(pictures, "b t h w c -> b t c h w").float() / 255


def _chunks(scenes: Iterable[Asked], size: int) -> Iterator[list[Asked]]:
    remaining = iter(scenes)
    while chunk := list(islice(remaining, size)):
        yield chunk
