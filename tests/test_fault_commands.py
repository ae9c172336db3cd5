"""Whole commands in processes of their own, while something is wrong with the world around them."""

import contextlib
import ctypes
import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from avsseg.cli.app import app

fcntl = pytest.importorskip("fcntl", reason="leases and limits as Linux has them")

ROOT = Path(__file__).parents[1]
AAC = ({"codec": "aac"},)
ALL = ("--output", "overlay,csv,masks")
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "AVSSEG_CONFIG": os.devnull}


def avsseg(*arguments, cwd=ROOT, **options):
    """Runs the command; its words are kept."""
    return subprocess.run(
        [sys.executable, "-m", "avsseg", *map(str, arguments)],
        cwd=cwd,
        check=False,
        text=True,
        timeout=900,
        **{"capture_output": True, "env": ENVIRONMENT} | options,
    )


def complaint(done, status=1):
    """The one line that a failed command says."""
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("error: "))
    return line


def noise(number, size):
    """A picture that no encoder makes small."""
    return np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), np.uint8)


def obey_permissions():
    """Takes from root the right to write where permissions forbid it."""
    if os.geteuid() == 0:
        drop_from_bounding_set, override = 24, 1
        ctypes.CDLL(None).prctl(drop_from_bounding_set, override, 0, 0, 0)


@contextlib.contextmanager
def read_only(folder):
    """Nothing can be written in a folder, nor in those below it; skips where root still can."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for one in folders:
        one.chmod(0o555)
    try:
        attempt = ["touch", str(folder / "attempt")]
        done = subprocess.run(
            attempt, preexec_fn=obey_permissions, stderr=subprocess.DEVNULL, check=False
        )
        if done.returncode == 0:
            pytest.skip("permissions do not hold here")
        yield
    finally:
        for one in folders:
            one.chmod(0o755)


def test_a_disk_that_fills_up_leaves_whole_outputs_or_none(
    make_film, tiny_checkpoint, tmp_path, monkeypatch
):
    """The video that no longer fits is missing; what is there is whole, and not called finished."""
    film = make_film("film.mp4", sounds=AAC, size=(160, 120), picture=noise)
    monkeypatch.setenv("AVSSEG_CONFIG", os.devnull)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, limits[1]))
    try:
        done = CliRunner().invoke(
            app, ["predict", str(film), "-w", str(tiny_checkpoint), "-o", str(tmp_path / "o"), *ALL]
        )
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert done.exit_code == 1, done.exception
    assert "overlay.mp4: cannot be written" in done.stderr
    left = {path.name: path for path in (tmp_path / "o").glob("film/*")}
    assert left.keys() <= {".unfinished-avsseg", "frames.csv", "masks"}
    if left:
        rows = left["frames.csv"].read_text().splitlines()
        assert len(rows) == 1 + len(list(left["masks"].iterdir()))


def test_a_read_only_output_is_one_line(make_film, tiny_checkpoint, tmp_path):
    """The folder is there but not to be written to."""
    film = make_film("film.mp4", sounds=AAC, seconds=1)
    out = tmp_path / "out"
    (out / "film").mkdir(parents=True)
    with read_only(out):
        done = avsseg(
            *("predict", film, "-w", tiny_checkpoint, "-o", out, "--output", "csv"),
            preexec_fn=obey_permissions,
        )

    assert str(out) in complaint(done)


def test_weights_that_cannot_be_kept_are_one_line(tmp_path):
    """A cache in a place that is not to be written to is said before anything is downloaded."""
    with read_only(tmp_path):
        done = avsseg(
            *("weights", "pull", "vggish"),
            env=ENVIRONMENT | {"AVSSEG_CACHE": str(tmp_path / "cache")},
            preexec_fn=obey_permissions,
        )

    assert "set AVSSEG_CACHE to another" in complaint(done)


def test_an_input_is_never_an_output(make_film, tiny_checkpoint, tmp_path, monkeypatch):
    """Not even where it lies in its own overlay's place and overwriting is asked for."""
    monkeypatch.setenv("AVSSEG_CONFIG", os.devnull)
    film = make_film("overlay/overlay.mp4", sounds=AAC, seconds=1)
    content = film.read_bytes()
    arguments = ["-w", str(tiny_checkpoint), "-o", str(tmp_path), "--overwrite"]
    done = CliRunner().invoke(app, ["predict", str(film), *arguments])

    assert done.exit_code == 1, done.exception
    assert "is the input itself" in done.stderr
    assert film.read_bytes() == content
    assert [path.name for path in film.parent.iterdir()] == ["overlay.mp4"]


def test_a_reader_that_goes_away_is_no_traceback(make_film, tiny_checkpoint, tmp_path):
    """What was worked out is there all the same."""
    film = make_film("film.mp4", sounds=AAC, seconds=1)
    reader, writer = os.pipe()
    os.close(reader)
    arguments = ("predict", film, "-w", tiny_checkpoint, "-o", tmp_path / "out", "--json")
    done = avsseg(
        *arguments, "--output", "csv", capture_output=False, stdout=writer, stderr=subprocess.PIPE
    )
    os.close(writer)

    assert done.returncode == 141
    assert "Traceback" not in done.stderr
    assert {path.name for path in (tmp_path / "out/film").iterdir()} == {
        *("frames.csv", "manifest.json")
    }


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_results_that_cannot_be_written_are_one_line():
    """As when stdout is a file on a full disk."""
    with Path("/dev/full").open("w") as full:
        done = avsseg("weights", "list", capture_output=False, stdout=full, stderr=subprocess.PIPE)

    assert "No space left" in complaint(done)


@pytest.mark.parametrize("command", ["predict", "eval", "score"])
def test_a_name_too_long_for_any_disk_is_no_traceback(command):
    """Wherever it is looked for first."""
    done = CliRunner().invoke(app, [command, "a" * 5000, "b" * 5000], env={"AVSSEG_CONFIG": ""})

    assert done.exit_code in (1, 2), done.exception
    assert isinstance(done.exception, SystemExit)


def test_nobody_needs_to_listen():
    """A caller may have closed stdout and stderr, as some daemons do."""
    command = [sys.executable, "-m", "avsseg", "weights", "list"]
    words = " ".join(map(shlex.quote, command))
    done = subprocess.run(["sh", "-c", f"{words} >&- 2>&-"], cwd=ROOT, env=ENVIRONMENT, check=False)

    assert done.returncode == 0


STALLS = """
import sys
import avsseg.cli.errors
avsseg.cli.errors.PATIENCE = 1.0
sys.argv[0] = "avsseg"
from avsseg.cli import main
main()
"""


def test_a_source_that_stalls_is_given_up(make_film):
    """A file that another program keeps from being opened, as a dead network drive would."""
    film = make_film("film.mp4", seconds=1)
    earlier = signal.signal(signal.SIGIO, signal.SIG_IGN)
    try:
        with film.open("rb+") as file:
            try:
                fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            except (OSError, AttributeError):
                pytest.skip("no leases here")
            done = subprocess.run(
                [sys.executable, "-c", STALLS, "info", str(film)],
                cwd=ROOT,
                env=ENVIRONMENT,
                capture_output=True,
                text=True,
                check=False,
                timeout=900,
            )
    finally:
        signal.signal(signal.SIGIO, earlier)

    assert "has not answered for 1 s" in complaint(done)


def test_two_runs_into_one_folder_leave_whole_files(make_film, tiny_checkpoint, tmp_path):
    """Both succeed, or one says in a line that it was late."""
    film = make_film("film.mp4", sounds=AAC)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "avsseg", "predict", film, "-w", tiny_checkpoint, "-o", out]
    runs = [
        subprocess.Popen(
            [*map(str, command), *ALL],
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    words = [run.communicate(timeout=900)[1] for run in runs]

    assert 0 in [run.returncode for run in runs]
    for run, said in zip(runs, words, strict=True):
        assert "Traceback" not in said
        assert run.returncode == 0 or "is there already" in said or "exists already" in said
    names = {path.name for path in (out / "film").iterdir()}
    assert names == {"overlay.mp4", "frames.csv", "masks", "manifest.json"}
    with av.open(str(out / "film/overlay.mp4")) as overlay:
        assert sum(1 for _ in overlay.decode(video=0)) == 20


def test_an_installation_that_cannot_be_written_works(make_film, tiny_checkpoint, tmp_path):
    """As root's installation does for anybody, also where there is no home."""
    install = tmp_path / "install"
    shutil.copytree(ROOT / "avsseg", install / "avsseg", ignore=shutil.ignore_patterns("*.pyc"))
    shutil.copytree(ROOT / "weights", install / "weights", ignore=shutil.ignore_patterns("*.safe*"))
    film = make_film("film.mp4", sounds=AAC, seconds=1)
    nowhere = dict.fromkeys(("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), "/dev/null/none")
    with read_only(install):
        done = avsseg(
            *("predict", film, "-w", tiny_checkpoint, "-o", tmp_path / "out", "--output", "csv"),
            cwd=install,
            env={k: v for k, v in ENVIRONMENT.items() if k != "AVSSEG_CONFIG"} | nowhere,
            preexec_fn=obey_permissions,
        )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/film/frames.csv").is_file()
    assert not list(install.rglob("*.pyc"))
