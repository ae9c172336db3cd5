"""Real clips with masks at some moments: read, predicted as ``predict`` does, scored at size."""

import csv
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from avsseg.checkpoint import load_checkpoint
from avsseg.errors import DataError
from avsseg.evaluation.evaluation import EvalOptions
from avsseg.evaluation.real_clips import evaluate_clips, read_labels
from avsseg.prediction import Prediction
from avsseg.videos import segment_video


@pytest.fixture(scope="module")
def model(tiny_checkpoint):
    return load_checkpoint(tiny_checkpoint)


@pytest.fixture
def folder(tmp_path, make_film):
    """A film of 3 s with a truth at 0.5 s and an empty one at 1.5 s."""
    make_film("film.mp4", seconds=3)
    truth = np.zeros((48, 64), np.uint8)
    truth[:24, :32] = 255
    (tmp_path / "masks" / "film").mkdir(parents=True)
    rows = [("clip", "time_s", "mask", "empty")]
    for time, mask in ((0.5, truth), (1.5, truth * 0)):
        name = f"film/{round(1000 * time):06d}.png"
        Image.fromarray(mask).save(tmp_path / "masks" / name)
        rows.append(("film.mp4", str(time), name, str(int(not mask.any()))))
    with (tmp_path / "masks" / "index.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return tmp_path


def test_masks_are_those_that_predict_gives(model, folder):
    """Each truth meets the mask of its own second, brought to the film's size."""
    found = evaluate_clips(model, read_labels(folder), EvalOptions(seeds=(0, 1), panels=2))

    masks = [
        [np.repeat(np.repeat(m.mask > 0.5, 2, 0), 2, 1) for m in segment_video(path, model, seed=s)]
        for s in (0, 1)
        for path in [folder / "film.mp4"]
    ]
    empty = np.mean([per_seed[1].mean() for per_seed in masks])
    assert found.report.means["empty_area"] == pytest.approx(empty, abs=0.02)
    assert found.report.means["frames"] == 2
    assert found.report.means["empty_frames"] == 1
    assert [row["name"] for row in found.report.videos] == ["film.mp4"]
    assert found.panels[0].picture.shape == (4 * 67 - 3, 2 * 67 - 3, 3)


@pytest.mark.parametrize(("cut", "expected"), [(4, 0.5 / 3), (2, 0.0)])
def test_the_mask_is_steady_where_its_area_stays_within_each_shot(
    model, folder, make_film, monkeypatch, cut, expected
):
    """Masks of a half, a half, a quarter and a quarter: a cut in between is no flicker."""
    make_film("film.mp4", seconds=4)
    side = model.config.image_size

    def marked(*_):
        for second in range(4):
            mask = np.zeros((side, side), np.float32)
            mask[: side // (2 if second < 2 else 4)] = 1
            yield Prediction(
                index=second,
                time=Fraction(2 * second + 1, 2),
                mask=mask,
                raw=mask,
                sounding=1.0,
                loudness_db=None,
                scene=int(second >= cut),
            )

    monkeypatch.setattr("avsseg.evaluation.real_clips.predictions", marked)
    options = EvalOptions(seeds=(0,), probes=False)
    change = evaluate_clips(model, read_labels(folder), options).report.means["area_change"]

    assert change == pytest.approx(expected)


def test_controls_stand_beside_the_score(model, folder):
    """A quarter of the picture is the truth, so the full frame scores a quarter."""
    means = evaluate_clips(model, read_labels(folder), EvalOptions(seeds=(0,))).report.means

    assert means["full_frame_miou"] == 0.25
    assert 0 <= means["muted_miou"] <= 1
    assert 0 <= means["muted_area"] <= 1


def test_without_probes_nothing_is_muted(model, folder):
    """The muted control and the written film cost a pass each, which --no-probes saves."""
    options = EvalOptions(seeds=(0,), probes=False)
    means = evaluate_clips(model, read_labels(folder), options).report.means

    assert "muted_area" not in means
    assert "film_miou" not in means
    assert "miou" in means


def test_a_folder_without_an_index_says_what_it_lacks(tmp_path):
    """The error names the file and its columns."""
    with pytest.raises(DataError, match=r"index\.csv: is missing; it lists clip, time_s and mask"):
        read_labels(tmp_path)


def test_a_film_that_is_missing_is_named(folder):
    """An index that names a film which is not there is an error."""
    (folder / "film.mp4").unlink()

    with pytest.raises(DataError, match=r"film\.mp4: is missing"):
        read_labels(folder)
