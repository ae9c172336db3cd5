"""``avsseg score``: what it prints and writes, and how it ends."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from avsseg.cli.app import app

runner = CliRunner()


@pytest.fixture
def folders(tmp_path):
    """Two perfect frames and one false alarm, predictions counted from 0."""
    truth = np.zeros((3, 20, 20), np.uint8)
    truth[:2, 5:15, 5:15] = 255
    mask = truth.copy()
    mask[2, :10] = 255
    for name, frames, first in (("pred", mask, 0), ("truth", truth, 1)):
        (tmp_path / name / "x").mkdir(parents=True)
        for index, frame in enumerate(frames):
            Image.fromarray(frame).save(tmp_path / name / "x" / f"x_{index + first}.png")
    return str(tmp_path / "pred"), str(tmp_path / "truth")


def test_a_table_of_every_score(folders):
    """stdout has each score with its value and meaning; stderr says how files were matched."""
    result = runner.invoke(app, ["score", *folders])

    assert result.exit_code == 0
    assert "0.8333" in result.stdout  # mIoU: 1, 1 and 0.5 on the false alarm
    assert "family A, AVSBench" in result.stdout
    assert "count from 0" in result.stderr


def test_json_is_one_document(folders):
    """--json prints the summary alone on stdout."""
    result = runner.invoke(app, ["score", *folders, "--json", "--metric-batch", "4"])

    document = json.loads(result.stdout)

    assert document["means"]["miou"] == pytest.approx(2.5 / 3)
    assert document["means"]["silent_area"] == pytest.approx(0.5)
    assert document["context"]["metric_batch"] == 4
    assert document["context"]["number_offset"] == -1


def test_results_are_written(tmp_path, folders):
    """-o makes the folder with metrics.json and per_video.csv, and -q says nothing."""
    result = runner.invoke(app, ["score", *folders, "-q", "-o", str(tmp_path / "new" / "out")])

    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert json.loads((tmp_path / "new" / "out" / "metrics.json").read_text())["means"]
    assert (tmp_path / "new" / "out" / "per_video.csv").read_text().startswith("name,category,")


def test_unmatched_truths_are_one_line(tmp_path, folders):
    """A truth without prediction ends the command with 1 and its name."""
    (tmp_path / "pred" / "x" / "x_2.png").unlink()

    result = runner.invoke(app, ["score", *folders])

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert "have no prediction" in result.stderr


def test_a_doubtful_numbering_is_wrong_usage(tmp_path, folders):
    """Where the numbering cannot be told the command ends with 2 and names the option."""
    (tmp_path / "truth" / "x" / "x_3.png").unlink()

    result = runner.invoke(app, ["score", *folders])

    assert result.exit_code == 2
    assert "--numbering" in result.stderr
    assert runner.invoke(app, ["score", *folders, "--numbering", "zero-based"]).exit_code == 0


def test_class_maps_have_their_own_table(folders):
    """--classes scores class maps: grey values are indices, unknown ones background."""
    result = runner.invoke(app, ["score", *folders, "--classes", "71"])

    assert result.exit_code == 0
    assert "miou_legacy_no_last" in result.stdout


def test_scoring_needs_no_torch(folders):
    """Scoring is arithmetic on pictures: torch is not even imported."""
    import subprocess
    import sys

    code = (
        "import sys; from avsseg.cli.app import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert 'torch' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code, "score", *folders], check=True, capture_output=True)
