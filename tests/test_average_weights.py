"""The mean of two trunks, with one network's latent."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from avsseg.checkpoint import load_checkpoint, read_header, save_checkpoint
from avsseg.model.build import build_model

SCRIPT = Path(__file__).parents[1] / "examples" / "average_weights.py"


@pytest.fixture
def two(tiny_checkpoint, tmp_path):
    """The same network with all its weights at one, and at three."""
    paths = []
    for level in (1.0, 3.0):
        model = load_checkpoint(tiny_checkpoint)
        with torch.no_grad():
            for weight in model.parameters():
                weight.fill_(level)
        paths.append(tmp_path / f"{level:g}.safetensors")
        save_checkpoint(paths[-1], model, summary={"steps": "7"})
    return paths


def run(*arguments) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_trunks_are_averaged_and_the_latent_is_the_first_ones(two, tmp_path):
    """A share of a quarter of ones and three quarters of threes is 2.5."""
    done = run(*two, "-o", tmp_path / "mean.safetensors", "--share", 0.25)
    assert done.returncode == 0, done.stderr
    mean = load_checkpoint(tmp_path / "mean.safetensors")
    levels = {part: set() for part in ("necks", "decoder", "denoiser", "latent_encoder")}
    for name, weight in mean.named_parameters():
        levels.get(name.split(".")[0], set()).update(weight.unique().tolist())
    assert levels["necks"] == levels["decoder"] == {2.5}
    assert levels["denoiser"] == levels["latent_encoder"] == {1.0}
    assert read_header(tmp_path / "mean.safetensors").summary["steps"] == "7"


def test_of_named_parts_alone_the_mean_is_taken(two, tmp_path):
    """All else, the latent too, is the second one's."""
    shares = ("--share", 0.25, "--parts", "necks, match")
    done = run(*two, "-o", tmp_path / "mean.safetensors", *shares)
    assert done.returncode == 0, done.stderr
    mean = load_checkpoint(tmp_path / "mean.safetensors")
    for name, weight in mean.named_parameters():
        wanted = 2.5 if name.startswith(("necks.", "match.")) else 3.0
        assert weight.unique().tolist() == [wanted], name


def test_the_gate_is_made_stricter(two, tmp_path):
    """What is taken from its logit is taken of every frame, and nothing else is changed."""
    one, mean = two[0], tmp_path / "mean.safetensors"
    done = run(one, one, "-o", mean, "--stricter", 0.25)
    assert done.returncode == 0, done.stderr
    for name, weight in load_checkpoint(mean).named_parameters():
        wanted = 0.75 if name == "presence.judge.2.bias" else 1.0
        assert weight.unique().tolist() == [wanted], name
    assert "stricter by 0.25" in read_header(mean).summary["averaged"]


def test_a_network_without_a_gate_cannot_be_made_stricter(two, tmp_path):
    config = dataclasses.replace(load_checkpoint(two[0]).config, presence_gate=False)
    save_checkpoint(two[0], build_model(config))
    done = run(two[0], two[0], "-o", tmp_path / "mean.safetensors", "--stricter", 0.5)
    assert done.returncode == 1
    assert "has no presence gate" in done.stderr
    assert not (tmp_path / "mean.safetensors").exists()


def test_a_part_that_the_network_has_not_is_refused(two, tmp_path):
    """With the parts that there are."""
    done = run(*two, "-o", tmp_path / "mean.safetensors", "--parts", "eyes")
    assert done.returncode == 1
    assert "--parts eyes: no such part; there are backbone" in done.stderr
    assert not (tmp_path / "mean.safetensors").exists()


def test_other_networks_are_refused(two, tiny_checkpoint, tmp_path):
    """Nothing is written."""

    config = dataclasses.replace(load_checkpoint(tiny_checkpoint).config, num_steps=1)
    save_checkpoint(tmp_path / "other.safetensors", build_model(config))
    done = run(two[0], tmp_path / "other.safetensors", "-o", tmp_path / "mean.safetensors")
    assert done.returncode == 1
    assert "only equals" in done.stderr
    assert not (tmp_path / "mean.safetensors").exists()
