"""``avsseg train`` as it is typed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from avsseg.cli.app import app

ROOT = Path(__file__).parents[2]
runner = CliRunner()

TINY = """
name = "tiny"
[model]
preset = "compact"
backbone = "test_efficientnet"
image_size = 64
channels = 8
decoder_channels = 8
audio_hidden = 8
latent_hidden = 16
denoiser_widths = [16, 8, 8, 8]
num_timesteps = 4
num_steps = 2
[data]
workers = {workers}
[data.avsbench]
root = "{root}"
subset = "ms3"
[optimisation]
steps = {steps}
batch = 1
[validation]
every_steps = -1
panels = 0
[saving]
log_steps = 1
every_steps = 1
"""


@pytest.fixture
def tiny(tmp_path, layouts):
    """Writes the config of a tiny run and names its file."""
    layouts.write_ms3(tmp_path / "data")

    def write(steps: int, workers: int = 0) -> str:
        path = tmp_path / "tiny.toml"
        path.write_text(TINY.format(root=tmp_path / "data", steps=steps, workers=workers))
        return str(path)

    return write


def start(tmp_path: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "avsseg", "train", *arguments],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    for _ in range(3000):
        if path.exists() or process.poll() is not None:
            return
        time.sleep(0.1)


def test_trains_then_goes_on_with_the_newest_run(tiny, tmp_path, monkeypatch):
    """``--resume`` alone takes the newest run of the config's name; a path takes that run."""
    monkeypatch.chdir(tmp_path)

    first = runner.invoke(app, ["train", tiny(1), "--device", "cpu"])
    more = runner.invoke(app, ["train", "--resume", tiny(2), "--device", "cpu"])
    path = str(tmp_path / "runs/train/tiny")
    rest = ["train", "--resume", path, "--set", "optimisation.steps=3", "--device", "cpu"]
    last = runner.invoke(app, rest)

    assert [first.exit_code, more.exit_code, last.exit_code] == [0, 0, 0], last.stderr
    assert "resumed at step 1" in more.stderr
    assert "changed: optimisation.steps = 3" in last.stderr
    assert "resumed at step 2" in (tmp_path / "runs/train/tiny/log.txt").read_text()
    assert first.stdout == ""
    assert len(list((tmp_path / "runs/train").iterdir())) == 1


def test_time_ends_a_run(tiny, tmp_path):
    """A time budget stops a run that would go on for long, and it is validated and kept."""
    output = ["--output", str(tmp_path / "timed"), "--device", "cpu", "-q"]

    done = runner.invoke(app, ["train", tiny(10**6), "--time", "0.0001h", *output])

    assert done.exit_code == 0
    assert done.stderr == ""
    assert (tmp_path / "timed/tiny/best.safetensors").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "CONFIG.toml"),
        (["nowhere.toml"], 1, "nowhere.toml"),
        (["TINY", "--set", "optimisation.learning=1"], 1, "known here"),
        (["TINY", "--set", "data.avsbench.root=nowhere"], 1, "nowhere"),
        (["TINY", "--set", "model.backbone=no_such_net"], 1, "no_such_net"),
        (["TINY", "--init-from", "nowhere"], 1, "nowhere"),
        (["TINY", "--resume"], 1, "no run called tiny"),
        (["TINY", "--resume", "nowhere"], 1, "nowhere"),
        (["TINY", "--resume", "x", "--init-from", "y"], 2, "--init-from"),
        (["TINY", "--time", "soon"], 2, "soon"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_no_run(
    tiny, tmp_path, monkeypatch, arguments, code, said
):
    """A missing file, an unknown key or a clash of options is told before a folder is made."""
    monkeypatch.chdir(tmp_path)

    done = runner.invoke(app, ["train", *(tiny(1) if a == "TINY" else a for a in arguments)])

    assert done.exit_code == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_exits_with_130(tiny, tmp_path, number):
    """Ctrl-C and SIGTERM, to loaders too, end a run between two steps, ready to be resumed."""
    process = start(tmp_path, tiny(10**6, workers=1), "--device", "cpu")
    wait_for(tmp_path / "runs/train/tiny/last/state.pt", process)

    os.killpg(process.pid, number)
    _, told = process.communicate(timeout=300)

    assert process.returncode == 130, told[-2000:]
    assert "go on with --resume" in told
    assert "Traceback" not in told
    resumed = ["train", "--resume", str(tmp_path / "runs/train/tiny"), "--device", "cpu"]
    done = runner.invoke(app, [*resumed, "--time", "1s"])
    assert done.exit_code == 0, done.stderr


def test_a_kill_costs_no_more_than_the_steps_since_the_last_save(tiny, tmp_path):
    """kill -9 in the midst of things leaves a whole state."""
    process = start(tmp_path, tiny(10**6), "--device", "cpu")
    state = tmp_path / "runs/train/tiny/last/state.pt"
    wait_for(state, process)
    time.sleep(0.5)
    process.kill()
    process.communicate(timeout=60)

    resumed = ["train", "--resume", str(tmp_path / "runs/train/tiny"), "--device", "cpu"]
    done = runner.invoke(app, [*resumed, "--time", "1s"])

    assert done.exit_code == 0, done.stderr
    assert "resumed at step" in done.stderr
