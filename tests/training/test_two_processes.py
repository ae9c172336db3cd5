"""Several processes train one network."""

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

LAUNCHERS = {
    "torchrun": ["torch.distributed.run", "--standalone", "--nproc_per_node=2"],
    "accelerate": ["accelerate.commands.launch", "--cpu", "--num_processes=2", "--num_machines=1",
                   "--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0"],
}  # fmt: skip


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_two_processes_share_the_clips_and_stay_one_network(launcher, make_config, tmp_path):
    """Under torchrun and accelerate launch: one folder, half the steps, one set of weights."""
    config = make_config(optimisation={"epochs": 2, "ema": 0.5})
    (tmp_path / "two.toml").write_text(to_toml(config))
    command = [sys.executable, "-m", *LAUNCHERS[launcher], "-m", "avsseg", "train"]
    options = [str(tmp_path / "two.toml"), "--output", str(tmp_path / "runs"), "--device", "cpu"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        command + options, cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr[-3000:]
    (run,) = (tmp_path / "runs").iterdir()
    state = read_state(run / "last" / "state.pt")
    assert state["clock"]["step"] == 2
    first, second = state["processes"]
    assert not torch.equal(first["random"]["torch"], second["random"]["torch"])
    with (run / "metrics.csv").open(newline="") as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2"]
    assert done.stderr.count("done: 2 steps") == 1
