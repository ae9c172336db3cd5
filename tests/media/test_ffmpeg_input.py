"""Films read through an installed ffmpeg program."""

import os
import shutil

import av
import numpy as np
import pytest

from avsseg.errors import MediaError, UsageError
from avsseg.media.ffmpeg_input import transcoded

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="no ffmpeg program")


def pictures(path):
    """Times and luma of every picture."""
    with av.open(str(path)) as film:
        return [
            (float(f.time), f.to_ndarray(format="gray", threads=1)) for f in film.decode(video=0)
        ]


@needs_ffmpeg
def test_the_copy_has_the_same_pictures_at_the_same_times(make_film):
    """Nothing is lost but fractions of a millisecond; the copy is gone afterwards."""
    film = make_film("film.mp4", seconds=1)

    with transcoded(film) as copy:
        seen = pictures(copy)
        with av.open(str(copy)) as opened:
            assert len(opened.streams.audio) == 1
    truth = pictures(film)

    assert not copy.exists()
    assert len(seen) == len(truth)
    assert max(abs(a[0] - b[0]) for a, b in zip(seen, truth, strict=True)) < 1e-3
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(seen, truth, strict=True))


@needs_ffmpeg
def test_what_ffmpeg_refuses_is_one_line(tmp_path):
    """The program's own reason is told."""
    path = tmp_path / "text.mp4"
    path.write_text("no film")

    with pytest.raises(MediaError, match="cannot read it either") as caught, transcoded(path):
        pass

    assert "\n" not in str(caught.value)


def test_without_the_program_the_remedy_is_told(tmp_path, monkeypatch):
    """An absent program is wrong usage, not a traceback."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UsageError, match="decoder ffmpeg"), transcoded(tmp_path / "film.mp4"):
        pass


def test_a_program_that_stalls_is_given_up(tmp_path, monkeypatch):
    """It is ended when its file has not grown for too long."""
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nexec sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("avsseg.media.ffmpeg_input.PATIENCE", 0.5)

    stalls = pytest.raises(MediaError, match=r"wrote nothing for 0\.5 s")
    with stalls, transcoded(tmp_path / "film.mp4"):
        pass
