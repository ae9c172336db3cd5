"""E_psi: its branches, its join, and what is ablated."""

import pytest
import torch
from torch import nn

from avsseg.model.condition import ConditionEncoder, FeatureBranch, rgb_branch
from avsseg.model.latent_encoder import ConvEncoder


def encoder(condition: str) -> ConditionEncoder:
    torch.manual_seed(0)
    return ConditionEncoder(condition, rgb_branch(32, 16, 6), 128, 6).eval()


@pytest.mark.parametrize(
    ("condition", "parts"),
    [
        ("none", set()),
        ("audio", {"audio"}),
        ("visual", {"visual"}),
        ("av", {"audio", "visual", "join"}),
    ],
)
def test_ablation_removes_the_parts_themselves(condition, parts):
    """Table III: a branch that is not used has no parameters, one branch needs no join."""
    net = encoder(condition)

    assert {name for name, _ in net.named_children()} == parts


def test_single_branches_are_the_condition():
    """With one branch c is its output; with none there is no c."""
    frames, audio = torch.randn(3, 3, 32, 32), torch.randn(3, 128)
    hears, sees = encoder("audio"), encoder("visual")

    torch.testing.assert_close(hears(frames, audio), hears.audio(audio))
    torch.testing.assert_close(sees(frames, audio), sees.visual(frames))
    assert encoder("none")(frames, audio) is None


def test_visual_branch_has_the_structure_of_e_phi():
    """Five convolutions and two layers on RGB; the sound and the join have two layers each."""
    net = encoder("av")

    assert isinstance(net.visual, ConvEncoder)
    for part in (net.visual.head, net.audio, net.join):
        assert sum(isinstance(m, nn.Linear) for m in part) == 2


@pytest.mark.parametrize("side", [64, 224])
def test_feature_branch_takes_maps_of_every_stride(side):
    """Fine maps are pooled and the coarsest is enlarged to one grid."""
    branch = FeatureBranch(8, 4, side, 16, 6)
    maps = [torch.randn(2, 8, side // s, side // s) for s in (4, 8, 16, 32)]

    assert branch(maps).shape == (2, 6)
