"""The CVAE's distributions against torch's own."""

import torch
from torch.distributions import Normal, kl_divergence

from avsseg.model.cvae import Gaussian, LatentCVAE


def test_divergence_is_the_closed_form():
    """KL of diagonal normals, summed over the latent."""
    generator = torch.Generator().manual_seed(0)
    a, b = (Gaussian(*torch.randn(2, 4, 24, generator=generator)) for _ in range(2))
    torch_a, torch_b = (Normal(g.mean, (0.5 * g.log_var).exp()) for g in (a, b))

    torch.testing.assert_close(a.kl(b), kl_divergence(torch_a, torch_b).sum(dim=1))
    torch.testing.assert_close(a.kl(a), torch.zeros(4))


def test_samples_have_the_given_moments():
    """The standard deviation is exp(log_var / 2), not its square."""
    noise = torch.randn(20_000, 2, generator=torch.Generator().manual_seed(0))
    gaussian = Gaussian(torch.tensor([[1.0, -2.0]]), torch.log(torch.tensor([[4.0, 0.25]])))

    var, mean = torch.var_mean(gaussian.sample(noise), dim=0)

    torch.testing.assert_close(mean, torch.tensor([1.0, -2.0]), rtol=0, atol=0.05)
    torch.testing.assert_close(var, torch.tensor([4.0, 0.25]), rtol=0.05, atol=0)


def test_only_the_posterior_sees_the_mask():
    """The prior is all there is at test; the posterior changes with the truth (Fig. 3)."""
    torch.manual_seed(0)
    net = LatentCVAE(8, 1, 32, 16, 4).eval()
    maps = [torch.randn(2, 8, s, s) for s in (8, 4, 2, 1)]
    empty, full = torch.zeros(2, 1, 32, 32), torch.ones(2, 1, 32, 32)

    assert net.prior(maps).mean.shape == (2, 4)
    assert not torch.allclose(net.posterior(maps, empty).mean, net.posterior(maps, full).mean)


def test_log_variance_is_held():
    """An extreme head neither overflows the divergence nor the sample."""
    net = LatentCVAE(8, 1, 32, 16, 4)
    torch.nn.init.constant_(net.prior_head[-1].bias, 1e4)

    with torch.no_grad():
        prior = net.prior([torch.randn(2, 8, 2, 2)] * 4)

    assert float(prior.log_var.max()) <= 10
    assert bool(prior.sample(torch.randn(2, 4)).isfinite().all())
