"""What counts as done, and what may be written over."""

import os
import socket

import pytest

from avsseg.errors import MediaError
from avsseg.media.manifest import FileReport
from avsseg.run_record import (
    Recipe,
    clear_after,
    finished_outputs,
    recorded,
    write_record,
)

FILES = ["frames.csv"]
DEAD = 2**30
"""No system numbers its processes this high."""


def recipe(**changes):
    values = {"weights": "w", "weights_sha256": "0", "arguments": {"fps": 1}} | changes
    return Recipe(**values)


def finish(folder, fingerprint):
    with recorded(folder, files=FILES, overwrite=False):
        (folder / FILES[0]).write_text("done")
        report = FileReport(
            source=folder / "film.mp4", status="done", outputs={"csv": folder / FILES[0]}
        )
        write_record(folder, recipe(), fingerprint, report)


def test_content_weights_and_settings_decide_and_the_name_does_not(tmp_path):
    """A renamed copy is the same video; any other change is another one."""
    film, copy, other = (tmp_path / name for name in ("film.mp4", "copy.mkv", "other.mp4"))
    film.write_bytes(b"a")
    copy.write_bytes(b"a")
    other.write_bytes(b"b")
    fingerprint = recipe().fingerprint(film)

    assert recipe(weights="renamed").fingerprint(copy) == fingerprint
    assert recipe().fingerprint(other) != fingerprint
    assert recipe(weights_sha256="1").fingerprint(film) != fingerprint
    assert recipe(arguments={"fps": 2}).fingerprint(film) != fingerprint


def test_a_recorded_run_is_finished_while_its_outputs_are_there(tmp_path):
    """Deleting an output undoes the record, also in a folder that was moved."""
    finish(tmp_path / "film", "f")
    folder = (tmp_path / "film").rename(tmp_path / "moved")

    assert finished_outputs(folder, "f") == {"csv": folder / FILES[0]}
    assert finished_outputs(folder, "g") is None
    (folder / FILES[0]).unlink()
    assert finished_outputs(folder, "f") is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"files": []}', '{"files": [3]}'])
def test_a_damaged_manifest_counts_for_nothing(text, tmp_path):
    """It is never trusted half way."""
    (tmp_path / "manifest.json").write_text(text)

    assert finished_outputs(tmp_path, "f") is None


def test_finished_outputs_are_replaced_only_when_that_is_asked_for(tmp_path):
    """The error says how."""
    folder = tmp_path / "film"
    finish(folder, "f")
    with (
        pytest.raises(MediaError, match="--overwrite"),
        recorded(folder, files=FILES, overwrite=False),
    ):
        pass
    with recorded(folder, files=FILES, overwrite=True):
        assert finished_outputs(folder, "f") is None


def test_a_failure_takes_the_folders_away_that_it_made(tmp_path):
    """A bad input leaves no empty folder behind."""
    with (
        pytest.raises(ZeroDivisionError),
        recorded(tmp_path / "a/b/film", files=FILES, overwrite=False),
    ):
        raise ZeroDivisionError

    assert not (tmp_path / "a").exists()


def test_what_a_killed_run_left_may_be_done_again(tmp_path):
    """Between two outputs it leaves the first, and its mark; files without the mark are foreign."""
    folder = tmp_path / "film"
    with pytest.raises(KeyboardInterrupt), recorded(folder, files=FILES, overwrite=False):
        (folder / FILES[0]).write_text("one of two")
        raise KeyboardInterrupt
    finish(folder, "f")

    assert {p.name for p in folder.iterdir()} == {"frames.csv", "manifest.json"}


def test_a_bad_video_leaves_no_folder_even_if_a_run_was_killed_over_it(tmp_path):
    """The killed run had made the folder; the next one takes it away."""
    folder = tmp_path / "bad"
    folder.mkdir()
    (folder / ".unfinished-avsseg").touch()
    with pytest.raises(ZeroDivisionError), recorded(folder, files=FILES, overwrite=False):
        raise ZeroDivisionError

    assert not folder.exists()


def test_what_dead_workers_left_is_cleared(tmp_path):
    """Also that of another machine, and beside finished outputs; what is not ours stays."""
    here = socket.gethostname().replace("-", "_")[:32]
    given_up, finished, foreign = (tmp_path / n for n in ("given up", "finished", "foreign"))
    finish(finished, "f")
    for folder in (given_up, foreign):
        folder.mkdir()
    (given_up / ".unfinished-avsseg").touch()
    (given_up / f".avsseg-{here}-{DEAD}-ab.mp4").touch()
    (finished / ".avsseg-another_machine-1-ab.mp4").touch()
    (foreign / f".avsseg-{here}-{os.getpid()}-ab.mp4").touch()
    for folder in (given_up, finished, foreign, tmp_path / "absent"):
        clear_after(folder)

    assert not given_up.exists()
    assert {p.name for p in finished.iterdir()} == {"frames.csv", "manifest.json"}
    assert len(list(foreign.iterdir())) == 1
