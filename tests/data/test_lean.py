"""Cut-outs seen aslant."""

import numpy as np

from avsseg.data.cutouts import CutOut
from avsseg.data.lean import lean


def test_a_leaning_object_keeps_its_pixels_under_its_mask():
    """Corners move, sides stay straight, and what the mask covers is the object still."""
    pixels = np.full((60, 90, 3), (10, 200, 30), np.uint8)
    pixels[5:-5, 5:-5] = (220, 40, 40)
    mask = np.zeros((60, 90), np.uint8)
    mask[5:-5, 5:-5] = 255
    shapes, rng = set(), np.random.default_rng(3)
    for _ in range(20):
        leaning = lean(CutOut(pixels=pixels, mask=mask), rng, 0.08)
        covered, ratio = leaning.pixels[leaning.mask == 255], leaning.mask.mean() / 255
        assert (np.abs(covered.astype(int) - (220, 40, 40)).max(axis=1) < 25).mean() > 0.97
        assert 0.4 < ratio * leaning.mask.size / (50 * 80) < 2
        shapes.add(leaning.mask.shape)
    assert len(shapes) > 10
    still = lean(CutOut(pixels=pixels, mask=mask), rng, 0.0)
    np.testing.assert_array_equal(still.pixels, pixels)
    np.testing.assert_array_equal(still.mask, mask)
