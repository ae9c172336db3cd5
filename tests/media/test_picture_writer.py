"""Masks as pictures."""

import numpy as np
import pytest
from PIL import Image

from avsseg.media.picture_writer import (
    open_mask_folder,
    open_palette_folder,
    picture_name,
    voc_palette,
)


@pytest.mark.parametrize("size", [(48, 64), (49, 65), (1, 1)])
def test_masks_are_read_back_as_they_were(tmp_path, size):
    """Eight bits, 0 and 255, in the size of the source, odd ones too."""
    mask = np.random.default_rng(0).random(size) > 0.5

    with open_mask_folder(tmp_path / "masks") as folder:
        folder.write(0, mask)
        folder.write(1_234_567, ~mask)

    picture = Image.open(tmp_path / "masks" / "000000.png")
    assert picture.mode == "L"
    np.testing.assert_array_equal(np.asarray(picture), mask * 255)
    other = np.asarray(Image.open(tmp_path / "masks" / "1234567.png"))
    np.testing.assert_array_equal(other, ~mask * 255)


def test_names_sort_in_order_of_time():
    """Six digits carry a film of days."""
    names = [picture_name(n) for n in (9, 10, 99_999, 100_000)]

    assert names == sorted(names) == ["000009.png", "000010.png", "099999.png", "100000.png"]


def test_palette_pictures_hold_classes_and_show_voc_colours(tmp_path):
    """Tools read the class, people see its colour."""
    classes = np.arange(48 * 64, dtype=np.uint32).reshape(48, 64).astype(np.uint8)

    with open_palette_folder(tmp_path / "classes") as folder:
        folder.write(3, classes)

    picture = Image.open(tmp_path / "classes" / "000003.png")
    assert picture.mode == "P"
    np.testing.assert_array_equal(np.asarray(picture), classes)
    shown = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(shown, voc_palette()[classes])


def test_the_palette_is_that_of_voc():
    """The first colours are known by heart to every tool of the field."""
    assert voc_palette()[:8].tolist() == [
        [0, 0, 0],
        [128, 0, 0],
        [0, 128, 0],
        [128, 128, 0],
        [0, 0, 128],
        [128, 0, 128],
        [0, 128, 128],
        [128, 128, 128],
    ]
    assert voc_palette()[20].tolist() == [0, 64, 128]
    assert voc_palette()[255].tolist() == [224, 224, 192]


def test_an_interrupted_folder_does_not_appear(tmp_path):
    """Half a film of masks is no result."""
    with pytest.raises(KeyboardInterrupt), open_mask_folder(tmp_path / "masks") as folder:
        folder.write(0, np.ones((4, 4), np.bool_))
        raise KeyboardInterrupt

    assert list(tmp_path.iterdir()) == []
