"""Sounds moved in the ear's own space by what two sounds differ in."""

import pytest
import torch

from avsseg.errors import ConfigError
from avsseg.training.objective import Objective
from avsseg.training.objective_config import ObjectiveConfig
from avsseg.training.strange_sounds import estranged


@pytest.fixture
def embeddings() -> torch.Tensor:
    return torch.randn(8, 3, 5, generator=torch.Generator().manual_seed(0))


def test_by_no_chance_nothing_moves(embeddings):
    assert torch.equal(estranged(embeddings, 0.0, (0.4, 0.75)), embeddings)


def test_what_is_added_is_a_share_of_the_difference_of_two_clips(embeddings):
    torch.manual_seed(1)
    added = estranged(embeddings, 1.0, (0.5, 0.5)) - embeddings

    differences = 0.5 * (embeddings[:, None] - embeddings[None]).flatten(0, 1)
    nearest = (added[:, None] - differences[None]).flatten(2).abs().amax(dim=2).amin(dim=1)
    assert nearest.max() < 1e-6
    assert added.flatten(1).abs().amax(dim=1).gt(0.1).sum() >= 6
    assert added.mean(dim=0).abs().max() < 1e-6


def test_the_chance_is_that_of_a_clip(embeddings):
    torch.manual_seed(2)
    moved = [
        (estranged(embeddings, 0.25, (0.5, 0.5)) != embeddings).flatten(1).any(dim=1)
        for _ in range(200)
    ]

    # One time in eight the two clips are one and the same.
    assert torch.cat(moved).float().mean() == pytest.approx(0.25 * 7 / 8, abs=0.04)


def test_one_clip_alone_has_no_others():
    assert torch.equal(estranged(torch.ones(1, 2, 3), 1.0, (0.5, 0.5)), torch.ones(1, 2, 3))


def test_the_objective_hears_them(make_model, make_batch):
    """The condition of the diffusion gets a sound that is another."""
    model, batch = make_model().eval(), make_batch(clips=4)
    heard = []
    model.condition.register_forward_hook(lambda _, given, __: heard.append(given[1]))
    for chance in (0.0, 1.0):
        torch.manual_seed(3)
        Objective(model, ObjectiveConfig(strange_sounds=chance))(batch)

    assert not torch.equal(heard[0], heard[1])


@pytest.mark.parametrize(
    "asked", [{"strange_sounds": 1.5}, {"strange_sounds": -0.1}, {"strangeness": (0.7, 0.4)}]
)
def test_what_is_no_chance_or_no_range_is_refused(asked):
    with pytest.raises(ConfigError, match="strange_sounds"):
        ObjectiveConfig(**asked)
