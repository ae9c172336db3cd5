"""YAMNet's shape and TensorFlow's padding."""

import pytest
import torch
import torch.nn.functional as F

from avsseg.model.yamnet import YAMNet, _pad_same


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(96, 64), (7, 5), (1, 2), (12, 9)])
def test_same_padding_is_tensorflows(stride, size):
    """Output ceil(n / stride); windows start so that the odd pixel is on the right and below."""
    x = torch.arange(1.0, 1 + size[0] * size[1]).view(1, 1, *size)

    out = F.conv2d(_pad_same(x, stride=stride), torch.ones(1, 1, 3, 3), stride=stride)

    assert out.shape[-2:] == tuple(-(-n // stride) for n in size)
    offsets = [max((-(-n // stride) - 1) * stride + 3 - n, 0) // 2 for n in size]
    rows, columns = (slice(0, 3 - offset) for offset in offsets)
    torch.testing.assert_close(out[0, 0, 0, 0], x[0, 0, rows, columns].sum())


def test_even_sizes_pad_on_the_far_side_only():
    """The case of every strided layer: 96 x 64 down to 3 x 2."""
    padded = _pad_same(torch.ones(1, 1, 96, 64), stride=2)

    assert padded.shape[-2:] == (97, 65)
    assert bool((padded[..., 0, :64] == 1).all()) and bool((padded[..., -1, :] == 0).all())


def test_output_is_embedding_and_scores():
    """1024 non-negative numbers and 521 probabilities for each patch, patch by patch."""
    torch.manual_seed(0)
    net = YAMNet().eval()
    log_mel = torch.randn(3, 1, 96, 64)

    with torch.inference_mode():
        out = net(log_mel)
        alone = net(log_mel[1:2])

    embedding, scores = out.split([1024, 521], dim=1)
    assert bool((embedding >= 0).all())
    assert bool(((scores >= 0) & (scores <= 1)).all())
    torch.testing.assert_close(alone, out[1:2], rtol=1e-4, atol=1e-5)
    assert net.out_dim == out.shape[1]


def test_last_map_is_three_by_two():
    """Five halvings of 96 x 64, as in the published network."""
    net = YAMNet()
    sizes = []
    net.pw[-1].register_forward_hook(lambda m, a, out: sizes.append(tuple(out.shape)))

    net(torch.zeros(1, 1, 96, 64))

    assert sizes == [(1, 1024, 3, 2)]


def test_parameters_are_mobilenets():
    """3.7 M with batch norms folded into biases."""
    assert sum(p.numel() for p in YAMNet().parameters()) == 3_729_481
