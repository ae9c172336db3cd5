"""The script that trains what follows a trunk anew, with the latent and without."""

import pytest
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.weights import resolve_weights

KERNEL = "deep.0.weight"


@pytest.fixture(scope="module")
def ablate(example):
    """The script's own module."""
    return example("ablate_latent")


def comparison(ablate, folder, **changed):
    settings = {"bank": folder, "weights": "avsseg-compact", "steps": 1, "count": 1}
    return ablate.Comparison(folder=folder, **(settings | changed))


@pytest.mark.parametrize("kind", ["ed", "ldm"])
def test_a_form_starts_from_the_trunk_and_fresh_numbers_behind_it(ablate, tmp_path, kind):
    start = load_checkpoint(comparison(ablate, tmp_path)._start(kind, 1))
    known = load_checkpoint(resolve_weights("avsseg-compact")).state_dict()
    assert start.config.kind == kind
    modules = dict(start.named_modules())
    assert all(name in modules for name in ablate.HELD[kind])
    for name, weight in start.state_dict().items():
        if not name.startswith(tuple(f"{part}." for part in ablate.FRESH)):
            assert torch.equal(weight, known[name]), name
    assert not torch.equal(start.decoder.state_dict()[KERNEL], known[f"decoder.{KERNEL}"])


def test_a_folder_holds_runs_of_equal_settings(ablate, tmp_path):
    """Else networks of other steps, or figures of other scenes, would stand in one table."""
    comparison(ablate, tmp_path).prepare()
    comparison(ablate, tmp_path).prepare()
    with pytest.raises(SystemExit, match="other settings"):
        comparison(ablate, tmp_path, steps=2).prepare()


def test_the_table_tells_the_gain_seed_by_seed(ablate):
    names = [f"t5_{row}" for row in ablate.ROWS]
    ed = [{f"{name}_miou": miou for name in names} for miou in (0.5, 0.6)]
    others = {f"{name}_{z}": 0.4 for name in names for z in ("zero_z", "oracle_z")}
    ldm = [{f"{name}_miou": miou for name in names} | others for miou in (0.53, 0.61)]
    row = ablate.table(ed, ldm).splitlines()[2]
    assert row == (
        "| one | 55.0 (50.0 to 60.0) | 57.0 (53.0 to 61.0) | 2.0 (1.0 to 3.0)"
        " | 40.0 (40.0 to 40.0) | 40.0 (40.0 to 40.0) |"
    )
