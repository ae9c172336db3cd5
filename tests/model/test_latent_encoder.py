"""E_phi: the paper's layers, and the three bounds of z_0."""

import pytest
import torch
from torch import nn

from avsseg.model.latent_encoder import ConvEncoder, LatentEncoder, RunningNorm


def test_five_convolutions_and_two_layers():
    """The paper's list of widths, 224 px down to 7, 3136 numbers into the first layer."""
    net = ConvEncoder(1, 224, 512, 24)
    convs = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    layers = [m for m in net.modules() if isinstance(m, nn.Linear)]

    assert [c.out_channels for c in convs] == [16, 32, 64, 64, 64]
    assert [(m.in_features, m.out_features) for m in layers] == [(3136, 512), (512, 24)]
    assert net(torch.zeros(2, 1, 224, 224)).shape == (2, 24)


@pytest.mark.parametrize(("bound", "limit"), [("tanh", 1.0), ("running", 3.0)])
def test_bounded_latents_stay_within_their_limit(bound, limit):
    """Even a code driven far out ends within the range that sampling clamps to."""
    net = LatentEncoder(1, 32, 8, 4, bound=bound)
    nn.init.constant_(net.head[-1].bias, 100.0)

    z_0 = net(torch.rand(6, 1, 32, 32)).detach()

    assert net.limit == limit
    assert float(z_0.abs().max()) <= limit
    assert float(z_0.min()) > 0.99 * limit


def test_unbounded_latents_are_the_code_itself():
    """Without a bound nothing is done to it."""
    net = LatentEncoder(1, 32, 8, 4, bound="none").eval()
    x = torch.rand(3, 1, 32, 32)

    assert net.limit is None
    torch.testing.assert_close(net(x), ConvEncoder.forward(net, x))


def test_running_statistics_find_mean_and_deviation():
    """In training they follow the codes, in evaluation they stand."""
    norm = RunningNorm(2, momentum=0.1)
    generator = torch.Generator().manual_seed(0)
    for _ in range(300):
        norm(torch.randn(16, 2, generator=generator) * torch.tensor([2.0, 0.5]) + 3)
    norm.eval()
    still = norm.running_mean.clone()

    x = torch.randn(4000, 2, generator=generator) * torch.tensor([2.0, 0.5]) + 3
    var, mean = torch.var_mean(norm(x), dim=0)

    torch.testing.assert_close(mean, torch.zeros(2), rtol=0, atol=0.3)
    torch.testing.assert_close(var, torch.ones(2), rtol=0.3, atol=0)
    assert torch.equal(norm.running_mean, still)


def test_running_norm_of_one_row_is_finite():
    """A batch of one labelled frame has no variance of its own, and needs none."""
    assert bool(RunningNorm(3)(torch.randn(1, 3)).isfinite().all())
