"""Masks of every mode, as we read them and as AVSBench does."""

import numpy as np
import pytest
from PIL import Image

from avsseg.data.masks import (
    binary_mask,
    class_map,
    legacy_differs,
    legacy_mask,
    open_picture,
    palette,
    resize_nearest,
)
from avsseg.errors import DataError

TRUTH = np.zeros((9, 12), bool)
TRUTH[2:7, 3:8] = True


def _grey(value):
    return Image.fromarray(np.where(TRUTH, value, 0).astype(np.uint8))


def _palette_01():
    image = _grey(1).convert("P")
    image.putpalette([0, 0, 0, 255, 255, 255])
    return image


def _inverted_palette():
    image = Image.fromarray(np.where(TRUTH, 0, 1).astype(np.uint8)).convert("P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    return image


def _deep():
    return Image.fromarray(np.where(TRUTH, 65535, 0).astype(np.uint16))


MODES = {
    "1": lambda: Image.fromarray(TRUTH),
    "L 255": lambda: _grey(255),
    "L 1": lambda: _grey(1),
    "L 38": lambda: _grey(38),
    "LA": lambda: _grey(255).convert("LA"),
    "RGB": lambda: _grey(255).convert("RGB"),
    "RGB red": lambda: Image.merge("RGB", [_grey(128), _grey(0), _grey(0)]),
    "RGBA": lambda: _grey(255).convert("RGBA"),
    "P of grey": lambda: _grey(255).convert("P"),
    "P 0/1": _palette_01,
    "P inverted": _inverted_palette,
    "I;16": _deep,
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_the_same_truth(tmp_path, mode):
    """Written to a PNG and read back, the foreground is the same in every mode."""
    MODES[mode]().save(tmp_path / "mask.png")

    mask = binary_mask(open_picture(tmp_path / "mask.png"))

    np.testing.assert_array_equal(mask, TRUTH)


@pytest.mark.parametrize(
    ("mode", "subset", "white"),
    [("L 255", "s4", 1), ("L 255", "ms3", 1), ("1", "s4", 1), ("1", "ms3", 1),
     ("RGB", "s4", 1), ("RGB", "ms3", 225 / 255), ("L 1", "s4", 0), ("L 1", "ms3", 1 / 255),
     ("P 0/1", "s4", 1), ("P 0/1", "ms3", 1 / 255)],
)  # fmt: skip
def test_the_legacy_truth_is_known(tmp_path, mode, subset, white):
    """AVSBench's ``P`` and ``1`` paths give these values, and a difference is noticed."""
    MODES[mode]().save(tmp_path / "mask.png")
    image = open_picture(tmp_path / "mask.png")

    assert legacy_mask(image, subset)[4, 5] == pytest.approx(white)
    assert legacy_differs(image, subset) == (white != 1)


def test_the_palette_is_that_of_avss():
    """Index 1 is (128, 0, 0), 7 is grey, 70 is (32, 128, 128), and no colour occurs twice."""
    colours = palette()

    assert colours[[0, 1, 7, 8]].tolist() == [[0, 0, 0], [128, 0, 0], [128] * 3, [64, 0, 0]]
    assert colours[70].tolist() == [32, 128, 128]
    assert len(np.unique(colours, axis=0)) == 71


def test_class_maps_come_from_colours_palettes_and_indices():
    """The three ways in which label pictures are published agree."""
    labels = np.random.default_rng(0).integers(0, 71, (8, 10))
    coloured = Image.fromarray(palette()[labels])
    indexed = Image.fromarray(labels.astype(np.uint8)).convert("P")
    indexed.putpalette(palette().ravel().tolist())

    for image in (coloured, indexed, Image.fromarray(labels.astype(np.uint8))):
        found, unknown = class_map(image)
        np.testing.assert_array_equal(found, labels)
        assert not unknown.any()


def test_unknown_colours_are_background_and_are_told():
    """A colour of no class becomes 0, as AVSBench's argmax makes it, and is reported."""
    colours = palette()[np.ones((4, 4), int)]
    colours[0, 0] = (1, 2, 3)

    labels, unknown = class_map(Image.fromarray(colours))

    assert labels[0, 0] == 0
    assert labels.sum() == 15
    assert unknown.sum() == 1


@pytest.mark.parametrize("size", [(5, 4), (24, 18), (12, 9), (7, 30)])
def test_nearest_resizing_is_pillows(size):
    """No label is mixed, and the choice of pixel is Pillow's."""
    labels = np.random.default_rng(1).integers(0, 9, (9, 12)).astype(np.uint8)

    expected = np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST))

    np.testing.assert_array_equal(resize_nearest(labels, size), expected)


def test_missing_and_damaged_pictures_are_one_line(tmp_path):
    """A missing, an empty and a cut file are each a DataError that names the file."""
    path = tmp_path / "mask.png"
    with pytest.raises(DataError, match="missing"):
        open_picture(path)
    path.write_bytes(b"")
    with pytest.raises(DataError, match=r"mask\.png"):
        open_picture(path)
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match=r"mask\.png"):
        open_picture(path)
