"""Losses against closed forms, and against the published code's numbers."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from avsseg.training.losses import (
    audio_visual_matching_loss,
    contrastive_loss,
    dice_loss,
    heard_loss,
    layout_loss,
    seen_loss,
    segmentation_loss,
    visual_matching_loss,
)

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(scope="module")
def published():
    wanted = json.loads((GOLDEN / "loss_ms3.json").read_text())
    with np.load(GOLDEN / "loss_ms3.npz") as file:
        given = {name: torch.from_numpy(file[name]) for name in file.files}
    maps = [given[f"visual_{stage}"] for stage in range(4)]
    aligned = [given[f"audio_{stage}"].flatten(0, 1) for stage in range(4)]
    return wanted, given["logits"], given["ground_truth"].float(), maps, aligned


def test_segmentation_loss_is_the_published_one(published):
    """The mean binary cross-entropy of AVSBench's MS3 training."""
    wanted, logits, truth, _, _ = published

    assert segmentation_loss(logits, truth).item() == pytest.approx(wanted["bce"], rel=1e-5)


def test_matching_losses_are_the_published_ones(published):
    """L_AVM between sound and picture, and between pictures, in their KL forms."""
    wanted, logits, _, maps, aligned = published

    heard = audio_visual_matching_loss(maps, aligned, logits)
    seen = visual_matching_loss(maps, aligned, logits)

    assert heard.item() == pytest.approx(wanted["avm_av_kl"], rel=1e-4)
    assert seen.item() == pytest.approx(wanted["avm_vv_kl"], rel=1e-4)


def test_total_loss_is_the_published_one(published):
    """AVSBench's MS3 total: cross-entropy and half of L_AVM."""
    wanted, logits, truth, maps, aligned = published

    total = segmentation_loss(logits, truth)
    total += 0.5 * audio_visual_matching_loss(maps, aligned, logits)

    assert total.item() == pytest.approx(wanted["total_lambda_0.5"], rel=1e-4)


def test_segmentation_loss_of_classes_is_their_cross_entropy():
    """With K classes and equal logits, the loss is log K."""
    masks = torch.nn.functional.one_hot(torch.randint(7, (2, 4, 4)), 7).movedim(-1, 1).float()

    assert segmentation_loss(torch.zeros(2, 7, 4, 4), masks).item() == pytest.approx(math.log(7))


def test_contrastive_loss_of_equal_latents_is_log_n():
    """Where all latents are alike, the right one is found by chance."""
    alike = torch.ones(5, 8)

    assert contrastive_loss(alike, alike).item() == pytest.approx(math.log(5))


def test_contrastive_loss_of_perfect_pairs():
    """Orthogonal pairs score 1 with themselves and 0 with the others, over the temperature."""
    pairs = 3 * torch.eye(4, dtype=torch.float64)

    for tau in (1.0, 0.1):
        wanted = math.log(1 + 3 * math.exp(-1 / tau))
        assert contrastive_loss(pairs, pairs, temperature=tau).item() == pytest.approx(wanted)


def test_contrastive_loss_knows_no_length():
    """Only directions count: cosine similarity."""
    c, z = torch.randn(6, 8), torch.randn(6, 8)

    assert contrastive_loss(5 * c, 0.1 * z).item() == pytest.approx(contrastive_loss(c, z).item())


def test_negatives_of_earlier_batches_join_the_choice():
    """Three orthogonal negatives add three chances of score 0."""
    pairs, negatives = torch.eye(7)[:4], torch.eye(7)[4:]

    loss = contrastive_loss(pairs, pairs, negatives=negatives)

    assert loss.item() == pytest.approx(math.log(1 + 6 * math.exp(-1)))


def test_frames_of_the_same_clip_can_be_left_out():
    """With the only other frame masked, nothing is left to be confused with."""
    same = torch.block_diag(torch.ones(2, 2), torch.ones(2, 2)).bool()
    pairs = torch.eye(4)

    loss = contrastive_loss(pairs, pairs, same_clip=same)
    alone = contrastive_loss(pairs[:2], pairs[:2], same_clip=same[:2, :2])

    assert loss.item() == pytest.approx(math.log(1 + 2 * math.exp(-1)))
    assert alone.item() == pytest.approx(0.0)


def test_dice_of_a_perfect_mask_is_nought_and_empty_truths_do_not_count():
    """The soft Dice term looks at frames with a truth only."""
    masks = torch.zeros(3, 1, 8, 8)
    masks[0, :, :4] = 1

    assert dice_loss(200 * masks - 100, masks).item() == pytest.approx(0.0, abs=1e-6)
    assert dice_loss(torch.full_like(masks[1:], 9.0), masks[1:]).item() == 0.0


def test_dice_of_a_full_mask_over_half_a_truth():
    """2 * 32 + 1 over 64 + 32 + 1."""
    masks = torch.zeros(1, 1, 8, 8)
    masks[0, :, :4] = 1

    assert dice_loss(torch.full_like(masks, 100.0), masks).item() == pytest.approx(1 - 65 / 97)


def test_seen_loss_counts_ground_half():
    """Uniform logits cost ln(K + 1); ground taken for a kind costs half of the reverse."""
    kinds = torch.tensor([[[0, 1], [2, 0]]])
    assert seen_loss(torch.zeros(1, 3, 2, 2), kinds).item() == pytest.approx(math.log(3))

    sure = torch.zeros(1, 3, 1, 2)
    sure[:, 1] = 20.0  # one cell is ground, one is kind 1
    wrong_ground = seen_loss(sure, torch.tensor([[[0, 1]]]))
    assert wrong_ground.item() == pytest.approx(20 * 0.5 / 1.5, rel=1e-4)


def test_heard_loss_leaves_unknown_kinds_out():
    """The sum over known kinds, the mean over frames."""
    heard = torch.tensor([[0.0, 3.0, -2.0], [0.0, 0.0, 0.0]])
    kinds = torch.tensor([[1.0, -1.0, 0.0], [-1.0, -1.0, -1.0]])

    expected = (math.log(2) + math.log1p(math.exp(-2))) / 2

    assert heard_loss(heard, kinds).item() == pytest.approx(expected, rel=1e-5)


def test_layout_loss_is_least_at_the_share_of_each_cell():
    """A cell half covered is drawn best as one half."""
    masks = torch.zeros(1, 1, 8, 8)
    masks[..., :2, :4] = 1  # half of the first of four cells
    best = torch.tensor([[[[0.0, -20.0], [-20.0, -20.0]]]])

    assert layout_loss(best, masks).item() == pytest.approx(math.log(2) / 4, rel=1e-4)
    assert layout_loss(best + 1, masks) > layout_loss(best, masks)
