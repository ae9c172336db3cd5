"""Matching predictions with truths by names that rarely agree."""

import pytest

from avsseg.errors import DataError, UsageError
from avsseg.evaluation.pairing import pair_folders


def _touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def _names(pairing):
    return [(a.name, b.name) for clip in pairing.clips for a, b in clip.pairs]


def test_equal_paths_match_whatever_the_suffix(tmp_path):
    """A jpg prediction belongs to the png truth of the same path; clips carry their folders."""
    ours = _touch(tmp_path / "a", "dog/x/x_1.jpg", "dog/x/x_2.jpg")
    theirs = _touch(tmp_path / "b", "dog/x/x_1.png", "dog/x/x_2.png")

    pairing = pair_folders(ours, theirs)

    assert _names(pairing) == [("x_1.jpg", "x_1.png"), ("x_2.jpg", "x_2.png")]
    assert (pairing.offset, pairing.by_name, pairing.surplus) == (0, False, 0)
    assert [(clip.name, clip.category) for clip in pairing.clips] == [("dog/x", "dog")]


def test_frames_are_ordered_by_number(tmp_path):
    """Frame 10 comes after frame 9, padded or not."""
    ours = _touch(tmp_path / "a", *(f"x/{i:04d}.png" for i in range(12)))
    theirs = _touch(tmp_path / "b", *(f"x/{i}.png" for i in range(12)))

    assert _names(pair_folders(ours, theirs))[9:11] == [
        ("0009.png", "9.png"),
        ("0010.png", "10.png"),
    ]


def test_avsbench_saves_from_zero(tmp_path):
    """Predictions 0..4 belong to truths 1..5, and that is told."""
    ours = _touch(tmp_path / "a", *(f"x/x_{i}.png" for i in range(5)))
    theirs = _touch(tmp_path / "b", *(f"x/x_{i}.png" for i in range(1, 6)))

    pairing = pair_folders(ours, theirs)

    assert pairing.offset == -1
    assert _names(pairing)[0] == ("x_0.png", "x_1.png")


def test_avss_truths_count_from_zero(tmp_path):
    """Predictions 1..5 belong to truths 0..4, their label folder left out."""
    ours = _touch(tmp_path / "a", *(f"x/{i}.png" for i in range(1, 6)))
    theirs = _touch(tmp_path / "b", *(f"x/labels_rgb/{i}.png" for i in range(5)))

    pairing = pair_folders(ours, theirs)

    assert pairing.offset == 1
    assert pairing.clips[0].name == "x/labels_rgb"


def test_a_doubtful_numbering_must_be_said(tmp_path):
    """With the first truth alone, predictions 0..4 fit in two ways: the user decides."""
    ours = _touch(tmp_path / "a", *(f"x/x_{i}.png" for i in range(5)))
    theirs = _touch(tmp_path / "b", "x/x_1.png")

    with pytest.raises(UsageError, match="--numbering"):
        pair_folders(ours, theirs)

    assert _names(pair_folders(ours, theirs, numbering="zero-based")) == [("x_0.png", "x_1.png")]
    same = pair_folders(ours, theirs, numbering="same")
    assert _names(same) == [("x_1.png", "x_1.png")]
    assert same.surplus == 4


def test_sparse_truths_of_a_dense_prediction_keep_their_numbers(tmp_path):
    """Where every frame has a prediction, truth 10 belongs to prediction 10."""
    ours = _touch(tmp_path / "a", *(f"x/{i:03d}.png" for i in range(30)))
    theirs = _touch(tmp_path / "b", "x/10.png", "x/20.png")

    pairing = pair_folders(ours, theirs)

    assert _names(pairing) == [("010.png", "10.png"), ("020.png", "20.png")]
    assert pairing.surplus == 28


def test_the_odd_names_of_ms3_match(tmp_path):
    """``x.mp4_1`` is ``x_1``."""
    ours = _touch(tmp_path / "a", "x/x.mp4_1.png", "x/x.mp4_2.png")
    theirs = _touch(tmp_path / "b", "x/x_1.png", "x/x_2.png")

    assert len(_names(pair_folders(ours, theirs))) == 2


def test_flat_predictions_match_by_name(tmp_path):
    """Without common folders, unique file names are enough, and that is told."""
    ours = _touch(tmp_path / "a", "x_1.png", "y_1.png")
    theirs = _touch(tmp_path / "b", "dog/x/x_1.png", "cat/y/y_1.png")

    pairing = pair_folders(ours, theirs)

    assert pairing.by_name
    assert len(pairing.clips) == 2
    assert {clip.category for clip in pairing.clips} == {"dog", "cat"}


def test_names_that_occur_twice_cannot_match_by_name(tmp_path):
    """Two clips with a frame ``1.png`` each need their folders."""
    ours = _touch(tmp_path / "a", "p/1.png", "q/1.png")
    theirs = _touch(tmp_path / "b", "x/1.png", "y/1.png")

    with pytest.raises(DataError, match="more than once"):
        pair_folders(ours, theirs)


def test_missing_predictions_are_listed(tmp_path):
    """The first few truths without prediction are named, with their number."""
    ours = _touch(tmp_path / "a", "x/x_1.png")
    theirs = _touch(tmp_path / "b", *(f"x/x_{i}.png" for i in range(1, 8)))

    with pytest.raises(DataError, match=r"6 of 7 .* x_2\.png, x_3\.png, x_4\.png and 3 more"):
        pair_folders(ours, theirs)


def test_the_same_frame_twice_is_an_error(tmp_path):
    """``x_1.png`` beside ``x_01.png`` would be a guess."""
    ours = _touch(tmp_path / "a", "x_1.png", "x_01.png")

    with pytest.raises(DataError, match="same frame"):
        pair_folders(ours, ours)


def test_names_without_numbers_are_clips_of_their_own(tmp_path):
    """Single pictures match by their names."""
    ours = _touch(tmp_path / "a", "cat.png", "dog.png")
    theirs = _touch(tmp_path / "b", "cat.png", "dog.png")

    assert [clip.name for clip in pair_folders(ours, theirs).clips] == ["cat", "dog"]


def test_empty_and_missing_folders_are_errors(tmp_path):
    """Nothing to score is an error, hidden files do not count."""
    _touch(tmp_path / "a", ".hidden.png", "notes.txt")

    with pytest.raises(DataError, match="no pictures"):
        pair_folders(tmp_path / "a", tmp_path / "a")
    with pytest.raises(DataError, match="no folder"):
        pair_folders(tmp_path / "z", tmp_path / "a")
