"""The necks: one stage of any width to C."""

import pytest
import torch
import torch.nn.functional as F

from avsseg.model.neck import BasicNeck, DilatedNeck, PointwiseNeck


@pytest.mark.parametrize("neck", [DilatedNeck, BasicNeck, PointwiseNeck])
@pytest.mark.parametrize("side", [7, 56])
def test_neck_keeps_the_grid_and_sets_the_width(neck, side):
    """Dilations wider than the map included."""
    assert neck(6, 8)(torch.randn(2, 6, side, side)).shape == (2, 8, side, side)


def test_dilated_neck_is_the_sum_of_its_four_convolutions():
    """Dilated 3, 6, 12 and 18, each padded to keep the grid, without activation."""
    neck = DilatedNeck(6, 8)
    x = torch.randn(2, 6, 20, 20)

    wanted = sum(
        F.conv2d(x, c.weight, c.bias, padding=d, dilation=d)
        for c, d in zip(neck.conv2d_list, (3, 6, 12, 18), strict=True)
    )

    torch.testing.assert_close(neck(x), wanted)


def test_dilated_neck_starts_small():
    """Weights come from N(0, 0.01), as published."""
    torch.manual_seed(0)
    stds = [float(c.weight.detach().std()) for c in DilatedNeck(64, 64).conv2d_list]

    assert stds == pytest.approx([0.01] * 4, rel=0.05)


def test_basic_neck_is_three_normed_convolutions():
    """1 x 1, 3 x 3, 3 x 3 (D17)."""
    kernels = [m.kernel_size for m in BasicNeck(6, 8) if isinstance(m, torch.nn.Conv2d)]

    assert kernels == [(1, 1), (3, 3), (3, 3)]
