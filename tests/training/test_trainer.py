"""Whole runs: they learn, they stop, and they go on as if they had never stopped."""

import csv
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from avsseg.checkpoint import load_checkpoint, read_header
from avsseg.errors import ConfigError, DataError, MediaError, TrainingError
from avsseg.training.config import SavingConfig, ValidationConfig
from avsseg.training.config_file import read_config
from avsseg.training.objective_config import ObjectiveConfig
from avsseg.training.run_directory import RunDirectory


def rows(trainer) -> list[dict[str, str]]:
    with trainer.run.metrics.open(newline="") as file:
        return list(csv.DictReader(file))


def press_ctrl_c(at: int):
    return lambda step: os.kill(os.getpid(), signal.SIGINT) if step == at else None


def flat(state) -> dict[str, torch.Tensor]:
    """Every number of a saved state, by its path."""
    found: dict[str, torch.Tensor] = {}

    def walk(value, name: str) -> None:
        if isinstance(value, torch.Tensor):
            found[name] = value
        elif isinstance(value, dict):
            for key, inner in value.items():
                walk(inner, f"{name}.{key}")
        elif isinstance(value, list | tuple):
            for key, inner in enumerate(value):
                walk(inner, f"{name}.{key}")

    walk(state, "")
    return found


def test_four_epochs_are_two_and_two_resumed_bit_for_bit(make_config, train):
    """Model, mean, optimizer, random numbers, data position and memory bank all go on."""
    choices = {
        "data": {"flip": 0.5},
        "model": {"drop_path": 0.1},
        "objective": ObjectiveConfig(memory_bank=8, latent_x0=0.3, latent_sample_grad=0.2),
        "validation": ValidationConfig(panels=0),
    }
    common = {"ema": 0.9, "warmup": 3, "clip_norm": 1.0, "accumulate": 2}
    four = make_config(optimisation=common | {"epochs": 4}, **choices)
    two = make_config(optimisation=common | {"epochs": 2}, **choices)

    whole = train(four)
    half = train(two)
    rest = train(four, resume=half.run)

    assert half.clock.step == 2
    assert rest.run.path == half.run.path
    assert rest.clock.step == whole.clock.step == 4
    wanted, found = flat(whole.state()), flat(rest.state())
    assert wanted.keys() == found.keys()
    assert [name for name in wanted if not torch.equal(wanted[name], found[name])] == []
    assert [row["total"] for row in rows(rest)] == [row["total"] for row in rows(whole)]
    assert [row["val_miou"] for row in rows(rest)] == [row["val_miou"] for row in rows(whole)]


def test_cosine_run_stopped_by_ctrl_c_ends_as_if_never_stopped(make_config, train):
    """A signal is granted after the step: the state is saved, and nothing of it is lost."""
    config = make_config(optimisation={"epochs": 3, "schedule": "cosine"})
    whole = train(config)

    with pytest.raises(KeyboardInterrupt):
        train(config, after=press_ctrl_c(at=3))
    stopped = RunDirectory.latest(whole.run.path.parent, "test")
    rest = train(config, resume=stopped)

    assert stopped.path.name == "test-2"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    wanted, found = whole.model.state_dict(), rest.model.state_dict()
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_a_run_leaves_what_it_promises(make_config, train):
    """Settings in full, figures, curves, panels, and weights that open on their own."""
    config = make_config(
        optimisation={"ema": 0.5}, validation=ValidationConfig(panels=2, samples=2)
    )

    run = train(config).run

    assert read_config(run.config) == config
    (panel,) = run.panels.iterdir()
    assert panel.name == "step-000002.png"
    assert np.asarray(Image.open(panel)).shape == (64, 4 * 64 + 3 * 4, 3)
    assert Image.open(run.curves).size[0] > 100
    assert read_header(run.best).summary["steps"] == "2"
    assert load_checkpoint(run.best).config == config.model
    assert load_file(run.last).keys() == load_file(run.best).keys()


def test_names_are_never_taken_twice(make_config, train):
    """A second run of the same name gets a folder of its own; the first is left as it was."""
    config = make_config(optimisation={"steps": 1})
    first = train(config).run
    before = first.metrics.read_bytes()

    second = train(config).run

    assert (first.path.name, second.path.name) == ("test", "test-2")
    assert first.metrics.read_bytes() == before


def test_best_weights_are_those_of_the_highest_val_miou(make_config, train):
    """The kept checkpoint tells the best of all validations."""
    config = make_config(
        optimisation={"epochs": 3, "lr": 0.02}, validation=ValidationConfig(panels=0)
    )

    trainer = train(config)

    scores = [float(row["val_miou"]) for row in rows(trainer) if row["val_miou"]]
    assert len(scores) == 3
    kept = float(read_header(trainer.run.best).summary["val_miou"])
    assert kept == pytest.approx(max(scores), abs=1e-4)
    assert trainer.best == pytest.approx(max(scores), rel=1e-5)


def test_loss_falls_on_a_handful_of_clips(make_config, train):
    """The tiny network learns its two clips by heart."""
    config = make_config(
        optimisation={"steps": 40, "lr": 5e-3, "batch": 2},
        objective=ObjectiveConfig(contrastive_weight=0.1),
    )

    told = rows(train(config))

    early = sum(float(row["seg"]) for row in told[:4]) / 4
    late = sum(float(row["seg"]) for row in told[-4:]) / 4
    assert late < 0.5 * early


@pytest.mark.parametrize("kind", ["cvae", "ed"])
def test_baselines_run_in_the_same_loop(make_config, train, kind):
    """E-D and CVAE train, validate and draw panels like the LDM."""
    config = make_config(
        model={"kind": kind}, validation=ValidationConfig(panels=1), optimisation={"steps": 1}
    )

    assert train(config).run.best.exists()


@pytest.mark.parametrize("subset", ["s4", "avss"])
def test_other_subsets_run_in_the_same_loop(make_config, train, subset, clips_root):
    """S4 learns from first frames; AVSS learns classes, in clips of ten frames."""
    model = {"num_classes": 71, "num_frames": 10} if subset == "avss" else {}
    if subset == "avss":
        _add_val_clip(clips_root)
    config = make_config(
        subset=subset,
        model=model,
        validation=ValidationConfig(panels=1, samples=1),
        optimisation={"steps": 1},
    )

    trainer = train(config)

    assert 0 <= trainer.best <= 1


def _add_val_clip(root) -> None:
    index = root / "metadata.csv"
    text = index.read_text()
    index.write_text(text.replace("v2_c,v2_c,0,0,dog,test", "v2_c,v2_c,0,0,dog,val"))


def test_loss_that_is_no_number_stops_the_run_and_keeps_the_rest(
    make_config, train, tmp_path, monkeypatch
):
    """One clear line, with the weights of the last save still whole."""
    from avsseg.training import objective

    real, calls = objective.segmentation_loss, []

    def spoilt(logits, masks):
        calls.append(1)
        return real(logits, masks) * (float("nan") if len(calls) > 2 else 1)

    monkeypatch.setattr(objective, "segmentation_loss", spoilt)
    config = make_config(
        optimisation={"epochs": 3}, saving=SavingConfig(every_steps=1, log_steps=1)
    )

    with pytest.raises(TrainingError, match=r"step 3: .*not a number.*seg nan.*last is kept") as at:
        train(config)

    assert "\n" not in str(at.value)
    run = RunDirectory.latest(tmp_path / "runs", "test")
    assert all(torch.isfinite(t).all() for t in load_checkpoint(run.last).state_dict().values())


def test_resuming_drops_rows_that_a_kill_left_behind(make_config, train):
    """Steps after the last save are taken again, and told once."""
    config = make_config(optimisation={"steps": 2})
    half = train(config)
    with half.run.metrics.open("a") as file:
        file.write("3,1.5,9,9,9,9,9,9,9,9,9,9,,\n4,2,9")

    rest = train(
        make_config(optimisation={"steps": 4}), resume=RunDirectory.existing(half.run.path)
    )

    assert [row["step"] for row in rows(rest)] == ["1", "2", "3", "4"]


def test_a_resumed_run_takes_what_its_own_encoders_made_of_the_clips(
    make_config, train, tmp_path, tiny_checkpoint
):
    """The cache of features is that of before the stop, and the run ends as if never stopped."""
    cached = {"data": {"feature_cache": str(tmp_path / "features")}}
    frozen = {"freeze_backbone": True, "epochs": 2}
    start = {"init_from": str(tiny_checkpoint)}
    whole = train(make_config(optimisation=frozen, **cached), **start)
    first = train(make_config(optimisation=frozen | {"epochs": 1}, **cached), **start)
    caches = list((tmp_path / "features").iterdir())
    rest = train(make_config(optimisation=frozen, **cached), resume=first.run)

    assert list((tmp_path / "features").iterdir()) == caches
    assert len(caches) == 1
    wanted, found = flat(whole.state()), flat(rest.state())
    assert [name for name in wanted if not torch.equal(wanted[name], found[name])] == []


def test_another_network_cannot_resume_a_run(make_config, train):
    """What a run trains is fixed; its length and pace are not."""
    run = train(make_config(optimisation={"steps": 1})).run

    with pytest.raises(ConfigError, match=r"model\.latent_dim cannot change"):
        train(make_config(model={"latent_dim": 8}), resume=run)


def test_full_disk_is_one_line_and_keeps_the_state(make_config, train, tmp_path):
    """A state that cannot be written leaves the one before it."""
    resource = pytest.importorskip("resource")
    config = make_config(
        optimisation={"epochs": 2}, saving=SavingConfig(every_steps=1, log_steps=1)
    )
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_up(step: int) -> None:
        if step == 2:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))

    try:
        with pytest.raises(MediaError, match=r"state\.pt") as at:
            train(config, after=fill_up)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert "\n" not in str(at.value)
    run = RunDirectory.latest(tmp_path / "runs", "test")
    rest = train(replace(config, saving=SavingConfig(every_minutes=60)), resume=run)
    assert rest.clock.step == 4


@pytest.mark.parametrize("workers", [0, 1])
def test_missing_file_is_one_line(make_config, train, tmp_path, layouts, workers):
    """A picture that is gone is named, whichever process noticed it."""
    layouts.write_ms3(tmp_path / "gaps")
    frames = tmp_path / "gaps/Multi-sources/ms3_data/visual_frames"
    for name in ("aa_0", "bb_0"):
        (frames / name / f"{name}.mp4_3.png").unlink()
    config = make_config()
    source = replace(config.data.avsbench, root=str(tmp_path / "gaps"))
    config = replace(config, data=replace(config.data, avsbench=source, workers=workers))

    with pytest.raises(DataError, match=r"^/.*_0\.mp4_3\.png: the file is missing.*$") as at:
        train(config)

    assert "\n" not in str(at.value)


def test_autocast_trains_too(make_config, train):
    """bfloat16 on the CPU gives a finite loss and weights in float32."""
    trainer = train(make_config(optimisation={"steps": 1, "precision": "bf16"}))

    assert float(rows(trainer)[0]["total"]) < 100
    assert {p.dtype for p in trainer.model.parameters()} == {torch.float32}


def test_half_precision_needs_a_gpu(make_config, train):
    """fp16 on a CPU is refused before anything is made."""
    with pytest.raises(ConfigError, match="fp16"):
        train(make_config(optimisation={"precision": "fp16"}))
