"""`avsseg predict` as users meet it: real films in, real files out."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from avsseg.checkpoint import load_model
from avsseg.cli.app import app
from avsseg.errors import UsageError

ROOT = Path(__file__).parents[2]
AAC = ({"codec": "aac"},)
runner = CliRunner()


@pytest.fixture
def predict(tiny_checkpoint, tmp_path):
    """Runs the command in this process; outputs go to ``tmp_path / "out"``."""

    def run(*arguments, out=None, code=0):
        out = out or tmp_path / "out"
        result = runner.invoke(
            app, ["predict", "-w", str(tiny_checkpoint), "-o", str(out), *map(str, arguments)]
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.stderr
        return result

    return run


def command(tiny_checkpoint, *arguments):
    return [
        sys.executable,
        *("-m", "avsseg", "predict", "-w", str(tiny_checkpoint)),
        *map(str, arguments),
    ]


def frame_times(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [frame.pts * stream.time_base for frame in container.decode(stream)]


def sound_packets(path):
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return [bytes(p) for p in container.demux(stream) if p.size]


def noise(number, size):
    """A picture that no encoder makes small, so that files grow while they are written."""
    return np.random.default_rng(number).integers(0, 256, (size[1], size[0], 3), np.uint8)


def first_picture(path):
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return frame.to_ndarray(format="rgb24", threads=1)


VARIABLE = [Fraction(n, 1000) for n in (0, 40, 90, 300, 333, 700, 1100, 1140, 1900)]


@pytest.mark.parametrize(
    "film",
    [
        {"rate": Fraction(10)},
        {"rate": Fraction(24000, 1001), "time_base": Fraction(1, 24000)},
        {"times": VARIABLE},
        {"rate": Fraction(10), "start": Fraction(3, 2)},
        {"rate": Fraction(25), "b_frames": 2},
    ],
    ids=["constant", "23.976", "variable", "late first picture", "B-frames"],
)
def test_every_picture_keeps_its_time(film, make_film, predict, tmp_path):
    """As many pictures come out as went in, each at its own time to the tick."""
    source = make_film("film.mp4", sounds=AAC, **film)
    predict(source)

    assert frame_times(tmp_path / "out/film/overlay.mp4") == frame_times(source)


def test_the_sound_is_copied_packet_for_packet(make_film, predict, tmp_path):
    """Where the container takes the codec nothing is encoded anew."""
    source = make_film("film.mp4", sounds=AAC)
    predict(source)

    assert sound_packets(tmp_path / "out/film/overlay.mp4") == sound_packets(source)


def test_sound_that_mp4_players_do_not_take_is_encoded_once_and_noted(make_film, predict, tmp_path):
    """PCM becomes AAC, and stderr says so."""
    result = predict(make_film("film.mkv"))

    with av.open(str(tmp_path / "out/film/overlay.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    assert "aac" in result.stderr


def test_no_audio_writes_a_mute_video(make_film, predict, tmp_path):
    """The flag is obeyed."""
    predict(make_film("film.mp4", sounds=AAC), "--no-audio")

    with av.open(str(tmp_path / "out/film/overlay.mp4")) as container:
        assert not container.streams.audio


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_turned_films_come_out_upright(rotation, make_film, predict, tmp_path, number_of):
    """The overlay needs no flag to stand, and mask pictures have the size that is seen."""

    def lying(number, size):
        return np.rot90(upright(number, size[::-1] if rotation != 180 else size), -rotation // 90)

    def upright(number, size):
        picture = np.zeros((size[1], size[0], 3), np.uint8)
        picture[: size[1] // 2] = 255
        return picture

    source = make_film("film.mp4", sounds=AAC, rotation=rotation, picture=lying)
    predict(source, "--output", "overlay,masks")
    picture = first_picture(tmp_path / "out/film/overlay.mp4")
    width, height = (64, 48) if rotation == 180 else (48, 64)

    assert picture.shape == (height, width, 3)
    assert picture[: height // 2 - 4].mean() > 200
    assert picture[height // 2 + 4 :].mean() < 50
    with Image.open(tmp_path / "out/film/masks/000000.png") as mask:
        assert mask.size == (width, height)


@pytest.mark.parametrize("matrix", [1, 6], ids=["BT.709", "BT.601"])
def test_pure_colours_survive(matrix, make_film, predict, tmp_path):
    """Where nothing is marked the colours stay within 2 of 255, tags included."""
    tags = {"colorspace": matrix, "color_primaries": matrix, "color_trc": matrix}
    source = make_film("film.mp4", sounds=AAC, color_range=1, **tags)
    predict(source, "--threshold", "0.99", "--crf", "1")
    before, after = first_picture(source), first_picture(tmp_path / "out/film/overlay.mp4")
    inner = (slice(28, 44), slice(4, 28))

    assert np.abs(before[inner].astype(int) - after[inner]).mean() <= 2
    with av.open(str(tmp_path / "out/film/overlay.mp4")) as container:
        assert int(next(container.decode(video=0)).colorspace) == matrix


def test_kinds_may_be_named_one_by_one(make_film, predict, tmp_path, monkeypatch):
    """--output given twice writes both; a settings file names them as the option does."""
    source = make_film("film.mp4", sounds=AAC)
    predict(source, "--output", "csv", "--output", "masks,csv")
    assert _kinds_written(tmp_path / "out/film") == ["csv", "masks"]
    settings = tmp_path / "config.toml"
    monkeypatch.setenv("AVSSEG_CONFIG", str(settings))
    for line in ('output = "rle,csv"', 'output = ["rle", "csv"]'):
        settings.write_text(f"[predict]\n{line}\n")
        predict(source, "--overwrite")
        assert _kinds_written(tmp_path / "out/film") == ["rle", "csv"]


def _kinds_written(folder):
    return list(json.loads((folder / "manifest.json").read_text())["files"][0]["outputs"])


def test_odd_sizes_work_for_every_output(make_film, predict, tmp_path):
    """Videos are padded, masks keep the true size, and all of it is listed in the manifest."""
    source = make_film("film.mkv", size=(65, 49), pix_fmt="yuv444p")
    kinds = "overlay,csv,masks,palette,mask-video,matte,alpha,alpha-webm,gif,soft,rle"
    predict(source, "--output", kinds, "--fps", "2", "--threshold", "0.2")
    folder = tmp_path / "out/film"
    record = json.loads((folder / "manifest.json").read_text())["files"][0]

    assert list(record["outputs"]) == kinds.split(",")
    assert all((folder / name).exists() for name in record["outputs"].values())
    assert first_picture(folder / "overlay.mp4").shape == (50, 66, 3)
    for name in ("masks", "palette"):
        with Image.open(folder / name / "000003.png") as picture:
            assert picture.size == (65, 49)
    assert np.load(folder / "soft.npz")["masks"].shape == (4, 64, 64)
    annotated = json.loads((folder / "masks.json").read_text())
    assert [image["width"] for image in annotated["images"]] == [65] * 4


def test_the_table_has_a_row_for_each_prediction(make_film, predict, tmp_path):
    """Times are those of the pictures on display; loudness is that of the sound."""
    predict(make_film("film.mp4", sounds=AAC, rate=Fraction(25)), "--fps", "4", "--output", "csv")
    with (tmp_path / "out/film/frames.csv").open() as file:
        rows = list(csv.DictReader(file))

    assert [row["time_s"][:4] for row in rows] == [
        f"{int((n + 0.5) / 4 * 25) / 25:.2f}" for n in range(8)
    ]
    assert [int(row["index"]) for row in rows] == list(range(8))
    assert -20 < float(rows[3]["loudness_db"]) < -12


def test_a_folder_with_broken_files_gives_what_it_can(make_film, cut_tail, predict, tmp_path):
    """Two good of six: two outputs, four reasons, exit 3, the tree mirrored."""
    good = make_film("in/one.mp4", sounds=AAC)
    make_film("in/deep/two.mp4", sounds=AAC)
    cut_tail(make_film("in/cut.mp4", sounds=AAC))
    (tmp_path / "in/text.mp4").write_text("this is no film")
    (tmp_path / "in/empty.mp4").touch()
    make_film("in/mute.mp4", sounds=())
    (tmp_path / "in/notes.txt").write_text("not even named as one")
    result = predict(good.parent, code=3)
    table = result.stderr.split("of 6 videos")[1]

    assert sorted(p.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*.mp4")) == [
        Path("deep/two/overlay.mp4"),
        Path("one/overlay.mp4"),
    ]
    assert all(name in table for name in ("cut.mp4", "text.mp4", "empty.mp4", "mute.mp4"))
    assert "2 done, 4 failed" in result.stderr
    assert "Traceback" not in result.stderr
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"deep", "one"}


def test_fail_fast_stops_at_the_first_failure(make_film, predict, tmp_path):
    """What comes after it is not begun."""
    (tmp_path / "a.mp4").write_text("this is no film")
    make_film("b.mp4", sounds=AAC)
    result = predict(tmp_path / "a.mp4", tmp_path / "b.mp4", "--fail-fast", code=1)

    assert "1 failed, 1 not done, of 2 videos" in result.stderr
    assert not (tmp_path / "out/b").exists()


def test_finished_files_are_skipped_by_content_and_settings(make_film, predict, tmp_path):
    """A renamed copy of the output folder or an untouched file is not done again."""
    source = make_film("film.mp4", sounds=AAC)
    predict(source, "--output", "csv")
    table = tmp_path / "out/film/frames.csv"
    before = table.stat().st_mtime_ns
    again = predict(source, "--output", "csv", "--json")

    assert json.loads(again.stdout)["status"] == "skipped"
    assert json.loads(again.stdout)["outputs"] == {"csv": str(table)}
    assert table.stat().st_mtime_ns == before

    predict(source, "--output", "csv", "--overwrite")
    assert table.stat().st_mtime_ns != before


def test_other_settings_do_not_replace_what_is_there_unasked(make_film, predict, tmp_path):
    """The error names the file and the two ways on."""
    source = make_film("film.mp4", sounds=AAC)
    predict(source, "--output", "csv")
    result = predict(source, "--output", "csv", "--fps", "3", code=1)

    assert "--overwrite" in result.stderr
    assert "Traceback" not in result.stderr
    predict(source, "--output", "csv", "--fps", "3", "--overwrite")
    assert len((tmp_path / "out/film/frames.csv").read_text().splitlines()) == 7


def test_files_that_are_not_ours_are_never_written_over(make_film, predict, tmp_path):
    """A file that happens to have an output's name stays."""
    foreign = tmp_path / "out/film/overlay.mp4"
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    predict(make_film("film.mp4", sounds=AAC), code=1)

    assert foreign.read_text() == "mine"
    assert [p.name for p in foreign.parent.iterdir()] == ["overlay.mp4"]


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_leaves_nothing_half_written(kill, make_film, tiny_checkpoint, tmp_path):
    """No output stands under its final name, Ctrl-C ends with 130, and the next run completes."""
    source = make_film("film.mp4", sounds=AAC, seconds=40, size=(160, 120), picture=noise)
    out = tmp_path / "out"
    arguments = command(tiny_checkpoint, source, "-o", out, "--output", "overlay,csv,masks")
    arguments += ["--fps", "8"]
    process = subprocess.Popen(
        arguments, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 120
    while not any(f.stat().st_size for f in out.glob("film/.avsseg-*.mp4")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(kill)
    _, complaint = process.communicate(timeout=60)
    visible = [p for p in out.rglob("*") if not p.name.startswith(".") and p.is_file()]

    assert process.returncode == (130 if kill == signal.SIGINT else -kill)
    assert b"Traceback" not in complaint
    assert [p for p in visible if not p.parent.name.startswith(".")] == []
    if kill == signal.SIGINT:
        assert not out.exists()
    short = [*arguments, "--end", "1"]
    assert subprocess.run(short, cwd=ROOT, capture_output=True, check=False).returncode == 0
    assert {p.name for p in (out / "film").iterdir()} == {
        *("overlay.mp4", "frames.csv", "masks", "manifest.json")
    }


def test_json_is_all_that_stdout_holds(make_film, predict, tmp_path):
    """One document for one video, one line for each of several."""
    first, second = make_film("a.mp4", sounds=AAC), make_film("b.mp4", sounds=())
    alone = predict(first, "--json", "--output", "csv")
    both = predict(first, second, "--json", "--output", "csv", out=tmp_path / "both", code=3)

    assert json.loads(alone.stdout)["status"] == "done"
    reports = [json.loads(line) for line in both.stdout.splitlines()]
    assert [report["status"] for report in reports] == ["done", "failed"]
    assert "--silent-ok" in reports[1]["reason"]


def test_quiet_says_nothing(make_film, predict):
    """Neither stdout nor stderr holds a word when all is well."""
    result = predict(make_film("film.mp4", sounds=AAC), "-q")

    assert result.stdout == result.stderr == ""


def test_strange_names_and_equal_stems_all_get_places_of_their_own(
    make_film, predict, tmp_path, monkeypatch
):
    """Spaces, other scripts, a leading dash, equal stems in one and in several folders."""
    names = ["-dash.mp4", "a b.mp4", "žluťoučký 猫.mp4", "same.mp4", "same.mkv", "sub/same.mp4"]
    for name in names:
        sounds = AAC if name.endswith("mp4") else ({},)
        make_film(f"in/{name}", sounds=sounds, seconds=1)
    monkeypatch.chdir(tmp_path / "in")
    predict("--output", "csv", "--", "-dash.mp4", "*e.m*", "žluťoučký 猫.mp4", "a b.mp4", "sub")
    places = {p.parent.relative_to(tmp_path / "out") for p in (tmp_path / "out").rglob("*.csv")}

    assert {str(place) for place in places} == {
        *("-dash", "a b", "žluťoučký 猫", "same.mp4", "same.mkv", "sub/same")
    }


def test_an_absent_device_is_one_line_and_exit_2(make_film, predict):
    """Only auto falls back."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    result = predict(make_film("film.mp4"), "--device", "cuda", code=2)

    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--output", "hologram"], "hologram"),
        (["--fps", "0"], "0"),
        (["--fps", "many"], "many"),
        (["--start", "1:2:3:4"], "1:2:3:4"),
        (["--encoder", "no_such"], "no_such"),
        (["--audio-track", "7", "--output", "csv"], "7"),
    ],
)
def test_wrong_requests_are_named_and_leave_nothing(arguments, named, make_film, predict, tmp_path):
    """The message holds the value that cannot be."""
    code = 1 if "--audio-track" in arguments else 2
    result = predict(make_film("film.mp4", sounds=AAC), *arguments, code=code)

    assert named in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_missing_input_is_an_error_of_usage(predict, tmp_path):
    """Nothing is begun when a name is mistyped."""
    assert "no such file" in predict(tmp_path / "absent.mp4", code=2).stderr


def test_silent_ok_gives_empty_masks(make_film, predict, tmp_path):
    """A video without sound track is a decision; its video still comes out whole."""
    source = make_film("film.mp4", sounds=())
    result = predict(source, "--silent-ok", "--output", "overlay,masks", "--threshold", "0.01")

    assert "nothing to hear" in result.stderr
    assert frame_times(tmp_path / "out/film/overlay.mp4") == frame_times(source)
    for path in (tmp_path / "out/film/masks").iterdir():
        with Image.open(path) as mask:
            assert mask.getextrema() == (0, 0)


def test_a_digitally_silent_track_gives_empty_masks_too(make_film, predict, tmp_path, waves):
    """There is a track, but nothing on it that could be heard."""
    source = make_film("film.mkv", sounds=({"wave": waves["silence"]},))
    result = predict(source, "--output", "soft")

    assert "nothing to hear" in result.stderr
    assert not np.load(tmp_path / "out/film/soft.npz")["masks"].any()


def test_a_damaged_film_keeps_what_decodes_and_says_so(make_film, cut_tail, predict, tmp_path):
    """The output plays up to the damage; the manifest says partial."""
    source = cut_tail(
        make_film("film.mp4", sounds=AAC, seconds=8, container_options={"movflags": "faststart"}),
        0.7,
    )
    result = predict(source)
    record = json.loads((tmp_path / "out/film/manifest.json").read_text())["files"][0]

    assert record["status"] == "partial"
    assert "damaged" in result.stderr
    assert 20 < len(frame_times(tmp_path / "out/film/overlay.mp4")) < 80


def test_start_and_end_cut_the_video_and_the_predictions(make_film, predict, tmp_path):
    """Times count from the first picture; the new video begins at zero."""
    source = make_film("film.mp4", sounds=AAC, seconds=4, start=Fraction(1))
    predict(source, "--start", "1", "--end", "0:03", "--fps", "1")
    folder = tmp_path / "out/film"
    times = frame_times(folder / "overlay.mp4")
    rows = (folder / "frames.csv").read_text().splitlines()[1:]

    assert len(times) == 20
    assert times[0] == 0
    assert [row.split(",")[2] for row in rows] == ["2.500000", "3.500000"]


def test_the_same_request_gives_the_same_masks_whatever_the_batch(make_film, predict, tmp_path):
    """Neither batch size nor a second run has a part in the result."""
    source = make_film("film.mp4", sounds=AAC, seconds=7)
    arguments = (source, "--output", "soft", "--fps", "2")
    for name, batch in (("one", 1), ("two", 4)):
        predict(*arguments, "--batch", batch, out=tmp_path / name)
    one, two = (np.load(tmp_path / name / "film/soft.npz") for name in ("one", "two"))

    assert one["masks"].shape == (14, 64, 64)
    np.testing.assert_array_equal(one["times_s"], two["times_s"])
    np.testing.assert_allclose(one["masks"], two["masks"], atol=1e-3)


def test_the_network_looks_at_pictures_of_the_size_that_is_asked_for(make_film, predict, tmp_path):
    """Its grid has that size, outputs keep the film's, and runs of two sizes are told apart."""
    path = make_film("film.mkv", seconds=2, sounds=AAC)
    grids = {}
    for size in (64, 96):
        predict(path, "--resolution", size, "--output", "soft,masks", "--overwrite")
        folder = tmp_path / "out" / "film"
        with np.load(folder / "soft.npz") as soft:
            grids[size] = {soft[name].shape[-1] for name in soft.files if soft[name].ndim == 3}
        with Image.open(next((folder / "masks").iterdir())) as mask:
            assert mask.size == (64, 48)
        manifest = json.loads((folder / "manifest.json").read_text())
        assert manifest["arguments"]["resolution"] == size
    assert grids == {64: {64}, 96: {96}}
    predict(path, "--resolution", 64, "--output", "soft,masks", code=1)


def test_a_size_that_no_network_has_is_refused_at_once(make_film, predict, tiny_checkpoint):
    """By the command and by the library, each with the remedy."""
    path = make_film("film.mkv", seconds=1, sounds=AAC)
    result = predict(path, "--resolution", 100, code=2)
    told = " ".join(result.stderr.replace("│", " ").split())
    assert "100 is no multiple of 32; try 224 or 384." in told
    with pytest.raises(UsageError, match="multiple of 32"):
        load_model(tiny_checkpoint, resolution=100)
