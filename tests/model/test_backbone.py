"""The backbone's promise: four maps at strides 4 to 32, whatever timm calls them."""

import pytest
import torch

from avsseg.errors import ConfigError
from avsseg.model.backbone import STRIDES, Backbone


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("resnet50", [256, 512, 1024, 2048]),
        ("pvt_v2_b5", [64, 128, 320, 512]),
        ("pvt_v2_b0", [32, 64, 160, 256]),
        ("tf_efficientnet_lite2", [24, 48, 120, 352]),
    ],
)
def test_named_backbones_give_four_maps(name, channels):
    """Channels are the paper's (section III-C), strides 4, 8, 16 and 32."""
    with torch.device("meta"):
        net = Backbone(name).eval()
        maps = net(torch.empty(2, 3, 64, 96))

    assert net.channels == channels
    assert [tuple(m.shape) for m in maps] == [
        (2, c, 64 // s, 96 // s) for c, s in zip(channels, STRIDES, strict=True)
    ]


def test_unknown_backbone_is_refused():
    """The name and where to find others."""
    with pytest.raises(ConfigError, match="timm has no backbone 'resnet51'"):
        Backbone("resnet51")


def test_backbone_without_fine_maps_is_refused():
    """A plain vision transformer keeps one stride and cannot serve."""
    with torch.device("meta"), pytest.raises(ConfigError, match="4, 8, 16 and 32 are needed"):
        Backbone("test_vit")


def test_stochastic_depth_grows_with_depth():
    """AVSBench's PVTv2 drops its deepest block with the chance given, its first one never."""
    with torch.device("meta"):
        net = Backbone("pvt_v2_b0", drop_path=0.1)
    chances = [m.drop_prob for m in net.modules() if type(m).__name__ == "DropPath"]

    assert chances == sorted(chances)
    assert chances[-1] == pytest.approx(0.1)
    assert 0 not in chances


@pytest.mark.parametrize("name", ["test_efficientnet", "tf_efficientnet_lite2"])
def test_a_pass_goes_on_from_stored_maps(name):
    """The later maps from the earlier ones are those of a whole pass."""
    torch.manual_seed(0)
    net = Backbone(name).eval()
    with torch.no_grad():
        whole = net(torch.randn(1, 3, 64, 64))
        for kept in (1, 2, 3, 4):
            for found, expected in zip(net.resume(whole[:kept]), whole, strict=True):
                torch.testing.assert_close(found, expected)


def test_other_families_store_all_maps():
    """A ResNet's stages cannot be entered in the middle; that is said."""
    net = Backbone("resnet18").eval()
    maps = [torch.zeros(1, c, 8, 8) for c in net.channels]

    assert net.resume(maps) == maps
    with pytest.raises(ConfigError, match="store all four"):
        net.resume(maps[:2])
