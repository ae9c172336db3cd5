"""The mix of a clip's sounds: what it is at first, and what it can never depend on."""

import pytest
import torch

from avsseg.model.sound_context import SoundContext

DIM = 16


@pytest.fixture
def sounds() -> torch.Tensor:
    """Two clips of five frames."""
    return torch.randn(2, 5, DIM, generator=torch.Generator().manual_seed(0))


def context(*, taught: bool = False) -> SoundContext:
    torch.manual_seed(1)
    module = SoundContext(DIM).eval()
    if taught:
        torch.nn.init.normal_(module.add[2].weight, std=0.3)
        module.own.data.zero_()
    return module


def test_a_frame_alone_is_left_as_it_is(sounds):
    """Where there is nothing to lean on, an untaught mix says what it was told."""
    assert torch.allclose(context()(sounds[:, :1]), sounds[:, :1], atol=1e-6)


def test_at_first_a_frame_hears_mostly_itself(sounds):
    """So a network that never had it starts as good as it was."""
    left = (context()(sounds) - sounds).norm(dim=2) / sounds.norm(dim=2)
    assert 0 < left.mean() < 0.5


def test_an_untaught_mix_stays_between_the_sounds(sounds):
    """A weighted mean is nowhere larger than the largest, so what reads it knows its like."""
    mixed = context()(sounds * 3)
    assert (mixed <= sounds.amax(dim=1, keepdim=True) * 3 + 1e-5).all()
    assert (mixed >= sounds.amin(dim=1, keepdim=True) * 3 - 1e-5).all()


def test_seconds_of_one_sound_stay_one_sound(sounds):
    """Five equal frames come out equal, and as a single one does."""
    taught = context(taught=True)
    alone = taught(sounds[:, :1])
    assert torch.allclose(
        taught(sounds[:, :1].expand(-1, 5, -1)), alone.expand(-1, 5, -1), atol=1e-5
    )


def test_it_knows_no_order(sounds):
    """Frames in another order give the same sounds in that order."""
    taught, order = context(taught=True), torch.tensor([3, 0, 4, 1, 2])
    assert torch.allclose(taught(sounds[:, order]), taught(sounds)[:, order], atol=1e-5)


def test_clips_do_not_hear_each_other(sounds):
    """A clip's sounds are the same whatever else is in the batch."""
    taught = context(taught=True)
    assert torch.allclose(taught(sounds)[:1], taught(sounds[:1]), atol=1e-6)


def test_another_second_is_heard_once_it_is_taught(sounds):
    """The way from one frame's sound to another's is open, and its gradient flows."""
    taught, seen = context(taught=True), sounds.clone().requires_grad_()
    taught(seen)[:, 0].square().sum().backward()
    assert seen.grad is not None
    assert seen.grad[:, 4].abs().max() > 1e-3
