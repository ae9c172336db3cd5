"""Evaluation of a network on a split: the same masks as ``predict``, every probe, the spread."""

import numpy as np
import pytest
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.data.avsbench import AVSBench
from avsseg.errors import UsageError
from avsseg.evaluation.dataset import evaluate_dataset
from avsseg.evaluation.evaluation import EvalOptions
from avsseg.evaluation.family_a import frame_iou
from avsseg.noise import batch_noise


@pytest.fixture(scope="module")
def model(tiny_checkpoint):
    return load_checkpoint(tiny_checkpoint)


@pytest.fixture(scope="module")
def clips(tmp_path_factory, layouts, model):
    """Two clips of S4's training split and one test clip as if they were one split."""
    root = layouts.write_s4(tmp_path_factory.mktemp("s4"))
    offset = float(model.audio_encoder.log_offset)
    parts = [AVSBench(root, "s4", s, size=64, log_mel_offset=offset) for s in ("train", "test")]

    class Joined:
        num_frames = 5

        def __len__(self):
            return 3

        def __getitem__(self, index):
            if index > 2:
                raise IndexError
            return parts[0][index] if index < 2 else parts[1][0]

    return Joined()


@pytest.fixture(scope="module")
def found(model, clips):
    return evaluate_dataset(model, clips, EvalOptions(seeds=(0, 1), panels=2))


def test_the_score_is_that_of_what_predict_computes(model, clips, found):
    """mIoU is that of the network's own ``segment`` with each clip's own noise, over two seeds."""
    expected = []
    for seed in (0, 1):
        for index in range(3):
            sample = clips[index]
            noise = batch_noise(model.config, seed, [index])
            with torch.inference_mode():
                logits = model.segment(sample.frames[None], sample.log_mel[None], noise)
            kept = sample.labelled.numpy()
            masks = logits[0, :, 0].sigmoid().numpy()[kept] > 0.5
            expected.append(frame_iou(masks, sample.masks[kept, 0].numpy() > 0.5).mean())

    assert found.report.means["miou"] == pytest.approx(np.mean(expected), abs=1e-6)
    assert [row["name"] for row in found.report.videos] == ["dog_1", "cat_1", "dog_3"]


def test_batch_size_has_no_part_in_the_result(model, clips, found):
    """All clips at a time give the same means, probes and partners as one at a time."""
    together = evaluate_dataset(model, clips, EvalOptions(seeds=(0, 1), panels=2, batch=3))

    for name, value in found.report.means.items():
        assert together.report.means[name] == pytest.approx(value, abs=1e-5)
    ours = found.findings["health"]["probes"]
    theirs = together.findings["health"]["probes"]
    assert ours.keys() == theirs.keys()
    for name, row in ours.items():
        assert theirs[name] == pytest.approx(row, abs=1e-5)


def test_every_probe_is_asked_on_every_clip_that_allows_it(found):
    """The first clip has no partner; each other clip has all probes, and only labelled frames."""
    probes = found.findings["health"]["probes"]

    assert {name: row["frames"] for name, row in probes.items()} == {
        "sampled": 7,
        "mean_of_samples": 7,
        "zero_z": 7,
        "shuffled_z": 6,
        "oracle_z": 7,
        "muted": 7,
        "swapped": 6,
    }
    assert probes["sampled"]["gap"] == 0


def test_retrieval_takes_one_frame_of_each_sounding_clip(found):
    """Three clips give three pairs; the bound follows from the loss."""
    retrieval = found.findings["health"]["retrieval"]

    assert retrieval["pairs"] == 3
    bound = np.log(3) - retrieval["contrastive_loss"]
    assert retrieval["information_bound"] == pytest.approx(bound)
    assert len(found.findings["health"]["z0_std"]) == 24
    assert len(found.findings["health"]["denoising_error"]) == 20


def test_the_spread_is_over_seeds(model, clips, found):
    """The mean of two seeds lies between them, and their standard deviation is the spread."""
    single = [evaluate_dataset(model, clips, EvalOptions(seeds=(s,), probes=False)) for s in (0, 1)]
    values = [one.report.means["calibration_error"] for one in single]

    assert found.report.means["calibration_error"] == pytest.approx(np.mean(values))
    assert found.spread["calibration_error"] == pytest.approx(np.std(values, ddof=1))
    assert single[0].spread == {}


def test_a_clip_of_another_length_is_refused(model, clips):
    """A network of five frames says so when it is given ten."""

    class Longer:
        num_frames = 10

        def __len__(self):
            return 1

    with pytest.raises(UsageError, match="5 frames and these have 10"):
        evaluate_dataset(model, Longer(), EvalOptions())


def test_panels_hold_the_extremes(found):
    """Two fixed clips, the two worst and the two best, and those whose sound stops."""
    kinds = [panel.kind for panel in found.panels]

    assert kinds == ["fixed", "fixed", "interrupted", "worst", "worst", "best", "best"]
    worst = [panel.score for panel in found.panels if panel.kind == "worst"]
    assert worst == sorted(worst)
    assert found.panels[-1].picture.dtype == np.uint8
