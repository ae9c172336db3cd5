"""``avsseg info``: the facts of a video and the parameters of a network."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from avsseg.cli.app import app

EXAMPLE = Path(__file__).parents[2] / "examples" / "farmyard.mp4"
runner = CliRunner()


def test_video_facts_are_told():
    """Size, rate, length and the sound that is listened to stand in the text."""
    said = runner.invoke(app, ["info", str(EXAMPLE)]).stdout

    assert "960x468, 25 pictures/s" in said
    assert "14.000 s" in said
    assert "aac, mono, 44100 Hz, listened to" in said


def test_video_facts_as_json_keep_exact_times():
    """--json is one document whose times are exact fractions."""
    facts = json.loads(runner.invoke(app, ["info", str(EXAMPLE), "--json"]).stdout)

    assert (facts["width"], facts["height"]) == (960, 468)
    assert facts["time_base"] == "1/12800"
    assert facts["audio_tracks"][0]["rate"] == 44100


def test_file_that_is_no_video_is_one_line(tmp_path):
    """A text file called mp4 ends with one line and 1."""
    path = tmp_path / "text.mp4"
    path.write_text("not a film")
    result = runner.invoke(app, ["info", str(path)])

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert str(path) in result.stderr


def test_latent_part_of_the_paper_has_four_million_parameters():
    """E_phi, E_psi, eps_theta and D_tau together have the paper's "4M" parameters."""
    result = runner.invoke(app, ["info", "--model", "paper-r50", "--json"])
    rows = {row["part"]: row["parameters"] for row in json.loads(result.stdout)["parts"]}

    extra = rows.pop("E_phi + E_psi + D_tau + eps_theta")
    assert round(extra / 1e6) == 4
    assert sum(rows.values()) == 2 * rows["total"]


def test_baseline_has_no_latent_part():
    """The deterministic baseline counts no diffusion."""
    said = runner.invoke(app, ["info", "--model", "avsbench-r50"]).stdout

    assert "eps_theta" not in said
    assert "latent" not in said


@pytest.mark.parametrize(
    ("arguments", "status"),
    [([], 2), ([str(EXAMPLE), "--model", "paper-r50"], 2), (["--model", "nothing"], 1)],
)
def test_wrong_requests_are_one_line(arguments, status):
    """Neither, both, or an unknown model is one line with the status of its kind."""
    result = runner.invoke(app, ["info", *arguments])

    assert result.exit_code == status
    assert result.stderr.count("\n") == 1
