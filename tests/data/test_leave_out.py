"""The script that makes a bank without what is bad in it."""

import csv
from pathlib import Path

import pytest

from avsseg.data.bank import Bank


@pytest.fixture
def script(example):
    """The script as a module."""
    return example("leave_out")


def test_what_is_named_is_gone_and_all_else_is_read_as_before(script, bank_root, tmp_path):
    """The bank stays whole; its copy opens, with one kind of picture less."""
    named, output = {"objects/dog/train.jpg"}, tmp_path / "clean"
    before = (bank_root / "index.csv").read_text()
    kept = script.leave_out(bank_root, named, output)
    assert (bank_root / "index.csv").read_text() == before and len(before.splitlines()) == kept + 2
    old, new = (Bank.open(root).split("train") for root in (bank_root, output))
    assert set(old.objects) - set(new.objects) == {"dog"}
    assert len(new.scenes) == len(old.scenes) and set(new.sounds) == set(old.sounds)
    assert (output / "objects/dog/val.jpg").read_bytes()


@pytest.mark.parametrize(
    ("named", "output", "said"),
    [
        ({"objects/dog/no.jpg"}, "new", "does not hold 1 of .*, such as objects/dog/no.jpg"),
        (set(), "there", "there: is there already"),
    ],
)
def test_what_cannot_be_done_is_said(script, bank_root, tmp_path, named, output, said):
    """And nothing is written."""
    (tmp_path / "there").mkdir()
    with pytest.raises(SystemExit, match=said):
        script.leave_out(bank_root, named, tmp_path / output)
    assert not (tmp_path / "new").exists() and not list((tmp_path / "there").iterdir())


def test_a_folder_that_is_no_bank_is_refused(script, tmp_path):
    """It is told by its index."""
    with pytest.raises(SystemExit, match=r"holds no index\.csv"):
        script.leave_out(tmp_path, set(), tmp_path / "new")


@pytest.mark.parametrize("text", [None, "name,fault\nobjects/dog/train.jpg,torn\n"])
def test_a_list_that_is_none_is_refused(script, tmp_path, text):
    """One that is not there, or names nothing."""
    path = tmp_path / "list.csv"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SystemExit, match="is no CSV file with a column 'path'"):
        script.listed(path)


def test_our_own_list_names_each_picture_once_with_its_fault():
    """Its paths are those of pictures, and every fault is told."""
    with (Path(__file__).parents[2] / "examples/bank_faults.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    paths = [row["path"] for row in rows]
    assert len(set(paths)) == len(paths) > 200
    assert all(row["fault"] and row["path"].startswith("objects/") for row in rows)
