"""The network that computes is another one than the one that is given; it must say the same."""

import copy
import dataclasses

import pytest
import torch
from torch import nn

from avsseg.fast.chains import Chain, chains_in_flow, chains_in_sequences
from avsseg.fast.convolution import FusedConv, can_fuse, folded
from avsseg.fast.network import FewByFew, fast_copy, replace, shell
from avsseg.fast.sound import FastYAMNet
from avsseg.fast.times import TimeTable
from avsseg.model.backbone import Backbone
from avsseg.model.build import build_model
from avsseg.model.denoiser import TimeEmbedding
from avsseg.model.yamnet import YAMNet

CPU = torch.device("cpu")


def lively(net: nn.Module) -> nn.Module:
    """The network with norms that do something, in evaluation mode."""
    generator = torch.Generator().manual_seed(0)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                tensor.data = 0.5 + torch.rand(tensor.shape, generator=generator)
    return net.eval()


def conv_same(**options):
    from avsseg.torchvision_guard import ensure_torchvision

    ensure_torchvision()
    from timm.layers import Conv2dSame

    return Conv2dSame(6, 6, **options)


class TwoReaders(nn.Module):
    """A convolution that is read by its norm, and by a sum that is no module."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4)

    def forward(self, x):
        seen = self.conv(x)
        return [self.norm(seen) + seen] * 4


def test_chains_are_found_in_sequences():
    """Neighbours in a sequence, and nothing beyond it."""
    net = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU()), nn.Conv2d(4, 4, 3)
    )

    assert chains_in_sequences(net) == [Chain(conv="0.0", norm="0.1", act="0.2"), Chain(conv="1")]


def test_chains_are_found_by_what_reads_what():
    """Also where the order of writing says nothing; what is read twice is left alone."""

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm, self.act = nn.BatchNorm2d(4), nn.ReLU6(inplace=True)
            self.conv, self.other = nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1)
            self.twice = nn.BatchNorm2d(4)

        def forward(self, x):
            x = self.other(self.act(self.norm(self.conv(x))))
            return self.twice(x) + self.act(x)

    net = Net().eval()
    chains = chains_in_flow(net, lambda: net(torch.rand(1, 3, 4, 4)))

    assert chains == [Chain(conv="conv", norm="norm"), Chain(conv="other")]


@pytest.mark.parametrize("act", [None, nn.ReLU(), nn.ReLU6(), nn.LeakyReLU(0.2)], ids=str)
@pytest.mark.parametrize(
    "shape",
    [
        {"kernel_size": 1},
        {"kernel_size": 3, "padding": 1, "stride": 2, "groups": 6},
        {"kernel_size": 3, "padding": 4, "dilation": 4, "bias": False},
    ],
    ids=["pointwise", "depthwise", "dilated"],
)
def test_one_pass_says_what_three_said(act, shape):
    """Convolution, norm and activation, up to rounding, in both layouts."""
    conv, norm = nn.Conv2d(6, 6, **shape), lively(nn.BatchNorm2d(6))
    net = nn.Sequential(conv, norm, *([] if act is None else [act])).eval()
    fast = shell(net)
    replace(fast, chains_in_sequences(fast))
    x = 3 * torch.randn(2, 6, 10, 12)

    for picture in (x, x.contiguous(memory_format=torch.channels_last)):
        torch.testing.assert_close(fast(picture), net(picture), atol=1e-5, rtol=1e-5)
    assert isinstance(fast[0], FusedConv) == can_fuse(CPU)
    assert isinstance(fast[1], nn.Identity)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("size", [(8, 8), (14, 10)], ids=str)
def test_a_turned_picture_needs_no_padding_of_its_own(kernel, size):
    """TensorFlow's padding on even sides, with the picture and the kernel turned."""
    conv = conv_same(kernel_size=kernel, stride=2, groups=2)
    x = torch.randn(2, 6, *size)

    turned = folded(conv, None, flipped=True)(x.flip(2, 3)).flip(2, 3)

    torch.testing.assert_close(turned, conv(x), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    "name", ["test_efficientnet", "test_resnet", "tf_mobilenetv3_small_minimal_100", "pvt_v2_b0"]
)
def test_backbones_of_all_kinds_give_the_same_maps(name, tiny_config):
    """With activations in the norm, apart from it, padded as TensorFlow does, or none of that."""
    model = build_model(dataclasses.replace(tiny_config, backbone=name)).eval()
    lively(model.backbone)
    frames = torch.rand(1, 5, 3, 64, 64)

    with torch.inference_mode():
        wanted, got = (net.encode_frames(frames) for net in (model, fast_copy(model)))

    for a, b in zip(got, wanted, strict=True):
        assert (a - b).abs().max() <= 1e-4 * b.abs().max()


def test_a_tf_backbone_is_turned_and_rid_of_its_norms(tiny_config):
    """Else the test above would show nothing."""
    config = dataclasses.replace(tiny_config, backbone="tf_mobilenetv3_small_minimal_100")
    fast = fast_copy(build_model(config).eval())

    assert type(fast.backbone.net).__name__ == "TurnedBackbone"
    assert not any(isinstance(m, nn.BatchNorm2d) for m in fast.backbone.modules())


@pytest.mark.parametrize(
    "changes",
    [{}, {"kind": "ed"}, {"kind": "cvae"}, {"decoder": "avsbench", "neck": "dilated"}],
    ids=["ldm", "ed", "cvae", "avsbench"],
)
def test_the_whole_network_says_the_same(changes, tiny_config):
    """Logits equal up to rounding, for each kind of network."""
    torch.manual_seed(0)
    model = lively(build_model(dataclasses.replace(tiny_config, **changes)))
    inputs = torch.rand(1, 5, 3, 64, 64), torch.randn(1, 5, 1, 96, 64), torch.randn(1, 5, 24)

    with torch.inference_mode():
        wanted, got = model(*inputs), fast_copy(model)(*inputs)

    assert (got - wanted).abs().max() <= 1e-4 * wanted.abs().max()


def test_the_given_network_stays_as_it_is(tiny_config):
    """Same modules, same numbers, and it can be trained on."""
    model = build_model(tiny_config).eval()
    before = {name: type(module) for name, module in model.named_modules()}
    state = copy.deepcopy(model.state_dict())

    fast = fast_copy(model)

    assert {name: type(module) for name, module in model.named_modules()} == before
    assert all(torch.equal(state[name], value) for name, value in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())
    assert fast.denoiser.encoder[0].weight is model.denoiser.encoder[0].weight
    assert fast_copy(model.train()) is model


def test_a_backbone_that_cannot_be_followed_is_kept(tiny_config):
    """A reader that is no module is not seen, but the maps tell."""
    model = build_model(tiny_config).eval()
    strange = Backbone.__new__(Backbone)
    nn.Module.__init__(strange)
    strange.net, strange._levels = lively(TwoReaders()), [0, 1, 2, 3]
    model.backbone = strange

    kept = fast_copy(model).backbone.net

    assert isinstance(kept.net.norm, nn.BatchNorm2d)
    assert type(kept.net.conv) is nn.Conv2d


def test_yamnet_says_the_same():
    """Embedding and scores, without a copy for each padding."""
    net = YAMNet().eval()
    patches = torch.randn(2, 1, 96, 64)

    with torch.inference_mode():
        torch.testing.assert_close(FastYAMNet(net)(patches), net(patches), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("learned", [False, True])
def test_times_are_looked_up(learned):
    """Every time of the diffusion, as computed."""
    embedding = TimeEmbedding(16, 20, learned=learned)
    times = torch.tensor([0, 7, 19])

    with torch.no_grad():
        torch.testing.assert_close(TimeTable(embedding, 20)(times), embedding(times))


def test_half_precision_goes_through_the_fused_pass():
    """Under autocast the weights are those of autocast, and so is the result."""
    conv = nn.Conv2d(8, 8, 1)
    fast = FusedConv(folded(conv, None), None)
    x = torch.randn(1, 8, 6, 6)

    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        got, wanted = fast(x), conv(x)

    assert got.dtype == torch.bfloat16
    torch.testing.assert_close(got, wanted, atol=0.05, rtol=0.05)


@pytest.mark.parametrize("side", [64, 320, 352, 512])
def test_frames_are_encoded_few_by_few_and_come_out_alike(side):
    """However many go in, in whatever size; no more at a time than five of 224 pixels hold."""
    taken = []

    class Net(nn.Module):
        def forward(self, frames):
            taken.append(len(frames))
            return [frames[:, :1] + level for level in range(4)]

    frames = torch.rand(7, 3, side, side)
    levels = FewByFew(Net())(frames)

    assert sum(taken) == 7
    assert max(taken) == min(7, max(1, 5 * 224**2 // side**2))
    for level, found in enumerate(levels):
        torch.testing.assert_close(found, frames[:, :1] + level)
