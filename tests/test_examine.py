"""More than one answer from one look: the laws of samples, of disagreement, of the muted sound."""

import numpy as np
import pytest
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.examine import disagreement, examine, sample_noises, silence

B, T, SIZE = 2, 5, 64


@pytest.fixture(scope="module")
def model(tiny_checkpoint):
    """The tiny network with a latent that is heard out, drawn anew in each clip."""
    model = load_checkpoint(tiny_checkpoint)
    with torch.no_grad():
        model.expansion.fuse.weight.mul_(3)
    return model


@pytest.fixture(scope="module")
def batch():
    generator = torch.Generator().manual_seed(0)
    frames = torch.rand((B, T, 3, SIZE, SIZE), generator=generator)
    return frames, torch.randn((B, T, 1, 96, 64), generator=generator)


@torch.inference_mode()
def look(model, batch, samples=1, **options):
    return examine(model, *batch, sample_noises(model, 0, range(B), samples), **options)


def test_one_sample_is_what_segment_computes(model, batch):
    """Exactly, and nothing is said of spread."""
    found = look(model, batch)
    with torch.inference_mode():
        logits = model.segment(*batch, sample_noises(model, 0, range(B), 1)[0])
    assert torch.equal(found.masks, logits[:, :, 0].sigmoid())
    assert found.spread is None and found.disagreement is None and found.muted is None


def test_several_samples_give_their_mean_and_spread(model, batch):
    """Mean, standard deviation and disagreement of the very masks of each noise."""
    noises = sample_noises(model, 0, range(B), 3)
    with torch.inference_mode():
        one_by_one = torch.stack([examine(model, *batch, [noise]).masks for noise in noises])
    found = look(model, batch, samples=3)
    torch.testing.assert_close(found.masks, one_by_one.mean(0))
    torch.testing.assert_close(found.spread, one_by_one.std(0, correction=0))
    torch.testing.assert_close(found.disagreement, disagreement(one_by_one))
    assert (found.spread > 0).any()


def test_the_backbone_is_asked_once_however_many_samples(model, batch):
    """N samples cost N decoders and one encoder."""
    calls = {"backbone": 0, "decoder": 0}
    hooks = [
        part.register_forward_hook(lambda *_, name=name: calls.__setitem__(name, calls[name] + 1))
        for name, part in (("backbone", model.backbone), ("decoder", model.decoder))
    ]
    look(model, batch, samples=4, with_muted=True)
    for hook in hooks:
        hook.remove()
    assert calls == {"backbone": 1, "decoder": 5}


def test_more_samples_keep_the_first(model):
    """A second sample is added to the first; no two are alike."""
    one, many = (sample_noises(model, 7, [0, 1], n) for n in (1, 4))
    assert torch.equal(one[0], many[0])
    assert not any(torch.equal(many[0], further) for further in many[1:])
    assert not torch.equal(many[1], many[2])


def test_muted_masks_are_those_of_a_silent_track(model, batch):
    """Bit by bit what the network says to a track of zeros."""
    frames, log_mel = batch
    found = look(model, batch, with_muted=True)
    assert torch.equal(found.muted, look(model, (frames, silence(model, log_mel))).masks)


def test_the_audio_encoder_names_what_it_hears(model, batch):
    """521 scores for each moment, as the encoder gives them."""
    found = look(model, batch)
    assert found.heard.shape == (B, T, 521)
    assert ((found.heard >= 0) & (found.heard <= 1)).all()


def test_disagreement_is_nothing_for_equal_masks_and_all_for_masks_apart():
    """With one dissenter in three, two pairs of three disagree."""
    left, right = torch.zeros(2, 1, 1, 8, 8)
    left[..., :4], right[..., 4:] = 1, 1
    assert disagreement(torch.stack([left, left, left])).item() == 0
    assert disagreement(torch.stack([left, right])).item() == 1
    assert disagreement(torch.stack([left, left, right])).item() == pytest.approx(2 / 3)


def test_nothing_is_disputed_where_nothing_is_marked():
    """Probabilities of a thousandth, however unlike, are no masks."""
    faint = torch.rand((4, 1, 1, 32, 32), generator=torch.Generator().manual_seed(0)) * 1e-4
    assert disagreement(faint).item() < 0.05
    assert np.isfinite(disagreement(torch.zeros(2, 1, 1, 4, 4)).item())
