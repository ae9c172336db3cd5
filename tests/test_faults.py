"""What may happen to a run from outside: full disks, vanishing sources, kills, rivals."""

import os
import random
import resource
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from avsseg.errors import MediaError
from avsseg.media.picture_writer import open_mask_folder
from avsseg.media.publish import publish_file, publish_folder
from avsseg.media.reader import open_video
from avsseg.media.sampling import SampleSpec
from avsseg.media.table_writer import FrameRow, open_frame_table
from avsseg.media.video_writer import open_video_writer

ROOT = Path(__file__).parents[1]
SPEC = SampleSpec(fps=Fraction(1), size=(32, 32), window=1600)
posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits as POSIX has them")


def noise(number, size):
    """A picture that no encoder makes small."""
    return np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), np.uint8)


@pytest.fixture
def small_disk():
    """No file may grow past a few kilobytes while this is in use."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def begin(size=20_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))

    yield begin
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def write_again(source, target):
    with (
        open_video(source) as reader,
        open_video_writer(target, reader.info, overwrite=True) as film,
    ):
        for frame in reader.frames():
            film.write(frame)


@posix
@pytest.mark.parametrize("target", ["again.mp4", "again.mkv"])
def test_a_disk_that_fills_up_while_a_film_is_written_is_one_line(
    target, make_film, small_disk, tmp_path
):
    """The half film goes, the earlier one of that name stays, and nobody gets a traceback."""
    source = make_film("film.mkv", size=(160, 120), picture=noise, seconds=4)
    out = tmp_path / "out" / target
    out.parent.mkdir()
    out.write_text("earlier")
    small_disk()

    with pytest.raises(MediaError, match="cannot be written") as caught:
        write_again(source, out)
    assert "\n" not in str(caught.value)
    assert [p.name for p in out.parent.iterdir()] == [target]
    assert out.read_text() == "earlier"


@posix
def test_a_disk_that_fills_up_under_a_table_is_one_line(small_disk, tmp_path):
    """Also where the writer's own buffer hides the failure until the end."""
    row = FrameRow(index=0, pts=0, time=Fraction(0), score=0.5, area=0.5, box=(0, 0, 9, 9))
    small_disk(1000)
    with (
        pytest.raises(MediaError, match="cannot be written"),
        open_frame_table(tmp_path / "frames.csv") as table,
    ):
        for _ in range(100):
            table.write(row)

    assert list(tmp_path.iterdir()) == []


@posix
def test_a_disk_that_fills_up_under_pictures_is_one_line(small_disk, tmp_path):
    """No folder of half the masks is left."""
    mask = np.random.default_rng(0).integers(0, 2, (480, 640)).astype(bool)
    small_disk(1000)
    with (
        pytest.raises(MediaError, match="cannot be written"),
        open_mask_folder(tmp_path / "masks") as folder,
    ):
        folder.write(0, mask)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
def test_a_source_that_is_cut_while_it_is_read_ends_early_and_is_partial(name, make_film):
    """What was read before is kept; there is no traceback and no hang."""
    codec = "pcm_s16le" if name.endswith("mkv") else "aac"
    film = make_film(name, size=(160, 120), picture=noise, seconds=20, sounds=({"codec": codec},))
    with open_video(film) as reader:
        clips = reader.clips(SPEC)
        got = next(clips).num_valid
        os.truncate(film, film.stat().st_size // 2)
        got += sum(clip.num_valid for clip in clips)

    assert 5 <= got < 20
    assert reader.partial


def test_a_source_that_vanishes_between_two_passes_is_one_line(make_film):
    """The second pass says so."""
    film = make_film("film.mkv")
    with open_video(film) as reader:
        assert next(iter(reader.clips(SPEC))).num_valid
        film.unlink()
        with pytest.raises(MediaError, match="no such file"):
            list(reader.frames())


@posix
def test_a_source_that_grows_while_it_is_read_ends(make_film):
    """Bytes that are added behind a film's end do not keep it going."""
    film = make_film("film.mkv")
    with open_video(film) as reader:
        frames = reader.frames()
        next(frames)
        with film.open("ab") as file:
            file.write(os.urandom(100_000))
        assert sum(1 for _ in frames) <= 19


WRITER = """
import sys
from pathlib import Path
import numpy as np
from avsseg.media.picture_writer import open_mask_folder
from avsseg.media.reader import open_video
from avsseg.media.video_writer import open_video_writer

source, out = Path(sys.argv[1]), Path(sys.argv[2])
print("ready", flush=True)
while True:
    with (
        open_video(source) as reader,
        open_video_writer(out / "again.mp4", reader.info, overwrite=True) as film,
        open_mask_folder(out / "masks", overwrite=True) as masks,
    ):
        for number, frame in enumerate(reader.frames()):
            film.write(frame)
            masks.write(number, np.eye(48, 64, dtype=bool))
"""


@posix
def test_kills_at_any_moment_leave_only_whole_outputs(make_film, tmp_path):
    """Writing again and again, killed six times: whatever has its final name is complete."""
    source, out = make_film("film.mkv", seconds=2), tmp_path / "out"
    out.mkdir()
    random_times = random.Random(0)
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(source), str(out)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random_times.uniform(0, 0.6))
        process.kill()
        assert process.wait(timeout=60) == -signal.SIGKILL
        process.stdout.close()
        seen = {path.name for path in out.iterdir() if not path.name.startswith(".")}

        assert seen <= {"again.mp4", "masks"}
        if "again.mp4" in seen:
            with av.open(str(out / "again.mp4")) as container:
                assert sum(1 for _ in container.decode(video=0)) == 20
        if "masks" in seen:
            assert len(list((out / "masks").iterdir())) == 20


def test_two_writers_of_one_file_leave_one_whole_file(tmp_path):
    """The last one wins; none sees the other's half."""

    def write(letter):
        for _ in range(20):
            with publish_file(tmp_path / "a.csv", overwrite=True) as file:
                file.write_text(letter * 10_000)

    run_together(write, "ab")

    assert [p.name for p in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() in ("a" * 10_000, "b" * 10_000)


def test_two_writers_of_one_folder_leave_one_whole_folder(tmp_path):
    """Between moving the old folder away and the new one in, another may come first."""

    def write(letter):
        for _ in range(20):
            with publish_folder(tmp_path / "masks", overwrite=True) as folder:
                for number in range(3):
                    (folder / f"{number}.png").write_text(letter)

    run_together(write, "abc")
    texts = [file.read_text() for file in (tmp_path / "masks").iterdir()]

    assert [p.name for p in tmp_path.iterdir()] == ["masks"]
    assert len(texts) == 3
    assert len(set(texts)) == 1


def run_together(write, letters):
    """Each letter in a thread; the first exception of any is raised here."""
    failures = []

    def guarded(letter):
        try:
            write(letter)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(letter,)) for letter in letters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
