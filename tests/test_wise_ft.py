"""A backbone between what it is and what it started from."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from avsseg.checkpoint import load_checkpoint, read_header, save_checkpoint

SCRIPT = Path(__file__).parents[1] / "examples" / "wise_ft.py"


@pytest.fixture
def tuned_and_start(tiny_checkpoint, tmp_path):
    """A network with all weights at one, and its backbone's start, all at three."""
    model = load_checkpoint(tiny_checkpoint)
    with torch.no_grad():
        for weight in model.parameters():
            weight.fill_(1.0)
    tuned, start = tmp_path / "tuned.safetensors", tmp_path / "start.safetensors"
    save_checkpoint(tuned, model, summary={"steps": "7"})
    features = model.backbone.net.state_dict().items()
    save_file(
        {n: torch.full_like(v, 3) if v.is_floating_point() else v for n, v in features}, start
    )
    return tuned, start


def run(*arguments) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_backbone_alone_goes_back_by_the_share(tuned_and_start, tmp_path):
    """A quarter of three and three quarters of one is 1.5."""
    mixed = tmp_path / "mixed.safetensors"
    done = run(*tuned_and_start, "-o", mixed, "--share", 0.25)
    assert done.returncode == 0, done.stderr
    for name, weight in load_checkpoint(mixed).named_parameters():
        assert weight.unique().tolist() == [1.5 if name.startswith("backbone.") else 1.0], name
    assert read_header(mixed).summary["steps"] == "7"


def test_stages_and_depthwise_kernels_have_shares_of_their_own(tuned_and_start, tmp_path):
    """The kernels of every stage go all the way, all else of two stages by a quarter."""
    mixed = tmp_path / "mixed.safetensors"
    shares = ("--stages", "1, 2", "--share", 0.25, "--depthwise", 1)
    done = run(*tuned_and_start, "-o", mixed, *shares)
    assert done.returncode == 0, done.stderr
    found = {}
    for name, weight in load_checkpoint(mixed).backbone.named_parameters():
        place = "depthwise" if ".conv_dw." in name else ".".join(name.split(".")[:3])
        found.setdefault(place, set()).update(weight.unique().tolist())
    assert found["depthwise"] == {3.0}
    assert found["net.blocks.1"] == found["net.blocks.2"] == {1.5}
    others = set(found) - {"depthwise", "net.blocks.1", "net.blocks.2"}
    assert others
    assert all(found[place] == {1.0} for place in others)


def test_a_stage_that_is_not_there_is_refused(tuned_and_start, tmp_path):
    """And nothing is written."""
    done = run(*tuned_and_start, "-o", tmp_path / "mixed.safetensors", "--stages", "1,9")
    assert done.returncode == 1
    assert "--stages 9: no such stage; there are 0, 1, 2" in done.stderr
    assert not (tmp_path / "mixed.safetensors").exists()


def test_a_share_of_more_than_all_is_refused(tuned_and_start, tmp_path):
    """It would be a step beyond the start."""
    done = run(*tuned_and_start, "-o", tmp_path / "mixed.safetensors", "--share", 1.5)
    assert done.returncode == 2
    assert "--share is a share, 0 to 1." in done.stderr


def test_a_backbone_of_another_network_is_refused(tuned_and_start, tmp_path):
    """With the file that is wrong."""
    tuned, start = tuned_and_start
    save_file({"conv_stem.weight": torch.zeros(3)}, start)
    done = run(tuned, start, "-o", tmp_path / "mixed.safetensors")
    assert done.returncode == 1
    assert str(start) in done.stderr
    assert not (tmp_path / "mixed.safetensors").exists()
