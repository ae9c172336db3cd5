"""The user's settings file: its values, its place in the order, and its slips."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from avsseg.cli.app import app
from avsseg.cli.settings import settings_path

runner = CliRunner()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.toml"
    monkeypatch.setenv("AVSSEG_CONFIG", str(path))
    monkeypatch.setenv("AVSSEG_CACHE", str(tmp_path / "cache"))
    return path


def test_settings_are_defaults(settings):
    """A line of the file does what the option does."""
    settings.write_text("[weights.list]\njson = true\n")

    assert json.loads(runner.invoke(app, ["weights", "list"]).stdout)


def test_environment_wins_over_settings(settings, monkeypatch):
    """The file gives way to the environment, as that does to the command line."""
    settings.write_text("[weights.pull]\noffline = true\n")
    refused = runner.invoke(app, ["weights", "pull", "vggish"])
    monkeypatch.setenv("AVSSEG_OFFLINE", "0")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    tried = runner.invoke(app, ["weights", "pull", "vggish"])

    assert "Offline" in refused.stderr
    assert "cannot be downloaded" in tried.stderr


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[nothing]\n", "[nothing] is not the table of a command; known: "),
        ("weights = 3\n", "[weights] is not the table of a command"),
        ("[weights.nothing]\n", "[weights.nothing] is not the table of a command"),
        ("[weights.pull]\nspeed = 3\n", "weights.pull.speed is no option; known: all, "),
        ("[weights.list\n", "config.toml"),
    ],
)
def test_slips_are_one_line(settings, text, complaint):
    """What the file cannot mean is one line that names the file, exit 1."""
    settings.write_text(text)
    result = runner.invoke(app, ["weights", "list"])

    assert result.exit_code == 1
    assert complaint in result.stderr
    assert str(settings) in result.stderr
    assert result.stderr.count("\n") == 1


def test_named_file_must_exist(settings):
    """A file that AVSSEG_CONFIG names and that is not there is an error that says so."""
    result = runner.invoke(app, ["weights", "list"])

    assert result.exit_code == 1
    assert f"{settings}: no such file, yet AVSSEG_CONFIG names it" in result.stderr


def test_without_a_file_nothing_changes(tmp_path, monkeypatch):
    """The user's config folder is looked into, and need not hold a file."""
    monkeypatch.delenv("AVSSEG_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))

    assert settings_path().name == "config.toml"
    assert runner.invoke(app, ["weights", "list"]).exit_code == 0
