"""``avsseg data check`` and ``prepare``: what they print and how they end."""

import json
from fractions import Fraction

import pytest
from typer.testing import CliRunner

from avsseg.cli.app import app
from avsseg.data.layout import read_index

runner = CliRunner()


@pytest.fixture
def ms3(tmp_path, layouts):
    """A clean MS3 folder in AVSBench's picture size."""
    return layouts.write_ms3(tmp_path / "data", side=224)


def test_a_usable_folder_ends_with_0(ms3):
    """Counts are shown beside the published ones; another number of clips is no error."""
    result = runner.invoke(app, ["data", "check", str(ms3)])

    assert result.exit_code == 0
    assert "296" in result.stdout
    assert "224x224 (20)" in result.stdout
    assert "ms3: 0 errors, 3 warnings" in result.stdout


def test_strict_counts_warnings_too(ms3):
    """--strict ends with 1 on a warning."""
    assert runner.invoke(app, ["data", "check", str(ms3), "--strict"]).exit_code == 1


def test_an_unusable_folder_ends_with_1(ms3):
    """A missing truth is shown with its path, and the exit code tells scripts."""
    read_index(ms3, "ms3")[3].masks[0].unlink()

    result = runner.invoke(app, ["data", "check", str(ms3)])

    assert result.exit_code == 1
    assert "missing mask" in result.stdout
    assert "test/dd_0/dd_0_1.png" in result.stdout
    assert result.stderr == ""


def test_json_lists_every_finding(ms3):
    """--json is one document with all findings."""
    for path in read_index(ms3, "ms3")[3].masks:
        path.unlink()

    result = runner.invoke(app, ["data", "check", str(ms3), "--json", "--subset", "ms3"])

    (report,) = json.loads(result.stdout)
    assert report["errors"] == 5
    assert report["counts"] == {"train": 2, "val": 1, "test": 1}
    assert sum(finding["kind"] == "missing mask" for finding in report["findings"]) == 5


def test_both_subsets_are_found(ms3, layouts):
    """A folder with two subsets gets two reports."""
    layouts.write_s4(ms3, side=224)

    reports = json.loads(runner.invoke(app, ["data", "check", str(ms3), "--json"]).stdout)

    assert [report["subset"] for report in reports] == ["s4", "ms3"]


def test_no_dataset_is_one_line(tmp_path):
    """A folder without index ends with 1 and one line."""
    result = runner.invoke(app, ["data", "check", str(tmp_path)])

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


def test_prepare_makes_what_check_accepts(tmp_path, make_film):
    """One good video and one bad: 3, the reason on stderr; all good: 0; all bad: 1."""
    (tmp_path / "ms3_meta_data.csv").write_text("video_id,split\naa,train\nbb,test\n")
    videos = tmp_path / "ms3_data" / "raw_videos"
    videos.mkdir(parents=True)
    (videos / "aa.mp4").write_text("no film")
    command = ["data", "prepare", str(tmp_path)]

    bad = runner.invoke(app, command)
    make_film(seconds=Fraction(5)).rename(videos / "bb.mp4")
    mixed = runner.invoke(app, command)
    (videos / "bb.mp4").replace(videos / "aa.mp4")
    good = runner.invoke(app, command)

    assert (bad.exit_code, mixed.exit_code, good.exit_code) == (1, 3, 0)
    assert "aa.mp4" in mixed.stderr
    assert mixed.stdout == "1 made, 0 kept, 1 failed\n"
    assert good.stdout == "1 made, 1 kept, 0 failed\n"
