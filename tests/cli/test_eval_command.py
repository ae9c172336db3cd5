"""``avsseg eval``: what it prints and writes, and how it ends."""

import csv
import hashlib
import json
import shutil

import pytest
from typer.testing import CliRunner

from avsseg.cli import eval as eval_command
from avsseg.cli.app import app

runner = CliRunner()


@pytest.fixture(scope="module")
def ms3(tmp_path_factory, layouts):
    return layouts.write_ms3(tmp_path_factory.mktemp("ms3"))


def run(*arguments):
    return runner.invoke(app, ["eval", *map(str, arguments)])


def test_a_split_gives_tables_and_files(ms3, tiny_checkpoint, tmp_path):
    """Scores, probes and parameters on stdout; everything that the page of a run needs on disk."""
    out = tmp_path / "deep" / "found"
    result = run(ms3, "-w", tiny_checkpoint, "--seeds", "0,1", "-o", out, "--panels", "1")

    assert result.exit_code == 0, result.output
    assert "family A, AVSBench" in result.stdout
    assert "latent replaced by zeros" in result.stdout
    assert "E_phi + E_psi + D_tau + eps_theta" in result.stdout
    document = json.loads((out / "metrics.json").read_text())
    assert next(iter(document)) == "means"
    assert document["context"]["seeds"] == [0, 1]
    assert document["context"]["data"]["published"] is False
    assert document["context"]["checkpoint"]["summary"] == {"what": "random weights for tests"}
    assert len(document["context"]["checkpoint"]["sha256"]) == 64
    assert document["health"]["probes"]["muted"]["frames"] == 5
    assert [row["name"] for row in document["videos"]] == ["dd_0"]
    with (out / "per_video.csv").open() as file:
        assert next(csv.DictReader(file))["name"] == "dd_0"
    assert {path.name.split("_")[0] for path in (out / "panels").iterdir()} >= {"best", "worst"}
    assert (out / "reliability.png").is_file()


def test_json_is_one_document(ms3, tiny_checkpoint):
    """--json prints metrics.json on stdout and nothing else."""
    result = run(ms3, "-w", tiny_checkpoint, "--seeds", "3", "--no-probes", "--json")

    document = json.loads(result.stdout)
    assert document["context"]["seeds"] == [3]
    assert document["spread"] == {}
    assert document["health"] == {}


def test_weights_that_go_away_lose_no_figures(ms3, tiny_checkpoint, tmp_path, monkeypatch):
    """A long evaluation is not thrown away because its checkpoint was moved meanwhile."""
    weights = tmp_path / "moved.safetensors"
    shutil.copyfile(tiny_checkpoint, weights)

    def found(*arguments, **options):
        weights.unlink()
        return evaluated(*arguments, **options)

    evaluated = eval_command._found
    monkeypatch.setattr(eval_command, "_found", found)
    result = run(ms3, "-w", weights, "--seeds", "0", "--no-probes", "--json")

    assert result.exit_code == 0, result.output
    digest = hashlib.sha256(tiny_checkpoint.read_bytes()).hexdigest()
    assert json.loads(result.stdout)["context"]["checkpoint"]["sha256"] == digest


def test_a_folder_that_cannot_be_made_is_told_first(ms3, tmp_path):
    """Before anything is loaded, let alone evaluated: the weights are not there."""
    (tmp_path / "file").write_text("taken")
    folder = tmp_path / "file" / "in" / "it"
    result = run(ms3, "-w", tmp_path / "none.safetensors", "-o", folder)

    assert result.exit_code == 1
    assert f"{folder}: cannot be made" in result.stderr.replace("\n", "")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_one_thing_at_a_time(ms3, tiny_checkpoint):
    """Nothing, or two things, to evaluate on is wrong usage."""
    for arguments in ((), (ms3, "--bank", ms3)):
        result = run(*arguments, "-w", tiny_checkpoint)

        assert result.exit_code == 2
        assert "name one thing to evaluate on" in result.stderr


@pytest.mark.parametrize("seeds", ["", "a", "1,,2"])
def test_seeds_must_be_numbers(ms3, tiny_checkpoint, seeds):
    """A list that is none is wrong usage, before anything heavy begins."""
    result = run(ms3, "-w", tiny_checkpoint, "--seeds", seeds)

    assert result.exit_code == 2


def test_a_subset_that_is_not_there_is_named(ms3, tiny_checkpoint):
    """One line says which index file is missing."""
    result = run(ms3, "--subset", "s4", "-w", tiny_checkpoint)

    assert result.exit_code == 1
    assert "s4_meta_data.csv" in result.stderr
