"""The parameter table against counts known from the paper and from AVSBench."""

import pytest
import torch

from avsseg.model.build import build_model
from avsseg.model.parameters import EXTRA, parameter_table
from avsseg.model.presets import PRESETS, preset


def table(name: str) -> dict[str, int]:
    with torch.device("meta"):
        model = build_model(preset(name))
    return {row.part: row.parameters for row in parameter_table(model)}


def test_what_the_diffusion_adds_is_the_papers_4m():
    """E_phi, E_psi, D_tau and eps_theta have 4 M parameters together (section IV-B)."""
    rows = table("paper-pvt")

    assert rows[EXTRA] == 4_378_416
    assert rows[EXTRA] == sum(rows[part] for part in EXTRA.split(" + "))


def test_baseline_counts_are_the_published_ones():
    """AVSBench's own figures, less what it allocates and never runs (path4's first unit)."""
    rows = table("avsbench-pvt")
    unused = 2 * (256 * 256 * 9 + 256)

    assert rows["TPAVI"] == 4 * 165_760
    assert round(rows["neck"] / 1e6, 2) == 9.44
    assert round((rows["total"] - rows["audio encoder"] + unused) / 1e6, 2) == 101.32
    assert EXTRA not in rows


def test_paper_necks_have_the_width_of_the_paper():
    """C = 128: the counts of the reference notes."""
    rows = table("paper-r50")

    assert round(rows["neck"] / 1e6, 2) == 17.70
    assert rows["TPAVI"] == 4 * 50_112


@pytest.mark.parametrize("name", PRESETS)
def test_parts_add_up_to_the_whole(name):
    """No parameter is counted twice or left out, and only the sound's encoder is frozen."""
    with torch.device("meta"):
        *parts, total = parameter_table(build_model(preset(name)))
    parts = [row for row in parts if row.part != EXTRA]

    assert sum(row.parameters for row in parts) == total.parameters
    assert sum(row.trainable for row in parts) == total.trainable
    assert [row.part for row in parts if row.trainable != row.parameters] == ["audio encoder"]


def test_compact_checkpoint_fits_in_32_mb():
    """Two bytes per parameter stay below what the package may ship."""
    assert 2 * table("compact")["total"] < 32e6
