"""Outputs appear whole or not at all."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from avsseg.errors import MediaError
from avsseg.media.publish import publish_file, publish_folder, remove_leftovers

as_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_has_its_name_only_after_the_block(tmp_path):
    """While it is written the final name does not exist; afterwards nothing else does."""
    target = tmp_path / "masks.csv"

    with publish_file(target) as file:
        file.write_text("done")
        assert not target.exists()
        assert file.parent == tmp_path and file.name.startswith(".") and file.suffix == ".csv"

    assert target.read_text() == "done"
    assert names(tmp_path) == ["masks.csv"]


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
@pytest.mark.parametrize("umask", [0o022, 0o027])
def test_a_published_file_is_as_readable_as_any_new_file(tmp_path, umask):
    """The umask decides, also where a writer puts a private file in place of the lent one."""
    target, before = tmp_path / "a.csv", os.umask(umask)
    try:
        with publish_file(target) as file:
            private = tmp_path / "private"
            private.touch(mode=0o600)
            private.replace(file)
    finally:
        os.umask(before)

    assert target.stat().st_mode & 0o777 == 0o666 & ~umask


@pytest.mark.parametrize("failure", [ValueError("bug"), KeyboardInterrupt()])
def test_a_failed_block_leaves_nothing(tmp_path, failure):
    """An error or Ctrl-C removes the half file and passes on unchanged."""
    with pytest.raises(type(failure)), publish_file(tmp_path / "a.mp4") as file:
        file.write_text("half")
        raise failure

    assert names(tmp_path) == []


def test_a_failed_overwrite_keeps_the_earlier_file(tmp_path):
    """The old result lives on until the new one is complete."""
    target = tmp_path / "a.csv"
    target.write_text("old")

    with pytest.raises(RuntimeError), publish_file(target, overwrite=True) as file:
        file.write_text("half")
        raise RuntimeError

    assert target.read_text() == "old"


def test_overwriting_must_be_asked_for(tmp_path):
    """An existing output is an error with its remedy, unless overwrite is given."""
    target = tmp_path / "a.csv"
    target.write_text("old")

    with pytest.raises(MediaError, match=r"exists already; give --overwrite"):
        publish_file(target).__enter__()
    with publish_file(target, overwrite=True) as file:
        file.write_text("new")

    assert target.read_text() == "new"


@pytest.mark.parametrize("alias", ["same", "symlink", "hardlink"])
def test_the_input_is_never_written_over(tmp_path, alias):
    """Neither by its own name nor by another name of the same file."""
    source = tmp_path / "film.mp4"
    source.write_text("film")
    target = tmp_path / "other.mp4"
    if alias == "same":
        target = tmp_path / "sub" / ".." / "film.mp4"
    elif alias == "symlink":
        target.symlink_to(source)
    else:
        target.hardlink_to(source)

    with pytest.raises(MediaError, match="is the input itself"):
        publish_file(target, overwrite=True, source=source).__enter__()


def test_a_missing_folder_is_named(tmp_path):
    """The message says which folder is not there."""
    with pytest.raises(MediaError, match=r"there is no folder .*nowhere"):
        publish_file(tmp_path / "nowhere" / "a.csv").__enter__()


def test_what_is_no_regular_file_is_never_replaced(tmp_path):
    """A pipe here; a device such as /dev/null is one that only root could lose."""
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(MediaError, match="no regular file"):
        publish_file(pipe, overwrite=True).__enter__()
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_folder_in_the_way_is_named(tmp_path):
    """A file cannot replace a folder."""
    with pytest.raises(MediaError, match="is a folder"):
        publish_file(tmp_path, overwrite=True).__enter__()


@as_root
def test_a_read_only_folder_is_one_clear_line(tmp_path):
    """No permission is the user's to mend."""
    tmp_path.chmod(0o555)

    with pytest.raises(MediaError, match="no permission"):
        publish_file(tmp_path / "a.csv").__enter__()


def test_a_full_disk_is_one_clear_line(tmp_path):
    """The code of a full disk becomes a sentence, and the half file goes."""
    with pytest.raises(MediaError, match="disk is full"), publish_file(tmp_path / "a.csv"):
        raise OSError(errno.ENOSPC, "No space left on device")

    assert names(tmp_path) == []


@pytest.mark.skipif(not hasattr(signal, "SIGXFSZ"), reason="needs file size limits")
def test_a_write_that_the_system_refuses_is_one_clear_line(tmp_path):
    """A real refused write, by a limit on the size of files."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with (
            pytest.raises(MediaError, match="grew past the size"),
            publish_file(tmp_path / "a") as file,
        ):
            file.write_bytes(bytes(5000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert names(tmp_path) == []


def test_other_errors_of_the_block_keep_their_type(tmp_path):
    """A missing file that the block itself looked for is not blamed on the output."""
    with pytest.raises(FileNotFoundError), publish_file(tmp_path / "a.csv"):
        (tmp_path / "input").read_text()


def test_a_folder_has_its_name_only_after_the_block(tmp_path):
    """Pictures gather in a hidden folder that is renamed when all are there."""
    target = tmp_path / "masks"

    with publish_folder(target) as folder:
        (folder / "000000.png").write_bytes(b"x")
        assert not target.exists()

    assert names(target) == ["000000.png"]
    assert names(tmp_path) == ["masks"]


def test_a_failed_folder_leaves_nothing(tmp_path):
    """Half a folder of masks never shows."""
    with pytest.raises(KeyboardInterrupt), publish_folder(tmp_path / "masks") as folder:
        (folder / "000000.png").write_bytes(b"x")
        raise KeyboardInterrupt

    assert names(tmp_path) == []


def test_an_overwritten_folder_holds_only_new_files(tmp_path):
    """A shorter result leaves no old frames behind."""
    for files in (["000000.png", "000001.png"], ["000000.png"]):
        with publish_folder(tmp_path / "masks", overwrite=True) as folder:
            for name in files:
                (folder / name).write_bytes(b"x")

    assert names(tmp_path / "masks") == ["000000.png"]
    assert names(tmp_path) == ["masks"]


def test_a_folder_with_other_things_is_never_replaced(tmp_path):
    """Pointing the output at one's own documents deletes nothing."""
    target = tmp_path / "home"
    target.mkdir()
    (target / "letter.txt").write_text("dear")

    with pytest.raises(MediaError, match=r"holds letter\.txt"):
        publish_folder(target, overwrite=True).__enter__()

    assert (target / "letter.txt").exists()


def test_leftovers_of_a_killed_process_are_swept(tmp_path):
    """What SIGKILL left is removed by the next run; the files of a live run stay."""
    program = (
        "import time, pathlib, sys\n"
        "from avsseg.media.publish import publish_file\n"
        "with publish_file(pathlib.Path(sys.argv[1])) as file:\n"
        "    file.write_text('half'); print('ready', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "a.csv")], stdout=subprocess.PIPE
    )
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    assert remove_leftovers(tmp_path) == []
    process.kill()
    process.wait()
    process.stdout.close()

    with publish_file(tmp_path / "b.csv"):
        removed = remove_leftovers(tmp_path)

    assert len(removed) == 1
    assert names(tmp_path) == ["b.csv"]


def test_leftovers_of_another_machine_go_after_a_day(tmp_path):
    """A process elsewhere cannot be asked, so only age tells."""
    for name in ("fresh", "old"):
        (tmp_path / f".avsseg-elsewhere_{name}-1-abc.mp4").touch()
    past = time.time() - 2 * 24 * 3600
    os.utime(tmp_path / ".avsseg-elsewhere_old-1-abc.mp4", (past, past))

    removed = remove_leftovers(tmp_path)

    assert [path.name for path in removed] == [".avsseg-elsewhere_old-1-abc.mp4"]


def test_strange_names_are_ordinary(tmp_path):
    """Spaces, other scripts, a leading dash and very long names are published."""
    for name in ("-rf.csv", "a b.csv", "змея 🐍.csv", "x" * 250 + ".csv"):
        with publish_file(Path(tmp_path) / name) as file:
            file.write_text(name)

        assert (tmp_path / name).read_text() == name
