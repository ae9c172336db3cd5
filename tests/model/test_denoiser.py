"""eps_theta: eight layers with skips, told of the time, the condition and its own estimate."""

import pytest
import torch
from torch import nn

from avsseg.model.denoiser import LatentDenoiser, TimeEmbedding

WIDTHS = (32, 16, 8, 4)


def denoiser(*, learned: bool = False, condition: int = 6, **options) -> LatentDenoiser:
    torch.manual_seed(0)
    return LatentDenoiser(6, condition, WIDTHS, TimeEmbedding(8, 20, learned=learned), **options)


def test_eight_layers_mirror_each_other():
    """Four down, four up; each of the upper takes the lower one's output beside its own."""
    net = denoiser()
    shapes = [(m.in_features, m.out_features) for m in [*net.encoder, *net.decoder]]

    assert shapes == [
        (6 + 6 + 8, 32),
        (32, 16),
        (16, 8),
        (8, 4),
        (4, 8),
        (16, 16),
        (32, 32),
        (64, 6),
    ]


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("film", [False, True])
def test_prediction_depends_on_latent_time_and_condition(learned, film):
    """Each input alone changes the prediction."""
    net = denoiser(learned=learned, film=film)
    z, t, c = torch.randn(3, 6), torch.tensor([0, 7, 19]), torch.randn(3, 6)
    base = net(z, t, c)

    assert base.shape == (3, 6)
    for other in (net(z + 1, t, c), net(z, 19 - t, c), net(z, t, c + 1)):
        assert not torch.allclose(base, other)


def test_film_reaches_every_hidden_layer():
    """With film, condition and time scale and shift all seven layers before the last."""
    assert [m.out_features // 2 for m in denoiser(film=True).film] == [32, 16, 8, 4, 8, 16, 32]
    assert len(denoiser().film) == 0


def test_unconditional_denoiser_takes_no_condition():
    """Table III's first row: only z_t and the time go in."""
    net = denoiser(condition=0)

    assert net.encoder[0].in_features == 6 + 8
    assert net(torch.randn(2, 6), torch.tensor([1, 2]), None).shape == (2, 6)


def test_no_estimate_counts_as_an_estimate_of_zero():
    """Self-conditioning starts from zeros, as in training's first pass."""
    net = denoiser(self_condition=True)
    z, t, c = torch.randn(2, 6), torch.tensor([3, 4]), torch.randn(2, 6)

    torch.testing.assert_close(net(z, t, c), net(z, t, c, torch.zeros_like(z)))
    assert not torch.allclose(net(z, t, c), net(z, t, c, torch.ones_like(z)))


def test_sinusoids_tell_all_times_apart():
    """Rows of the embedding before its layers are distinct and bounded."""
    embedding = TimeEmbedding(64, 20, learned=False)
    embedding.mlp = nn.Sequential(nn.Linear(64, 64))
    rows = embedding._sinusoids(torch.arange(20))

    assert float(rows.abs().max()) <= 1.0
    distances = torch.cdist(rows, rows) + 10 * torch.eye(20)
    assert float(distances.min()) > 0.1


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_denoiser_runs_in_the_precision_of_its_weights(dtype):
    """No part insists on float32."""
    net = denoiser().to(dtype)

    out = net(torch.randn(2, 6, dtype=dtype), torch.tensor([0, 1]), torch.zeros(2, 6, dtype=dtype))

    assert out.dtype == dtype
