"""Masks in numbers."""

import numpy as np
import pytest

from avsseg.media.figures import binary_mask, measure_mask


def test_figures_of_a_rectangle():
    """Pixels, share, box and mean probability, by hand."""
    levels = np.full((10, 20), 25, np.uint8)
    levels[2:5, 4:10] = 204

    figures = measure_mask(levels)

    assert figures.pixels == 18
    assert figures.area == pytest.approx(0.09)
    assert figures.box == (4, 2, 10, 5)
    assert figures.score == pytest.approx(0.8)


def test_an_empty_mask_has_no_box():
    """All figures are zero."""
    figures = measure_mask(np.full((4, 4), 100, np.uint8))

    assert (figures.pixels, figures.area, figures.box, figures.score) == (0, 0, None, 0)


def test_the_threshold_itself_is_inside():
    """At least the threshold, to the step."""
    levels = np.array([[127, 128, 129]], np.uint8)

    assert binary_mask(levels).tolist() == [[False, True, True]]
