"""Runs over many videos as users start them: lists, parts, dry runs, several at a time."""

import json
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
EXAMPLE = ROOT / "examples/kill_and_resume.py"
runner = CliRunner()


@pytest.fixture
def predict(tiny_checkpoint, tmp_path):
    """Runs the command in this process; outputs go to ``tmp_path / "out"``."""

    def run(*arguments, code=0, stdin=None):
        fixed = ["-w", str(tiny_checkpoint), "-o", str(tmp_path / "out"), "--output", "csv"]
        result = runner.invoke(app, ["predict", *fixed, *map(str, arguments)], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.stderr
        return result

    return run


@pytest.fixture
def folder(make_film, tmp_path):
    """Three good films, one without sound and one that is none."""
    for name in ("a", "b", "deep/c"):
        make_film(f"in/{name}.mkv", seconds=1)
    make_film("in/mute.mkv", seconds=1, sounds=())
    (tmp_path / "in/text.mkv").write_text("this is no film")
    return tmp_path / "in"


def statuses(result):
    reports = [json.loads(line) for line in result.stdout.splitlines()]
    return {Path(report["input"]).stem: report["status"] for report in reports}


def test_a_dry_run_foresees_what_the_run_does(folder, predict, tmp_path, monkeypatch):
    """For each video what and why; it loads no network and writes nothing."""
    predict(folder / "a.mkv", code=0)
    monkeypatch.chdir(tmp_path)
    before = sorted((tmp_path / "out").rglob("*"))
    with monkeypatch.context() as no_network:
        no_network.setattr("avsseg.predict_jobs.load_model", None)
        said = predict("in", "--dry-run", code=3)
        as_json = predict("in", "--dry-run", "--json", code=3)

    assert sorted((tmp_path / "out").rglob("*")) == before
    assert said.stdout.splitlines()[:3] == [
        "skip  in/a.mkv: finished before",
        f"do    in/b.mkv -> {tmp_path / 'out/b'}",
        f"do    in/deep/c.mkv -> {tmp_path / 'out/deep/c'}",
    ]
    assert said.stdout.splitlines()[3].startswith("fail  in/mute.mkv: has no sound track")
    assert said.stdout.splitlines()[4].startswith("fail  in/text.mkv: not a video file")
    assert said.stderr.splitlines()[-1] == "2 to do, 1 skipped, 2 failed, of 5 videos"
    done = statuses(predict(folder, "--json", code=3))
    foreseen = statuses(as_json)
    assert {name: "planned" if s == "done" else s for name, s in done.items()} == foreseen


def test_a_dry_run_foresees_what_is_in_the_way(folder, predict):
    """Finished outputs of other settings are not written over unasked."""
    predict(folder / "a.mkv")

    assert "--overwrite" in predict(folder / "a.mkv", "--fps", "2", "--dry-run", code=1).stdout
    assert predict(folder / "a.mkv", "--fps", "2", "--dry-run", "--overwrite").stdout[:2] == "do"


def test_videos_come_from_a_list_on_stdin(folder, predict, tmp_path):
    """A file that is gone meanwhile is a failed video among done ones."""
    names = [folder / "a.mkv", folder / "gone.mkv", folder / "deep"]
    result = predict("--from-file", "-", "--json", code=3, stdin="\n".join(map(str, names)))

    assert statuses(result) == {"a": "done", "gone": "failed", "c": "done"}
    assert (tmp_path / "out/deep/c/frames.csv").exists()


def test_shards_together_do_everything_once(folder, predict):
    """Each in its turn; an empty one is no failure."""
    (folder / "text.mkv").unlink()
    parts = [predict(folder, "--shard", f"{n}/7", "--silent-ok", "--dry-run") for n in range(1, 8)]
    lines = [line for part in parts for line in part.stdout.splitlines()]

    assert len(lines) == len(set(lines)) == 4
    assert any("no video falls to shard" in part.stderr for part in parts)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "--from-file"),
        (("--shard", "0/2", "film.mkv"), "numbered from 1"),
        (("--jobs", "0", "film.mkv"), "jobs"),
        (("--profile", "--jobs", "2", "film.mkv"), "--profile"),
    ],
)
def test_wrong_requests_are_one_line(arguments, named, folder, predict, monkeypatch):
    """Nothing is begun."""
    monkeypatch.chdir(folder)
    (folder / "film.mkv").touch()

    assert named in predict(*arguments, code=2).stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_ends_workers_too(make_film, tiny_checkpoint, tmp_path):
    """All of a terminal's processes hear it: status 130, nothing half written."""
    films = [make_film(f"{n}.mkv", seconds=90, size=(96, 64)) for n in range(2)]
    out = tmp_path / "out"
    command = [sys.executable, "-m", "avsseg", "predict", *map(str, films), "-o", str(out)]
    command += ["-w", str(tiny_checkpoint), "--fps", "8", "--jobs", "2"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 300
    while len({f.parent for f in out.rglob(".avsseg-*.mp4") if f.exists()}) < 2:
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    said, complaint = process.communicate(timeout=300)

    assert process.returncode == 130
    assert "2 not done, of 2 videos\nerror: interrupted\n" in complaint
    assert said == ""
    assert list(out.rglob("*")) == []


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_a_killed_run_is_resumed_and_nothing_is_lost(tiny_checkpoint):
    """The example, small: good clips once and whole, bad ones with reasons, nothing else."""
    options = ["--clips", "12", "--bad", "3", "--kills", "1", "--jobs", "2"]
    result = subprocess.run(
        [sys.executable, str(EXAMPLE), *options, "-w", str(tiny_checkpoint)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert "9 done once each, 3 reasons: ok" in result.stdout
