"""Which videos are meant, and where the output of each goes."""

import os
from pathlib import Path

import pytest

from avsseg.errors import UsageError
from avsseg.inputs import plan_jobs
from avsseg.shard import Shard


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Makes empty files below a folder that is the current one, and plans jobs over them."""
    monkeypatch.chdir(tmp_path)

    def plan(files, *inputs, out="out"):
        for name in files:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).touch()
        jobs = plan_jobs(inputs, Path(out))
        return {
            str(job.source.relative_to(tmp_path)): job.folder.relative_to(out).as_posix()
            for job in jobs
        }

    return plan


def test_a_single_file_gets_a_folder_of_its_stem(tree):
    """Whatever it is called and wherever it lies."""
    assert tree(["deep/film.strange"], "deep/film.strange") == {"deep/film.strange": "film"}


def test_a_folder_is_mirrored_and_only_its_videos_are_taken(tree):
    """Other files, hidden ones and our own output are passed over."""
    files = ["in/a.mp4", "in/s/b.MKV", "in/notes.txt", "in/.c.mp4", "in/.git/d.mp4"]
    files.append("in/out/a/overlay.mp4")

    assert tree(files, "in", out="in/out") == {"in/a.mp4": "a", "in/s/b.MKV": "s/b"}


def test_equal_stems_keep_their_suffix(tree):
    """Two videos never share a folder, also where case is not told apart."""
    files = ["in/a.mp4", "in/a.mkv", "in/B.mp4", "in/b.mov", "in/c.mp4"]

    assert tree(files, "in") == {
        "in/a.mkv": "a.mkv",
        "in/a.mp4": "a.mp4",
        "in/B.mp4": "B.mp4",
        "in/b.mov": "b.mov",
        "in/c.mp4": "c",
    }


def test_a_video_named_as_a_folder_beside_it_keeps_its_suffix(tree):
    """Its outputs do not mix with those of the folder's videos."""
    assert tree(["in/a.mp4", "in/a/b.mp4"], "in") == {"in/a/b.mp4": "a/b", "in/a.mp4": "a.mp4"}


def test_several_inputs_mirror_the_tree_below_their_common_folder(tree):
    """Equal names from different folders stay apart; a file named twice is done once."""
    files = ["x/a.mp4", "y/a.mp4"]

    assert tree(files, "x", "y/a.mp4", "x/a.mp4") == {"x/a.mp4": "x/a", "y/a.mp4": "y/a"}


def test_patterns_are_expanded_from_their_fixed_part(tree):
    """Shells that expand nothing, as on Windows, are served as well."""
    files = ["in/a1.mp4", "in/a2.mp4", "in/s/a3.mp4", "in/b.mp4"]

    assert tree(files, "in/**/a*.mp4") == {
        "in/a1.mp4": "a1",
        "in/a2.mp4": "a2",
        "in/s/a3.mp4": "s/a3",
    }


def test_a_file_whose_name_looks_like_a_pattern_is_taken_as_it_is(tree):
    """Brackets are common in names of films."""
    assert tree(["film [1080p].mp4"], "film [1080p].mp4") == {"film [1080p].mp4": "film [1080p]"}


@pytest.mark.parametrize("name", ["absent.mp4", "no*.mp4", "empty"])
def test_inputs_that_mean_no_video_are_errors_of_usage(name, tmp_path, monkeypatch):
    """A mistyped name ends the run before it begins."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no such file|no file matches|no video file"):
        plan_jobs([name], Path("out"))


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_links_are_named_by_where_they_stand(tree, tmp_path):
    """A folder of links to a store mirrors the folder, not the store."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store/1234").touch()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/film.mp4").symlink_to(tmp_path / "store/1234")

    assert tree([], "in") == {"in/film.mp4": "film"}


def test_a_list_holds_files_and_folders_as_they_are(tree, tmp_path):
    """Nothing in it is a pattern, and a file that is gone is still a job, which will fail."""
    for name in ("in/a[1].mp4", "in/s/b.mp4", "in/s/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    jobs = plan_jobs([], Path("out"), listed=["in/a[1].mp4", "in/s", "in/gone*.mp4"])

    assert [(job.source.name, job.folder.as_posix()) for job in jobs] == [
        ("a[1].mp4", "out/a[1]"),
        ("b.mp4", "out/s/b"),
        ("gone*.mp4", "out/gone*"),
    ]


def test_no_input_at_all_is_an_error_of_usage():
    """The message says what could be given."""
    with pytest.raises(UsageError, match="--from-file"):
        plan_jobs([], Path("out"))


def test_shards_share_the_jobs_whatever_order_they_are_named_in(tree, tmp_path):
    """Together they are the whole run, with the same places."""
    names = [f"in/{number}.mp4" for number in range(9)] + ["in/3.mkv"]
    whole = tree(names, "in")
    order = [sorted(names), sorted(names, reverse=True), names]
    parts = [plan_jobs(order[n], Path("out"), shard=Shard(number=n + 1, count=3)) for n in range(3)]
    together = {str(j.source.relative_to(tmp_path)): j.folder for part in parts for j in part}

    assert sum(map(len, parts)) == len(names)
    assert {k: v.relative_to("out").as_posix() for k, v in together.items()} == whole
