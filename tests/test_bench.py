"""What is measured, on films and with a network small enough for a test."""

import json
import time

import av
import pytest
from typer.testing import CliRunner

from avsseg.cli.app import app
from avsseg.media.made_film import make_film as make_measured_film
from avsseg.media.probe import probe

SIZE = (128, 96)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("made") / "made.mp4"
    make_measured_film(path, seconds=2, size=SIZE, rate=10)
    return path


def test_the_made_film_has_picture_and_sound_of_its_length(film):
    """As many pictures as seconds times rate, moving, and a sound track as long."""
    info = probe(film)
    with av.open(str(film)) as container:
        pictures = [f.to_ndarray(format="gray", threads=1) for f in container.decode(video=0)]

    assert info.size == SIZE
    assert float(info.duration) == pytest.approx(2)
    assert info.has_audio
    assert len(pictures) == 20
    assert (pictures[0] != pictures[10]).mean() > 0.5


def test_runs_are_measured_stage_by_stage(film, tiny_checkpoint):
    """The annotated video shows all stages that work on it; the codec's limit two of them."""
    from avsseg.bench import ANNOTATED, CODEC, Setting, measure
    from avsseg.cli.bench import bench_record

    setting = Setting(video=film, weights=tiny_checkpoint, device="cpu", repeats=2)
    measured = [measure(task, setting, time.time()) for task in (ANNOTATED, CODEC)]
    record = bench_record(measured, film={}, machine={}, weights="tiny")
    annotated, codec = json.loads(json.dumps(record))["runs"]

    assert set(annotated["stages"]) >= {
        *("decode", "convert", "sound", "audio encoder", "backbone", "neck", "TPAVI", "DDIM"),
        *("decoder", "overlay", "encode"),
    }
    assert set(codec["stages"]) == {"second decode", "second convert", "encode"}
    for run in (annotated, codec):
        assert len(run["all_seconds"]) == 2
        assert run["floor"] <= run["cpu_seconds"]
        assert run["over_floor"] == pytest.approx(run["seconds"] / run["floor"])
        assert run["peak_bytes"] > 10e6
        assert all(stage["busy"] >= 0 <= stage["wait"] for stage in run["stages"].values())
    assert codec["over_codec"] == 1
    assert annotated["moments"] == 8
    assert annotated["pictures"] == 20


def test_the_tables_are_whole_without_a_terminal(capsys):
    """Eighty columns would cut the figures off."""
    from avsseg.bench import TASKS, Measured
    from avsseg.cli.bench import _show, bench_record
    from avsseg.stage_timer import STAGES, RunTimes, StageTime

    stages = {name: StageTime(busy=1234.56, cpu=1, wait=1234.56) for name in STAGES}
    run = RunTimes(wall=1234.56, cpu=2468.11, cores=2, stages=stages)
    facts = {"moments": 1000, "sounding_moments": 100}
    measured = [
        Measured(task=task, runs=(run,), startup=12.34, peak_bytes=2**30, facts=facts)
        for task in TASKS
    ]
    machine = {
        "processor": "one",
        "cores": 2,
        "load": 0.5,
        "device": "cpu",
        "precision": "fp32",
    }
    film = {"name": "made.mp4", "width": 1280, "height": 720, "seconds": 20}
    _show(bench_record(measured, film=film, machine=machine, weights="tiny"))
    shown = capsys.readouterr().out

    assert "…" not in shown
    assert shown.count("1234.56 (1234.56)") == len(STAGES) * len(TASKS)
    assert shown.count("100/1000") == len(TASKS)
    assert "Nothing in this film" not in shown


def test_predict_shows_its_own_profile(film, tiny_checkpoint, tmp_path):
    """--profile puts a line for each stage on stderr, and the run against its floor."""
    arguments = ["predict", str(film), "-w", str(tiny_checkpoint), "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(app, [*arguments, "--profile", "--device", "cpu"])

    assert result.exit_code == 0
    for stage in ("decode", "TPAVI", "DDIM", "overlay", "encode", "floor"):
        assert stage in result.stderr
    assert "waited" in result.stderr
    assert "waited" not in result.stdout


@pytest.mark.slow
def test_the_command_measures_all_in_processes_of_their_own(film, tiny_checkpoint):
    """One JSON document on stdout: start-up apart, memory of each run by itself."""
    arguments = ["bench", str(film), "-w", str(tiny_checkpoint), "--repeats", "1", "--json"]
    result = CliRunner().invoke(app, [*arguments, "--device", "cpu"])
    runs = {run["name"]: run for run in json.loads(result.stdout)["runs"]}

    assert len(runs) == 5
    assert all(run["startup_seconds"] > 0 for run in runs.values())
    assert runs["codec alone"]["over_codec"] == 1
