"""Folders of masks scored: what is written is what is measured."""

import numpy as np
import pytest
from PIL import Image

from avsseg.data.masks import palette
from avsseg.errors import DataError
from avsseg.evaluation.metrics import BinaryMetrics
from avsseg.evaluation.score import score_class_folders, score_folders, soft_mask
from avsseg.evaluation.semantic import SemanticMetrics


@pytest.fixture
def clips():
    """Three clips of four frames: soft maps in 256 steps, and truths, some of them empty."""
    rng = np.random.default_rng(0)
    levels = rng.integers(0, 256, (3, 4, 12, 16), np.uint8)
    truths = rng.random((3, 4, 12, 16)) > 0.6
    truths[1, 2:] = False
    return levels, truths


def _write(root, clips, name, mode="L"):
    for clip, frames in enumerate(clips):
        for frame, values in enumerate(frames):
            path = root / f"c{clip}" / name.format(clip, frame)
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).convert(mode).save(path)
    return root


def _write_truths(root, truths):
    return _write(root, (truths * 255).astype(np.uint8), "c{}_{}.png")


def test_soft_masks_score_as_their_arrays(tmp_path, clips):
    """Written as 8-bit pictures and read back, every score is that of the arrays."""
    levels, truths = clips
    ours = _write(tmp_path / "p", levels, "c{}_{}.png")
    direct = BinaryMetrics(metric_batch=2)
    for index, (soft, true) in enumerate(zip(levels, truths, strict=True)):
        direct.add(f"c{index}", soft / np.float32(255), true)

    found = score_folders(ours, _write_truths(tmp_path / "t", truths), metric_batch=2).report

    assert found.means == pytest.approx(direct.report().means)
    assert [row["name"] for row in found.videos] == ["c0", "c1", "c2"]


@pytest.mark.parametrize("form", ["0/255", "0/1", "1", "P", "RGB", "zero-based"])
def test_binary_masks_of_every_form_score_alike(tmp_path, clips, form):
    """Perfect masks are perfect in each form that tools save them in."""
    truths = clips[1]
    values = truths.astype(np.uint8) * (1 if form == "0/1" else 255)
    mode = form if form in ("1", "P", "RGB") else "L"
    name = "c{}_{}.png"
    shifted = _write_truths(tmp_path / "t", truths)
    if form == "zero-based":
        for path in sorted(shifted.rglob("*.png"), reverse=True):
            stem, _, number = path.stem.rpartition("_")
            path.rename(path.with_name(f"{stem}_{int(number) + 1}.png"))

    found = score_folders(_write(tmp_path / "p", values, name, mode), shifted)

    assert found.report.means["miou"] == pytest.approx(1)
    assert found.report.means["f"] == pytest.approx(1)
    assert found.zero_one == (form == "0/1" or form == "1")
    assert found.pairing.offset == (-1 if form == "zero-based" else 0)


def test_a_faint_soft_map_is_not_taken_for_a_binary_one():
    """The value 1 of 255 is a probability of 1/255, unless nothing exceeds it anywhere."""
    image = Image.fromarray(np.array([[0, 1]], np.uint8))

    assert soft_mask(image)[0, 1] == pytest.approx(1 / 255)
    assert soft_mask(image, zero_one=True)[0, 1] == 1


def test_soft_masks_of_sixteen_bits_and_of_colours():
    """16-bit grey is over 65535; a coloured mask is foreground wherever it is not black."""
    deep = Image.fromarray(np.array([[0, 32768, 65535]], np.uint16))
    red = Image.fromarray(np.array([[[0, 0, 0], [128, 0, 0]]], np.uint8))

    assert soft_mask(deep)[0].tolist() == pytest.approx([0, 32768 / 65535, 1])
    assert soft_mask(red)[0].tolist() == [0, 1]


def test_sizes_must_agree_unless_resizing_is_asked_for(tmp_path, clips):
    """Another size is an error that names both, or is resized on request."""
    truths = clips[1]
    double = np.repeat(np.repeat(truths, 2, axis=2), 2, axis=3).astype(np.uint8) * 255
    ours = _write(tmp_path / "p", double, "c{}_{}.png")
    theirs = _write_truths(tmp_path / "t", truths)

    with pytest.raises(DataError, match=r"32x24 .* 16x12.*--resize"):
        score_folders(ours, theirs)
    assert score_folders(ours, theirs, resize=True).report.means["miou"] > 0.5


def test_class_maps_score_as_their_arrays(tmp_path):
    """Colours against colours give the scores of the indices; short clips are padded to ten."""
    rng = np.random.default_rng(1)
    predicted, truths = rng.integers(0, 4, (2, 2, 5, 8, 8))
    direct = SemanticMetrics(4)
    for ours, theirs in zip(predicted, truths, strict=True):
        direct.add("x", ours, theirs, padding=5, category="")
    left = _write(tmp_path / "p", palette()[predicted], "{1}.png", "RGB")
    right = _write(tmp_path / "t", palette()[truths], "{1}.png", "RGB")

    means = score_class_folders(left, right, num_classes=4).report.means

    assert means == pytest.approx(direct.report().means)
    assert means["miou_legacy"] > means["miou"]
