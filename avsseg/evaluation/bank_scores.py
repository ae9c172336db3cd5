"""Scores of the answers to probe questions, by kind."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from avsseg.evaluation.boundary import boundary_f
from avsseg.evaluation.calibration import Reliability
from avsseg.evaluation.doubt import Doubt
from avsseg.evaluation.family_a import Bools, Floats
from avsseg.evaluation.gallery import Gallery
from avsseg.evaluation.mask_scores import object_iou
from avsseg.evaluation.metrics import ANY_MASK
from avsseg.evaluation.network import Soft
from avsseg.evaluation.questions import NEGATIVE, POSITIVE, Question
from avsseg.evaluation.report import Row, Value
from avsseg.evaluation.tally import Tally

BANK = {
    "two_miou": "two objects of different categories, one sounds: mIoU",
    "two_blind_bound": "the same for both objects perfectly cut, whatever sounds",
    "one_miou": "one object, it sounds: mIoU",
    "two_of_three_miou": "two of three objects sound: mIoU",
    "two_of_three_blind_bound": "the same for all three perfectly cut, whatever sounds",
    "two_switch": "the mask fits the object that sounds better than the other one",
    "two_both": "it does for both sounds of a scene",
    "two_old_iou": "IoU left on the object that is silent now",
    "silence_area": "silence: masked share of the frame",
    "silence_any": "silence: share of frames with a mask over 1 %",
    "noise_area": "noise, rain, wind: masked share",
    "noise_any": "noise, rain, wind: frames with a mask",
    "offscreen_area": "sound of a kind that no picture shows: masked share",
    "offscreen_any": "sound of a kind that no picture shows: frames with a mask",
    "absent_area": "known sound whose source is not in the picture: masked share",
    "absent_any": "known sound whose source is not in the picture: frames with a mask",
    "photographs_miou": "photographs as they are, one thing in view sounds: mIoU",
    "photographs_blind_bound": "the same for all that could sound perfectly cut",
    "photographs_boundary_f": "the same: F of the outlines at 2 % of the diagonal",
    "muted_area": "scenes with a sound, muted: masked share",
    "muted_any": "scenes with a sound, muted: frames with a mask",
    "boundary_f": "F of the outlines at 2 % of the diagonal, composed scenes but turns",
    "onsets_miou": "sound that starts or stops: mIoU while it sounds",
    "onsets_on_off": "sound that starts or stops: frames rightly with or without a mask",
    "onsets_found": "of these, frames with sound that have a mask",
    "onsets_empty": "of these, frames without sound that have none",
    "turns_miou": "two objects one after the other: mIoU while something sounds",
    "turns_blind_bound": "the same for both objects perfectly cut, whatever sounds",
    "turns_boundary_f": "the same: F of the outlines at 2 % of the diagonal",
    "turns_right": "in frames with one sound the mask fits its object better than the other",
    "turns_old_iou": "in the same frames, IoU with the object that is silent",
    "calibration_error": "expected calibration error of composed scenes but turns, first seed",
}
"""What is measured, in the order of the table; the names of latent probes follow."""

LATENT = {
    "zero_z": "with the latent replaced by zeros: mIoU",
    "shuffled_z": "with the latent of another scene: mIoU",
    "oracle_z": "with the latent of the truth: mIoU",
    "mean_of_samples": "mean of the masks of all seeds: mIoU",
}

_APART = ("photographs", "turns")
"""Topics that came later: but for ``muted`` they join no figure of the others, which mean what
they did."""

Answer = Mapping[str, Soft | None]
"""By way of asking, maps (S, T, H, W); None where it could not be asked."""


class BankScores:
    """Adds up answers.

    Attributes:
        rows: one for each question.
        gallery: pictures.
    """

    def __init__(self, panels: int) -> None:
        self._tally = Tally()
        self.rows: list[Row] = []
        self.gallery = Gallery(panels)
        self._panels = panels
        self._doubt = Doubt()
        self._reliability = Reliability()

    def add(self, asked: Sequence[Question], answers: Sequence[Answer]) -> None:
        """Scores the answers to all questions about one scene."""
        right = []
        for question, answer in zip(asked, answers, strict=True):
            soft = answer["sampled"]
            assert soft is not None
            if question.topic not in _APART:
                self._doubt.add(soft, question.truth)
                self._reliability.add(soft[0], question.truth)
            right.append(self._score(question, soft, answer))
        if asked[0].topic == "two":
            self._tally.add("two_both", np.all(right, axis=0))

    def means(self) -> dict[str, float | None]:
        """Figures of ``BANK`` and, for each kind of scene with a sound, of ``LATENT``."""
        found = self._tally.means()
        if self._composed:
            found["calibration_error"] = self._reliability.error()
        return found

    @property
    def _composed(self) -> bool:
        """Whether there were composed scenes."""
        return bool(self._reliability.counts.any())

    def spread(self) -> dict[str, float]:
        """Standard deviations over the seeds, where there are several."""
        return self._tally.spread()

    def findings(self) -> dict[str, Any]:
        """Calibration and doubt over all questions about composed scenes."""
        if not self._composed:
            return {}
        stated, found = self._reliability.curve()
        return {
            "reliability": {"stated": stated.tolist(), "found": found.tolist()},
            "doubt": self._doubt.findings(),
        }

    def _score(self, question: Question, soft: Soft, answer: Answer) -> Bools:
        """Adds one question; for ``two``, whether its mask fits the right object (S, 1)."""
        masks, sounding = soft > 0.5, np.asarray(question.truth.any(axis=(1, 2)))
        area = masks.mean(axis=(2, 3))
        iou = object_iou(masks[:, sounding], question.truth[sounding])
        if question.topic in NEGATIVE:
            self._masked(question.topic, area)
        else:
            self._sounding(question, masks[:, sounding], iou, sounding)
            self._otherwise(question, answer, sounding)
        if question.topic == "onsets":
            self._on_off(area > ANY_MASK, sounding)
        if question.topic == "turns":
            self._followed(question, masks[:, sounding], iou, sounding)
        self._row(question, iou, area, soft)
        return self._switched(question, masks[:, sounding], iou, sounding)

    def _switched(self, question: Question, masks: Bools, iou: Floats, sounding: Bools) -> Bools:
        if question.topic != "two":
            return np.ones((len(masks), 1), bool)
        other = object_iou(masks, question.others[sounding])
        right = np.asarray(iou.mean(axis=1, keepdims=True) > other.mean(axis=1, keepdims=True))
        self._tally.add("two_switch", right)
        self._tally.add("two_old_iou", other)
        return right

    def _followed(self, question: Question, masks: Bools, iou: Floats, sounding: Bools) -> None:
        """Frames in which one of two things in view sounds and the other does not."""
        others = question.others[sounding]
        alone = np.asarray(others.any(axis=(1, 2)))
        silent = object_iou(masks[:, alone], others[alone])
        self._tally.add("turns_right", iou[:, alone] > silent)
        self._tally.add("turns_old_iou", silent)

    def _masked(self, name: str, area: Floats) -> None:
        self._tally.add(f"{name}_area", area)
        self._tally.add(f"{name}_any", area > ANY_MASK)

    def _sounding(self, question: Question, masks: Bools, iou: Floats, sounding: Bools) -> None:
        truth, kind = question.truth[sounding], question.topic
        self._tally.add(f"{kind}_miou", iou)
        if kind in ("two", "two_of_three", *_APART):
            bound = object_iou(question.everything[sounding], truth)
            self._tally.add(f"{kind}_blind_bound", bound[None])
        outlines = [[boundary_f(m, t) for m, t in zip(s, truth, strict=True)] for s in masks]
        self._tally.add(f"{kind}_boundary_f" if kind in _APART else "boundary_f", outlines)

    def _otherwise(self, question: Question, answer: Answer, sounding: Bools) -> None:
        """The same scene with other latents, and muted."""
        muted, sampled = answer.get("muted"), answer["sampled"]
        if muted is not None:
            self._masked("muted", (muted > 0.5).mean(axis=(2, 3)))
        others = {name: answer.get(name) for name in ("zero_z", "shuffled_z", "oracle_z")}
        if sampled is not None and len(sampled) > 1:
            others["mean_of_samples"] = sampled.mean(axis=0, keepdims=True)
        for name, soft in others.items():
            if soft is not None:
                iou = object_iou(soft[:, sounding] > 0.5, question.truth[sounding])
                self._tally.add(f"{question.topic}_{name}", iou)

    def _on_off(self, found: Bools, sounding: Bools) -> None:
        self._tally.add("onsets_on_off", found == sounding)
        self._tally.add("onsets_found", found[:, sounding])
        self._tally.add("onsets_empty", ~found[:, ~sounding])

    def _row(self, question: Question, iou: Floats, area: Floats, soft: Soft) -> None:
        score = float(iou.mean()) if iou.size else None
        row: dict[str, Value] = {
            "name": f"t{len(question.frames)}/{question.name}",
            "category": question.topic,
            "heard": " + ".join(question.heard),
            "miou": score,
            "area": float(area.mean()),
            "true_area": float(question.truth.mean()),
        }
        self.rows.append(row)
        self._show(str(row["name"]), question, score, area, soft)

    def _show(
        self, name: str, question: Question, score: float | None, area: Floats, soft: Soft
    ) -> None:
        """Silent scenes are worth a look only where something was masked."""
        if score is None and area.max() <= ANY_MASK:
            return
        shown = float(1 - area.mean()) if score is None else score
        number = int(question.name.split("/")[1])
        fixed = question.topic in ("two", "onsets", "turns") and number < self._panels
        self.gallery.add(
            name, shown, question.frames, question.truth, soft, fixed=fixed, alarm=score is None
        )


def describe(name: str) -> str:
    """What a mean of a bank's evaluation is, from its name ``t<T>_<what>``."""
    what = name.partition("_")[2]
    for kind in POSITIVE:
        latent = LATENT.get(what.removeprefix(f"{kind}_"))
        if what.startswith(f"{kind}_") and latent:
            return f"{kind.replace('_', ' ')}, {latent}"
    return BANK.get(what, "")
