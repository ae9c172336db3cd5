"""TPAVI's linear form against the published one, and what it never allocates."""

import copy
import itertools

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from avsseg.model.tpavi import TPAVI

FRAMES = 5


def published(net: TPAVI, visual: Tensor, audio: Tensor) -> Tensor:
    """Zhou et al.'s TPAVI as written: an N x N map, divided by N, times the values."""
    x = visual.movedim(1, 2)
    h, w = x.shape[-2:]
    tiled = net.align_channel(audio).movedim(1, 2)[..., None, None].expand(-1, -1, -1, h, w)
    out = attended(net, x, tiled)
    if net.attend_visual:
        out = (out + attended(net, x, x)) / 2
    return out.movedim(1, 2)


def attended(net: TPAVI, x: Tensor, other: Tensor) -> Tensor:
    """One attention over x; rows of the map come in blocks, to spare the test's memory."""
    theta, phi, g = net.theta(x).flatten(2), net.phi(other).flatten(2), net.g(x).flatten(2)
    rows = [block.mT @ phi / phi.shape[2] @ g.mT for block in theta.split(1960, dim=2)]
    y = torch.cat(rows, dim=1).mT.unflatten(2, x.shape[2:])
    z = net.W_z(y) + x
    return net.norm_layer(z.movedim(1, -1)).movedim(-1, 1)


def random_tpavi(channels: int, *, attend_visual: bool = False) -> TPAVI:
    torch.manual_seed(channels)
    net = TPAVI(channels, attend_visual=attend_visual)
    for value in itertools.chain(net.parameters(), net.buffers()):
        if value.is_floating_point():
            torch.nn.init.normal_(value, std=0.5)
    net.W_z[1].running_var.abs_().add_(0.5)
    return net


def random_inputs(channels: int, grid: int, batch: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(grid)
    visual = torch.randn(batch, FRAMES, channels, grid, grid, generator=generator)
    return visual, torch.randn(batch, FRAMES, 128, generator=generator)


class LargestTensor(TorchDispatchMode):
    """Remembers the most elements that any operation's result held."""

    def __init__(self) -> None:
        super().__init__()
        self.elements = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        sizes = [x.numel() for x in tree_leaves(result) if isinstance(x, Tensor)]
        self.elements = max([self.elements, *sizes])
        return result


@pytest.mark.parametrize("grid", [7, 14, 28, pytest.param(56, marks=pytest.mark.slow)])
@pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("attend_visual", [False, True], ids=["audio", "audio-visual"])
@pytest.mark.parametrize(
    ("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.float64, 1e-12)], ids=["fp32", "fp64"]
)
def test_linear_form_equals_the_published_one(grid, training, attend_visual, dtype, tolerance):
    """Same map, and in training the same running statistics, up to rounding."""
    ours = random_tpavi(8, attend_visual=attend_visual).to(dtype).train(training)
    theirs = copy.deepcopy(ours)
    visual, audio = (x.to(dtype) for x in random_inputs(8, grid, batch=1 if grid > 28 else 2))

    with torch.no_grad():
        got, aligned = ours(visual, audio)
        wanted = published(theirs, visual, audio)

    assert float((got - wanted).abs().max()) <= tolerance * float(wanted.abs().max())
    assert torch.equal(aligned, ours.align_channel(audio))
    for name, buffer in ours.named_buffers():
        torch.testing.assert_close(buffer, dict(theirs.named_buffers())[name])


def test_gradients_equal_the_published_ones():
    """Training by the linear form is training by the published one."""
    ours = random_tpavi(8, attend_visual=True).double().train()
    theirs = copy.deepcopy(ours)
    visual, audio = (x.double() for x in random_inputs(8, 7, batch=2))
    weight = torch.randn_like(visual)

    (ours(visual, audio)[0] * weight).sum().backward()
    (published(theirs, visual, audio) * weight).sum().backward()

    for name, parameter in ours.named_parameters():
        wanted = theirs.get_parameter(name).grad
        torch.testing.assert_close(parameter.grad, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("attend_visual", [False, True], ids=["audio", "audio-visual"])
def test_nothing_larger_than_the_map_is_ever_made(training, attend_visual):
    """Forward and backward hold no tensor of N x N elements, nor of more than the map itself."""
    net = random_tpavi(16, attend_visual=attend_visual).train(training)
    visual, audio = random_inputs(16, 14)
    positions = FRAMES * 14 * 14

    with LargestTensor() as tracker:
        net(visual, audio)[0].square().sum().backward()

    assert tracker.elements == visual.numel() < positions**2


def test_published_form_would_be_caught():
    """The tracker sees the N x N map of the published form."""
    net = random_tpavi(16)
    visual, audio = random_inputs(16, 14)

    with LargestTensor() as tracker:
        published(net, visual, audio)

    assert tracker.elements == (FRAMES * 14 * 14) ** 2


def test_fresh_tpavi_only_normalises():
    """W_z's batch norm starts at zero, so that a new block passes the picture through."""
    net = TPAVI(8).train()
    visual, audio = random_inputs(8, 7)

    fused, _ = net(visual, audio)

    normed = torch.nn.functional.layer_norm(visual.movedim(2, -1), (8,)).movedim(-1, 2)
    torch.testing.assert_close(fused, normed)


def test_clips_of_a_batch_do_not_mix():
    """In eval mode a clip's map does not depend on its neighbours in the batch."""
    net = random_tpavi(8, attend_visual=True).double().eval()
    visual, audio = (x.double() for x in random_inputs(8, 7, batch=3))

    together, _ = net(visual, audio)
    alone = torch.cat([net(visual[i : i + 1], audio[i : i + 1])[0] for i in range(3)])

    torch.testing.assert_close(together, alone)
