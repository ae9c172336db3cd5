"""Probe scenes: what is asked, and that perfect, lazy and deaf answers score as they must."""

import numpy as np
import pytest

from avsseg.checkpoint import load_checkpoint
from avsseg.errors import DataError
from avsseg.evaluation.bank import BankOptions, evaluate_bank
from avsseg.evaluation.bank_scores import BankScores, describe
from avsseg.evaluation.evaluation import EvalOptions
from avsseg.evaluation.questions import questions


@pytest.fixture(scope="module")
def view(bank):
    return bank.split("val")


@pytest.fixture(scope="module")
def model(tiny_checkpoint):
    return load_checkpoint(tiny_checkpoint)


def ask(view, topic, frames=1, count=2):
    return list(questions(view, topic, seed=7, count=count, num_frames=frames, size=64))


def answered(scenes, answer):
    """The means of answers that ``answer(question)`` (T, H, W) gives, as two equal samples."""
    scores = BankScores(0)
    for asked in scenes:
        maps = [np.stack([answer(q).astype(np.float32)] * 2) for q in asked]
        scores.add(asked, [{"sampled": m, "muted": m[:1] * 0} for m in maps])
    return scores.means()


def test_two_objects_are_asked_about_with_each_sound(view):
    """One scene, two soundtracks; what sounds in one is the silent object of the other."""
    for first, second in ask(view, "two"):
        assert first.frames is second.frames
        assert first.heard != second.heard
        assert (first.truth == second.others).all()
        assert (first.everything == (second.truth | second.others)).all()


def test_a_perfect_answer_reaches_every_bar(view):
    """The truth itself: IoU 1, every switch right, nothing left behind."""
    means = answered(ask(view, "two"), lambda q: q.truth)

    assert means["two_miou"] == means["two_switch"] == means["two_both"] == 1
    assert means["two_old_iou"] == 0
    assert means["boundary_f"] == 1
    assert means["muted_area"] == means["calibration_error"] == 0


def test_marking_everything_scores_the_blind_bound(view):
    """Both objects perfectly cut get exactly the bound, and never both sounds right."""
    means = answered(ask(view, "two"), lambda q: q.everything)

    assert means["two_miou"] == pytest.approx(means["two_blind_bound"])
    assert means["two_miou"] < 1
    assert means["two_both"] < 1


def test_a_mask_in_silence_counts_by_area_and_by_frame(view):
    """Half a picture masked in silence: area one half, every frame masked."""

    def half(question):
        mask = np.zeros(question.truth.shape, bool)
        mask[:, :32] = True
        return mask

    means = answered(ask(view, "silence"), half)

    assert means["silence_area"] == 0.5
    assert means["silence_any"] == 1
    assert not any(q.truth.any() for asked in ask(view, "silence") for q in asked)


def test_onsets_have_frames_of_both_kinds(view):
    """Each clip sounds in some frames only; on and off right in all of them for the truth."""
    scenes = ask(view, "onsets", frames=5)
    for (question,) in scenes:
        on = question.truth.any(axis=(1, 2))
        assert on.any() and not on.all()

    means = answered(scenes, lambda q: q.truth)
    always = answered(scenes, lambda q: q.everything)

    assert means["onsets_on_off"] == means["onsets_found"] == means["onsets_empty"] == 1
    assert always["onsets_found"] == 1
    assert always["onsets_empty"] == 0


def test_turns_are_told_from_both_at_once(view):
    """Each of two objects sounds alone in some frame; only what follows them is right."""
    scenes = ask(view, "turns", frames=5)
    for (question,) in scenes:
        found = (question.truth, question.others)
        alone = np.logical_and(*(masks.any(axis=(1, 2)) for masks in found))
        assert len(np.unique(question.truth[alone], axis=0)) == 2

    means = answered(scenes, lambda q: q.truth)
    both = answered(scenes, lambda q: q.everything)
    stays = answered(scenes, lambda q: np.broadcast_to(q.truth[-1:], q.truth.shape))

    assert means["turns_miou"] == means["turns_right"] == means["turns_boundary_f"] == 1
    assert means["turns_old_iou"] == 0
    assert both["turns_miou"] == pytest.approx(both["turns_blind_bound"])
    assert both["turns_old_iou"] > 0
    assert 0 < stays["turns_right"] < 1, "a mask that does not move"
    assert "boundary_f" not in means


def test_photographs_have_figures_of_their_own(view):
    """They join no other: the figures of composed scenes stay what they were without them."""
    scenes = ask(view, "photographs", count=6)
    means = answered(scenes, lambda q: q.truth)
    all_of_it = answered(scenes, lambda q: q.everything)

    assert all(len(asked) == 1 for asked in scenes)
    assert means["photographs_miou"] == means["photographs_boundary_f"] == 1
    assert all_of_it["photographs_miou"] == pytest.approx(means["photographs_blind_bound"])
    assert means["photographs_blind_bound"] < 1
    assert "boundary_f" not in means
    assert "calibration_error" not in means
    assert BankScores(0).findings() == {}


def test_a_network_is_asked_everything(model, view):
    """Both numbers of frames, every kind, other latents, and what the latents tell."""
    found = evaluate_bank(
        model, view, EvalOptions(seeds=(0, 1), panels=1), BankOptions(count=2, frames=(1, 5))
    )
    means = found.report.means

    for name in ("t1_two_miou", "t5_one_miou", "t5_onsets_on_off", "t1_silence_any"):
        assert 0 <= means[name] <= 1
    for name in ("zero_z", "shuffled_z", "oracle_z", "mean_of_samples"):
        assert f"t1_two_{name}" in means
    assert all(describe(name) for name in means)
    assert "t1_two_miou" in found.spread
    assert "t1_photographs_miou" in means
    assert 0 <= means["t5_turns_right"] <= 1
    pairs = {name: found.findings["health"][name]["retrieval"]["pairs"] for name in ("t1", "t5")}
    assert pairs["t1"] == pairs["t5"] >= 4, "each scene with something that sounds, once"
    names = [row["name"] for row in found.report.videos]
    assert len(names) == len(set(names))
    assert "t1/two/0001/1" in names
    alone = [row for row in found.report.videos if row["category"] in ("one", "two")]
    kinds = found.findings["kinds"]
    assert sum(row["questions"] for row in kinds.values()) == len(alone)


def test_scenes_are_the_same_for_every_batch_size(model, view):
    """Ten at a time give the same means as five at a time."""
    options = {"seeds": (0,), "panels": 0}
    scenes = BankOptions(count=6, frames=(1,))
    one, two = (
        evaluate_bank(model, view, EvalOptions(batch=size, **options), scenes).report.means
        for size in (1, 2)
    )

    assert one.keys() == two.keys()
    for name, value in one.items():
        assert two[name] == pytest.approx(value, abs=1e-5)


def test_a_bank_that_can_make_nothing_says_so(model, view, monkeypatch):
    """Kinds that fail are skipped, and only all of them are an error."""

    def refuse(*_, **__):
        raise DataError("no such scene")
        yield

    monkeypatch.setattr("avsseg.evaluation.bank.questions", refuse)

    with pytest.raises(DataError, match="no such scene"):
        evaluate_bank(model, view, EvalOptions(), BankOptions(count=1))
