"""``avsseg weights``: what it prints, where, and how it ends."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from avsseg.cli.app import app
from avsseg.weights import cache_folder

runner = CliRunner()


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVSSEG_CACHE", str(tmp_path))


def place(name: str, content: bytes) -> Path:
    cache_folder().mkdir(parents=True, exist_ok=True)
    path = cache_folder() / name
    path.write_bytes(content)
    return path


def test_list_names_what_is_known():
    """The list shows each name with its state, one line each."""
    result = runner.invoke(app, ["weights", "list"])

    assert result.exit_code == 0
    assert "vggish" in result.stdout
    assert "not downloaded" in result.stdout


def test_list_as_json_is_one_document():
    """--json prints one document that a program can read, and nothing else on stdout."""
    place("pvt_v2_b5.pth", b"x")
    rows = json.loads(runner.invoke(app, ["weights", "list", "--json"]).stdout)

    states = {row["name"]: row["state"] for row in rows}
    assert states["pvt_v2_b5"] == "downloaded"
    assert states["resnet50"] == "not downloaded"


def test_unknown_name_is_one_line():
    """An unknown name is one line on stderr that lists the known ones, exit 1."""
    result = runner.invoke(app, ["weights", "pull", "nothing"])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: no weights are called nothing; known: ")
    assert result.stderr.count("\n") == 1


def test_pull_without_a_name_is_wrong_usage():
    """Pulling nothing is a slip of the hand: exit 2."""
    assert runner.invoke(app, ["weights", "pull"]).exit_code == 2


def test_pull_offline_tells_what_to_do():
    """--offline refuses to download and says how the file can come here."""
    result = runner.invoke(app, ["weights", "pull", "resnet50", "--offline"])

    assert result.exit_code == 1
    assert "avsseg weights pull resnet50" in result.stderr


def test_verify_finds_the_damaged_file():
    """A file that is not what the manifest says fails the check, exit 1."""
    place("vggish-10086976.pth", b"damaged")
    result = runner.invoke(app, ["weights", "verify"])

    assert result.exit_code == 1
    assert "10086976 is expected" in result.stderr
    assert "resnet50: not downloaded" in result.stdout


def test_verify_named_but_absent_fails():
    """A file asked for by name and not here is a failure; not asked for, it is none."""
    assert runner.invoke(app, ["weights", "verify", "vggish"]).exit_code == 1
    assert runner.invoke(app, ["weights", "verify"]).exit_code == 0


def test_path_prints_only_the_path():
    """The path of a file that is here is the whole of stdout, ready for a shell."""
    placed = place("pvt_v2_b5.pth", b"x")
    result = runner.invoke(app, ["weights", "path", "pvt_v2_b5"])

    assert result.exit_code == 0
    assert result.stdout == f"{placed}\n"


def test_path_of_an_absent_file_is_an_error():
    """A path that does not exist is never printed."""
    result = runner.invoke(app, ["weights", "path", "vggish"])

    assert result.exit_code == 1
    assert result.stdout == ""
