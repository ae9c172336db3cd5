"""Health probes: what becomes of the masks when the latent or the sound is another one."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from avsseg.data.sample import SampleBatch
from avsseg.evaluation.family_a import Bools
from avsseg.evaluation.latents import LatentPairs
from avsseg.evaluation.mask_scores import MaskScores
from avsseg.evaluation.network import Network, Soft
from avsseg.evaluation.partners import Partner, Partners
from avsseg.model.segmenter import Fused

PROBES = {
    "sampled": "as predicted, first seed",
    "mean_of_samples": "mean of the masks of all seeds",
    "zero_z": "latent replaced by zeros",
    "shuffled_z": "latent of another clip",
    "oracle_z": "latent of the truth: z_0, or the CVAE's posterior mean",
    "muted": "silence instead of the sound",
    "swapped": "sound of another clip, another category where there is one",
}

Answers = dict[str, list[Soft | None]]
"""For each probe one map (T, S, S) of each clip, None where it cannot be asked."""


class HealthProbes:
    """Asks a network again with other latents and sounds, at the price of decoding once more."""

    def __init__(self, network: Network, *, seed: int) -> None:
        self._network, self._seed = network, seed
        self._scores = {name: MaskScores() for name in PROBES}
        self._partners = Partners()
        self._pairs = LatentPairs()

    def ask(
        self,
        batch: SampleBatch,
        features: list[Tensor],
        frames: Tensor,
        fused: Fused,
        latent: Tensor | None,
        indices: Sequence[int],
    ) -> Answers:
        """The answers of a batch; to be called as ``Network.computing``."""
        partners = [self._exchange(batch, latent, row) for row in range(len(batch.names))]
        known = [partner is not None for partner in partners]
        answers = self._with_sounds(batch, features, frames, partners, indices)
        if latent is not None:
            answers["zero_z"] = list(self._network.masks(fused, torch.zeros_like(latent)))
            if any(known):
                other = torch.stack(
                    [latent[i] if p is None else p.latent for i, p in enumerate(partners)]  # type: ignore[misc]
                )
                answers["shuffled_z"] = _where(known, self._network.masks(fused, other))
            answers |= self._with_truth(batch, fused)
        return answers

    def add(self, name: str, soft: Soft, truth: Bools, reference: Soft) -> None:
        """Scores the labelled frames of one clip.

        Shapes:
            soft, truth, reference (N, S, S)
        """
        self._scores[name].add(soft, truth, reference)

    def findings(self) -> dict[str, Any]:
        """Scores by probe, and what the latents themselves tell."""
        scores = {name: scores.means() for name, scores in self._scores.items()}
        asked = {name: row for name, row in scores.items() if row["frames"]}
        return {"probes": asked, **self._pairs.findings(self._network.model)}

    def _exchange(self, batch: SampleBatch, latent: Tensor | None, row: int) -> Partner | None:
        clip = Partner(
            category=batch.categories[row],
            log_mel=batch.log_mel[row],
            latent=None if latent is None else latent[row],
        )
        return self._partners.exchange(clip)

    def _with_sounds(
        self,
        batch: SampleBatch,
        features: list[Tensor],
        frames: Tensor,
        partners: Sequence[Partner | None],
        indices: Sequence[int],
    ) -> Answers:
        known = [partner is not None for partner in partners]
        own = batch.log_mel
        sounds = {"muted": self._network.silence(own)}
        if any(known):
            sounds["swapped"] = torch.stack(
                [own[i] if p is None else p.log_mel for i, p in enumerate(partners)]
            )
        answers: Answers = {}
        for name, sound in sounds.items():
            fused = self._network.fuse(features, sound, frames)
            soft = self._network.masks(fused, self._network.sample(fused, self._seed, indices))
            answers[name] = _where([name == "muted" or k for k in known], soft)
        return answers

    def _with_truth(self, batch: SampleBatch, fused: Fused) -> Answers:
        z_0 = self._network.true_latent(fused, batch.masks)
        if z_0 is None:
            return {}
        if self._network.model.config.kind == "ldm":
            c = self._network.model.encode_condition(fused)
            heard = batch.labelled & (batch.masks.flatten(2).amax(dim=2) > 0)
            for row, frame in first_of_each(heard.numpy()):
                self._pairs.add(None if c is None else c[row, frame], z_0[row, frame])
        return {"oracle_z": list(self._network.masks(fused, z_0))}


def first_of_each(wanted: Bools) -> list[tuple[int, int]]:
    """Row and column of the first wanted item of each row that has one.

    Shapes:
        (B, T)
    """
    return [(row, int(np.argmax(found))) for row, found in enumerate(wanted) if found.any()]


def _where(known: Sequence[bool], soft: Soft) -> list[Soft | None]:
    return [maps if there else None for there, maps in zip(known, soft, strict=True)]
