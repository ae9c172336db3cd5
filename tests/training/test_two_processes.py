"""Launchers: several processes train one network."""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from avsseg.training.config_file import to_toml
from avsseg.training.state import read_state

ROOT = Path(__file__).parents[2]


@pytest.fixture
def launch(make_config, tmp_path):
    """Trains the tiny run under a launcher; gives its folder and what was said."""

    def run(*launcher: str) -> tuple[Path, str]:
        config = make_config(optimisation={"epochs": 2, "ema": 0.5})
        (tmp_path / "tiny.toml").write_text(to_toml(config))
        command = [sys.executable, "-m", *launcher, "-m", "avsseg", "train", "tiny.toml"]
        done = subprocess.run(
            [*command, "--device", "cpu"],
            cwd=tmp_path,
            env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        (folder,) = (tmp_path / "runs/train").iterdir()
        return folder, done.stderr

    return run


def test_two_processes_share_the_clips_and_stay_one_network(launch):
    """torchrun: one folder, half the steps for the same epochs, chance of its own for each."""
    folder, said = launch("torch.distributed.run", "--standalone", "--nproc_per_node=2")

    state = read_state(folder / "last" / "state.pt")
    first, second = state["processes"]
    assert state["clock"]["step"] == 2
    assert not torch.equal(first["random"]["torch"], second["random"]["torch"])
    with (folder / "metrics.csv").open(newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    assert "2 process(es)" in said
    assert said.count("done: 2 steps") == 1


def test_accelerate_launches_the_command(launch):
    """``accelerate launch -m avsseg train`` (on CPUs it starts several processes by MPI alone)."""
    options = ["--num_processes=1", "--num_machines=1", "--mixed_precision=no"]

    folder, said = launch("accelerate.commands.launch", "--cpu", "--dynamo_backend=no", *options)

    assert read_state(folder / "last" / "state.pt")["clock"]["step"] == 4
    assert "done: 4 steps" in said
