"""The script that trains what follows a trunk anew, with the latent and without."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.weights import resolve_weights

SCRIPT = Path(__file__).parents[1] / "examples" / "ablate_latent.py"

_spec = spec_from_file_location("avsseg_ablate_latent", SCRIPT)
assert _spec is not None and _spec.loader is not None
ablate = module_from_spec(_spec)
_spec.loader.exec_module(ablate)


@pytest.mark.parametrize("kind", ["ed", "ldm"])
def test_a_form_starts_from_the_trunk_and_fresh_numbers_behind_it(tmp_path, kind):
    comparison = ablate.Comparison(
        bank=tmp_path, folder=tmp_path, weights="avsseg-compact", steps=1, count=1
    )
    start = load_checkpoint(comparison._start(kind, 1))
    known = load_checkpoint(resolve_weights("avsseg-compact")).state_dict()
    assert start.config.kind == kind
    modules = dict(start.named_modules())
    assert all(name in modules for name in ablate.HELD[kind])
    for name, weight in start.state_dict().items():
        if not name.startswith(tuple(f"{part}." for part in ablate.FRESH)):
            assert torch.equal(weight, known[name]), name
    assert not torch.equal(start.decoder.state_dict()[_KERNEL], known[f"decoder.{_KERNEL}"])


_KERNEL = "deep.0.weight"


def test_the_table_tells_the_gain_seed_by_seed():
    names = [f"t5_{row}" for row in ablate.ROWS]
    ed = [{f"{name}_miou": miou for name in names} for miou in (0.5, 0.6)]
    others = {f"{name}_{z}": 0.4 for name in names for z in ("zero_z", "oracle_z")}
    ldm = [{f"{name}_miou": miou for name in names} | others for miou in (0.53, 0.61)]
    row = ablate.table(ed, ldm).splitlines()[2]
    assert row == (
        "| one | 55.0 (50.0 to 60.0) | 57.0 (53.0 to 61.0) | 2.0 (1.0 to 3.0)"
        " | 40.0 (40.0 to 40.0) | 40.0 (40.0 to 40.0) |"
    )
