"""Encoders of an installed ffmpeg program."""

import shutil
import sys
from fractions import Fraction
from types import ModuleType

import av
import pytest

from avsseg.errors import MediaError, UsageError
from avsseg.media.ffmpeg_pipe import open_ffmpeg_writer
from avsseg.media.reader import open_video

VFR = [Fraction(t, 1000) for t in (0, 40, 80, 400, 433, 466, 1900, 1901, 2500)]
AAC = {"codec": "aac", "rate": 48000}

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg program here")


@pytest.fixture(autouse=True)
def needs_the_extra():
    pytest.importorskip("ffmpeg", reason="the extra ffmpeg is not installed")


def rewrite(source, target, encoder="libx264", **settings):
    stretch = {key: settings[key] for key in ("start", "end") if key in settings}
    with (
        open_video(source) as film,
        open_ffmpeg_writer(target, film.info, encoder=encoder, **settings) as writer,
    ):
        for frame in film.frames(**stretch):
            writer.write(frame)
    return writer.notes


def picture_times(path):
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def sound_packets(path):
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(audio=0) if p.size]
        return [(p.pts * p.time_base, bytes(p)) for p in packets]


@needs_ffmpeg
@pytest.mark.parametrize(
    "film",
    [
        {"rate": Fraction(24000, 1001), "start": Fraction(1001, 1000)},
        {"times": [t + Fraction(3) for t in VFR]},
        {"rate": Fraction(25), "colorspace": 1, "color_primaries": 1, "color_trc": 1}
        | {"color_range": 1},
    ],
    ids=["23.976", "vfr", "709"],
)
def test_the_program_keeps_times_colours_and_sound(make_film, tmp_path, film):
    """Every picture at its time, tags as they were, sound packets untouched."""
    source = make_film("film.mp4", sounds=(AAC,), **film)
    target = tmp_path / "-out.mp4"

    assert rewrite(source, target) == []

    assert picture_times(target) == picture_times(source)
    assert [d for _, d in sound_packets(target)] == [d for _, d in sound_packets(source)]
    with av.open(str(source)) as one, av.open(str(target)) as two:
        before, after = next(one.decode(video=0)), next(two.decode(video=0))
    assert int(after.colorspace) == int(before.colorspace)
    assert int(after.color_primaries) == int(before.color_primaries)


@needs_ffmpeg
def test_a_stretch_begins_at_zero(make_film, tmp_path):
    """Picture and sound move together, to a packet of sound."""
    source = make_film("film.mp4", sounds=(AAC,), seconds=Fraction(4))
    target = tmp_path / "out.mp4"

    rewrite(source, target, start=Fraction(1), end=Fraction(3))

    assert picture_times(target) == [Fraction(k, 10) for k in range(20)]
    times = [time for time, _ in sound_packets(target)]
    assert abs(times[0]) < 0.05 and abs(times[-1] - 2) < 0.05
    originals = {data: time for time, data in sound_packets(source)}
    shifts = {round(originals[d] - t, 3) for t, d in sound_packets(target) if d in originals}
    assert all(abs(shift - 1) <= Fraction(1, 500) for shift in shifts)


@needs_ffmpeg
def test_odd_sizes_and_refused_sound_are_noted(make_film, tmp_path):
    """As with the bundled encoders."""
    source = make_film("film.mkv", size=(65, 49), pix_fmt="yuv444p")

    notes = rewrite(source, tmp_path / "out.mp4")

    assert "padded to 66x50" in notes[0] and "encoded anew as aac" in notes[1]


@needs_ffmpeg
def test_an_encoder_that_the_program_lacks_is_one_clear_line(make_film, tmp_path):
    """What the program says is passed on; nothing is left behind."""
    source = make_film()

    with pytest.raises(UsageError, match=r"encoder ffmpeg:dreams: ffmpeg gave up .*dreams"):
        rewrite(source, tmp_path / "out.mp4", encoder="dreams")

    assert [p.name for p in tmp_path.iterdir()] == [source.name]


@needs_ffmpeg
def test_an_interrupted_run_ends_the_program(make_film, tmp_path):
    """No process and no file is left."""
    source = make_film()

    with (
        pytest.raises(KeyboardInterrupt),
        open_video(source) as film,
        open_ffmpeg_writer(tmp_path / "out.mp4", film.info, encoder="libx264") as writer,
    ):
        writer.write(next(film.frames()))
        raise KeyboardInterrupt

    assert writer._process.returncode is not None
    assert [p.name for p in tmp_path.iterdir()] == [source.name]


@needs_ffmpeg
def test_no_pictures_are_an_error(make_film, tmp_path):
    """The program is not even started."""
    with (
        open_video(make_film()) as film,
        pytest.raises(MediaError, match="no picture to write"),
        open_ffmpeg_writer(tmp_path / "out.mp4", film.info, encoder="libx264"),
    ):
        pass


def test_a_missing_program_is_one_clear_line(make_film, tmp_path, monkeypatch):
    """Said before any work is done."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UsageError, match="no ffmpeg program is installed"):
        rewrite(make_film(), tmp_path / "out.mp4")


@pytest.mark.parametrize("present", [None, ModuleType("ffmpeg")], ids=["absent", "another"])
def test_a_missing_package_is_one_clear_line(make_film, tmp_path, monkeypatch, present):
    """Another package of the same module name counts as missing."""
    monkeypatch.setitem(sys.modules, "ffmpeg", present)

    with pytest.raises(UsageError, match=r'pip install "avsseg\[ffmpeg\]"'):
        rewrite(make_film(), tmp_path / "out.mp4")
