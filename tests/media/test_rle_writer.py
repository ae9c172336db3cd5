"""COCO annotations."""

import json
from fractions import Fraction

import numpy as np
import pytest

from avsseg.media.rle import decode_mask, decompress_counts
from avsseg.media.rle_writer import open_rle_writer


@pytest.mark.parametrize("compressed", [True, False])
def test_masks_are_found_again_in_the_json(tmp_path, compressed):
    """Images with times, annotations with run lengths, box, area and score."""
    mask = np.zeros((49, 65), np.bool_)
    mask[10:20, 30:50] = True
    mask[12, 60] = True

    with open_rle_writer(tmp_path / "masks.json", compressed=compressed) as writer:
        writer.write(0, Fraction(1, 8), mask, score=0.87654)
        writer.write(5, Fraction(5, 8), ~mask, score=0.5)
        writer.write(6, Fraction(3, 4), np.zeros_like(mask), score=0.0)

    data = json.loads((tmp_path / "masks.json").read_text())
    assert [(i["id"], i["file_name"], i["time_s"]) for i in data["images"]] == [
        (0, "000000.png", 0.125),
        (5, "000005.png", 0.625),
        (6, "000006.png", 0.75),
    ]
    first, second = data["annotations"]
    assert (first["image_id"], first["area"], first["bbox"]) == (0, 201, [30, 10, 31, 10])
    assert (first["id"], second["id"], first["score"]) == (1, 2, 0.8765)
    assert data["categories"] == [{"id": 1, "name": "sounding"}]
    for annotation, expected in ((first, mask), (second, ~mask)):
        counts = annotation["segmentation"]["counts"]
        counts = decompress_counts(counts) if compressed else counts
        assert annotation["segmentation"]["size"] == [49, 65]
        np.testing.assert_array_equal(decode_mask(counts, 49, 65), expected)


def test_classes_of_one_moment_share_its_image(tmp_path):
    """Several annotations, one image."""
    mask = np.ones((2, 2), np.bool_)

    with open_rle_writer(tmp_path / "m.json", categories=("dog", "man")) as writer:
        writer.write(0, Fraction(0), mask, score=1.0, category=1)
        writer.write(0, Fraction(0), mask, score=1.0, category=2)

    data = json.loads((tmp_path / "m.json").read_text())
    assert len(data["images"]) == 1
    assert [a["category_id"] for a in data["annotations"]] == [1, 2]


def test_a_film_in_which_nothing_sounds_is_valid_json(tmp_path):
    """Empty lists, not a torn file."""
    with open_rle_writer(tmp_path / "m.json"):
        pass

    data = json.loads((tmp_path / "m.json").read_text())
    assert data["annotations"] == data["images"] == []
