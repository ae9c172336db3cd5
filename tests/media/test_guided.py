"""Edge-aware upsampling: it changes nothing without reason, and finds the edges where there are."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsseg.media.guided import GuidedUpsampler, box_mean, evidence
from avsseg.media.upsample import BilinearUpsampler

UNIT = st.floats(0, 1, width=32)


def disc(size, radius, centre=(0.5, 0.5)):
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    return np.hypot(y - centre[0], x - centre[1]) < radius


def soft_mask(truth, grid, *, blur=9):
    """The truth on a network's grid, its rim blurred as a network blurs it."""
    size = len(truth) // grid
    small = truth[: grid * size, : grid * size].reshape(grid, size, grid, size).mean(axis=(1, 3))
    return box_mean(box_mean(small.astype(np.float32), blur // 2), blur // 4).clip(0, 1)


def test_a_flat_picture_leaves_the_mask_as_plain_upsampling_gives_it():
    """Where the brightness says nothing, nothing moves, to one step of rounding."""
    mask = soft_mask(disc(224, 0.3), 56)
    luma = np.full((168, 224), 90, np.uint8)
    plain = BilinearUpsampler()(mask, luma)
    guided = GuidedUpsampler()(mask, luma)
    assert np.abs(guided.astype(int) - plain).max() <= 2


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_an_empty_or_full_mask_comes_back_exactly(value):
    """Texture alone never makes or breaks a mask."""
    luma = np.random.default_rng(0).integers(0, 256, (120, 200), dtype=np.uint8)
    levels = GuidedUpsampler()(np.full((56, 56), value, np.float32), luma)
    assert (levels == round(255 * value)).all()


@pytest.mark.parametrize("shape", [(336, 448), (101, 77), (30, 40), (3, 500)])
def test_levels_have_the_size_of_the_picture(shape):
    """Pictures smaller than the network's grid too."""
    luma = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    levels = GuidedUpsampler()(soft_mask(disc(224, 0.3), 224), luma)
    assert levels.shape == shape and levels.dtype == np.uint8


@pytest.mark.parametrize("bright", [False, True])
def test_the_rim_comes_closer_to_the_edge_of_what_is_seen(bright):
    """A mask that is 1 % of the picture off regains part of the error, on dark and on bright."""
    truth = disc(448, 0.3)
    luma = np.where(truth == bright, 170, 80).astype(np.uint8)
    mask = soft_mask(disc(448, 0.3, centre=(0.51, 0.51)), 224, blur=17)
    wrong = {
        name: ((upsample(mask, luma) >= 128) != truth).sum()
        for name, upsample in (("plain", BilinearUpsampler()), ("guided", GuidedUpsampler()))
    }
    assert wrong["guided"] < 0.85 * wrong["plain"]


def test_neither_input_is_changed():
    """The mask is another's timeline's, the luma the decoder's."""
    mask, luma = soft_mask(disc(224, 0.3), 56), np.full((100, 100), 9, np.uint8)
    luma[:50] = 200
    before = mask.copy(), luma.copy()
    GuidedUpsampler()(mask, luma)
    assert (mask == before[0]).all() and (luma == before[1]).all()


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 12), st.integers(0, 2**31))
def test_box_means_are_means_of_the_window_that_lies_inside(height, width, radius, seed):
    """Against the definition, for every cell."""
    values = np.random.default_rng(seed).random((height, width), np.float32)
    means = box_mean(values, radius)
    for y in range(height):
        for x in range(width):
            window = values[
                max(0, y - radius) : y + radius + 1, max(0, x - radius) : x + radius + 1
            ]
            assert means[y, x] == pytest.approx(window.mean(), abs=1e-5)


@given(UNIT, st.integers(0, 2**31))
def test_on_a_constant_guide_the_line_gives_the_values_back(level, seed):
    """Exactly the mask, whatever it is."""
    values = np.random.default_rng(seed).random((12, 15), np.float32)
    guide = np.full_like(values, level)
    slope, offset = evidence(guide, values, radius=3, epsilon=0.01)
    np.testing.assert_allclose(slope * guide + offset, values, atol=1e-5)
