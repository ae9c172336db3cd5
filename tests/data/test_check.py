"""The dataset doctor: a clean folder is clean, and every planted fault is found."""

import shutil

import numpy as np
import pytest
from PIL import Image

from avsseg.data.check import check_dataset
from avsseg.data.findings import ERRORS, WARNINGS
from avsseg.data.layout import read_index
from avsseg.data.sound_files import write_log_mel
from avsseg.errors import DataError

WRITERS = {"s4": "write_s4", "ms3": "write_ms3", "avss": "write_avss"}


def _kinds(root, subset):
    """Kinds of findings, the number of clips (which is never the published one) left out."""
    report = check_dataset(root, subset)
    return {kind: found for kind, found in report.by_kind().items() if kind != "count"}


@pytest.fixture
def s4(tmp_path, layouts):
    """A clean S4 folder in AVSBench's picture size."""
    return layouts.write_s4(tmp_path, side=224)


@pytest.mark.parametrize("subset", WRITERS)
def test_a_clean_folder_has_only_another_number_of_clips(tmp_path, layouts, subset):
    """Nothing is found in a clean folder but that it is smaller than the published set."""
    root = getattr(layouts, WRITERS[subset])(tmp_path, side=224)

    report = check_dataset(root, subset)

    assert list(report.by_kind()) == ["count"]
    assert report.num_errors == 0
    assert report.num_warnings == 3
    assert report.frame_sizes.keys() == {"224x224"}
    assert report.mask_modes.keys() == {"RGB" if subset == "avss" else "L"}
    assert report.sound_seconds == (5, 10 if subset == "avss" else 5)


def test_counts_are_held_against_the_published_ones(s4):
    """The report carries both numbers of each split."""
    report = check_dataset(s4, "s4")

    assert report.counts == {"train": 2, "val": 1, "test": 1}
    assert report.published == {"train": 3452, "val": 740, "test": 740}
    assert "published 3452" in report.by_kind()["count"][0].detail


def test_missing_files_are_errors(s4):
    """A frame, a truth and a sound that are not there are found by their paths."""
    clip = read_index(s4, "s4")[2]
    for path in (clip.frames[1], clip.masks[4], clip.wav):
        path.unlink()

    found = _kinds(s4, "s4")

    assert list(found) == ["missing frame", "missing mask", "missing sound"]
    assert found["missing frame"][0].where == "s4_data/visual_frames/val/dog/dog_2/dog_2_2.png"
    assert all(finding.severity == "error" for group in found.values() for finding in group)


def test_damaged_files_are_errors(s4):
    """Cut pictures, rubbish sound and rubbish pickles are found."""
    clip = read_index(s4, "s4")[2]
    noise = np.random.default_rng(0).integers(0, 255, (224, 224, 3), np.uint8)
    Image.fromarray(noise).save(clip.frames[0])
    clip.frames[0].write_bytes(clip.frames[0].read_bytes()[:5000])
    clip.masks[0].write_text("no picture")
    clip.wav.write_text("no sound")
    clip.log_mel.parent.mkdir(parents=True)
    clip.log_mel.write_text("no pickle")

    assert len(_kinds(s4, "s4")["damaged"]) == 4


def test_misnamed_and_surplus_files_are_told(tmp_path, layouts):
    """MS3 frames without ``.mp4`` are found and told; a stranger in the folder is told."""
    root = layouts.write_ms3(tmp_path, side=224)
    clip = read_index(root, "ms3")[0]
    clip.frames[0].rename(clip.frames[0].with_name("aa_0_1.png"))
    (clip.frames[0].parent / "Thumbs.db").touch()

    found = _kinds(root, "ms3")

    assert found["misnamed frame"][0].detail == "expected aa_0.mp4_1.png"
    assert [f.where.rpartition("/")[2] for f in found["surplus file"]] == ["Thumbs.db"]


def test_mask_modes_and_stray_pixels_are_told(tmp_path, layouts):
    """RGB truths of MS3, 0/1 truths, and softened edges are told apart."""
    root = layouts.write_ms3(tmp_path, side=224)
    first, second, third, _ = (clip.masks[0] for clip in read_index(root, "ms3"))
    Image.open(first).convert("RGB").save(first)
    Image.fromarray(np.asarray(Image.open(second)) // 255).save(second)
    soft = np.asarray(Image.open(third)).copy()
    soft[100, 100] = 7
    Image.fromarray(soft).save(third)

    found = _kinds(root, "ms3")

    assert [f.detail for f in found["mask mode"]] == ["mode RGB", "mode L", "mode L"]
    assert [f.detail for f in found["stray pixels"]] == ["3 different values"]


def test_specks_and_unknown_colours_of_class_maps_are_told(tmp_path, layouts):
    """One pixel of another class, and one of no class, are found in AVSS truths."""
    root = layouts.write_avss(tmp_path, side=224)
    path = root / "v2" / "v2_c" / "labels_rgb" / "1.png"
    colours = np.asarray(Image.open(path)).copy()
    colours[200, 200] = (0, 128, 0)
    colours[201, 200] = (1, 1, 1)
    Image.fromarray(colours).save(path)

    found = _kinds(root, "avss")

    assert found["specks"][0].detail == "class 2: 1"
    assert found["stray pixels"][0].detail == "1 pixels of no class"


def test_sizes_and_sound_lengths_are_told(s4, layouts):
    """A picture that is not 224 x 224 and a sound of three seconds are told."""
    clip = read_index(s4, "s4")[2]
    layouts.save(layouts.frame(1, side=100), clip.frames[0])
    layouts.save_wav(clip.wav, 3, 440, rate=22_050)

    found = _kinds(s4, "s4")

    assert found["picture size"][0].detail == "100x100"
    assert found["sound length"][0].detail == "3.00 s, 3 blocks for 5 frames"
    assert "sound format" in found


def test_a_log_mel_of_another_length_is_an_error(s4):
    """A pickle must hold one block for each frame."""
    import torch

    clip = read_index(s4, "s4")[0]
    clip.log_mel.parent.mkdir(parents=True)
    write_log_mel(clip.log_mel, torch.zeros(4, 1, 96, 64))

    assert _kinds(s4, "s4")["log-mel shape"][0].detail == "4 blocks"


def test_the_same_clip_in_two_splits_is_told(s4):
    """Equal first pictures or equal sounds in train and test are duplicates."""
    train, _, _, test = read_index(s4, "s4")
    shutil.copy(train.frames[0], test.frames[0])
    shutil.copy(train.wav, test.wav)

    found = _kinds(s4, "s4")["duplicate"]

    assert len(found) == 2
    assert "train/dog/dog_1" in found[0].where
    assert "test/dog/dog_3" in found[0].detail


def test_an_index_that_contradicts_itself_is_an_error(s4):
    """A clip named twice and a split that does not exist are errors."""
    index = s4 / "Single-source" / "s4_meta_data.csv"
    lines = index.read_text().splitlines()
    index.write_text("\n".join([*lines, lines[1], "x,0,dog,trial"]))

    details = [finding.detail for finding in _kinds(s4, "s4")["index"]]

    assert "unknown split 'trial'" in details
    assert "2 times in train" in details


def test_every_kind_is_explained_once():
    """No kind is both an error and a warning."""
    assert not ERRORS.keys() & WARNINGS.keys()


def test_a_folder_that_is_no_dataset_is_one_line(tmp_path):
    """Without index there is nothing to check."""
    with pytest.raises(DataError):
        check_dataset(tmp_path, "s4")
