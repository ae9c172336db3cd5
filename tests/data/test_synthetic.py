import wave
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image
from typer import Typer
from typer.testing import CliRunner

from avsseg.cli.data_synth import synth
from avsseg.data.layout import read_index
from avsseg.data.synthetic import SyntheticPlan, write_synthetic
from avsseg.errors import DataError

MS3 = SyntheticPlan(layout="ms3", train=4, val=2, test=2, size=32)
S4 = replace(MS3, layout="s4")


def _write(bank, root, plan):
    return list(write_synthetic(bank, root, plan))


def _contents(root):
    return {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("plan", [MS3, S4], ids=["ms3", "s4"])
def test_every_file_that_the_index_promises_is_there(bank, tmp_path, plan):
    """AVSBench's own paths, masks of 0 and 255, five seconds of 16 kHz sound."""
    _write(bank, tmp_path, plan)
    clips = read_index(tmp_path, plan.layout)

    assert [clip.split for clip in clips].count("train") == 4
    assert len(clips) == 8
    for clip in clips:
        for path in clip.frames:
            with Image.open(path) as frame:
                assert (frame.mode, frame.size) == ("RGB", (32, 32))
        for path in clip.masks:
            with Image.open(path) as mask:
                assert mask.mode == "L"
                assert set(np.unique(np.array(mask))) <= {0, 255}
        with wave.open(str(clip.wav)) as sound:
            assert sound.getparams()[:4] == (1, 2, 16_000, 80_000)


def test_s4_has_first_masks_only_in_training_and_they_are_not_empty(bank, tmp_path):
    """The one supervised frame of a training clip always has a sounding object."""
    _write(bank, tmp_path, S4)
    for clip in read_index(tmp_path, "s4"):
        with Image.open(clip.masks[0]) as mask:
            assert np.array(mask).any()
        later = clip.masks[0].with_name(f"{clip.name}_2.png")
        assert later.exists() == (clip.split != "train")


def test_the_same_seed_writes_the_same_bytes(bank, tmp_path):
    """And another seed does not."""
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        _write(bank, tmp_path / name, replace(MS3, seed=seed))

    first, again, other = (_contents(tmp_path / name) for name in "abc")
    assert first == again
    assert first != other


def test_a_stopped_run_goes_on_where_it_ended(bank, tmp_path):
    """What was written stays, what was half written is written again, and the result is whole."""
    _write(bank, tmp_path / "whole", MS3)
    run = write_synthetic(bank, tmp_path / "parts", MS3)
    done = [next(run) for _ in range(3)]
    run.close()
    base = tmp_path / "parts/Multi-sources"
    assert not (base / "ms3_meta_data.csv").exists()
    done[2].unlink()
    times = {path: path.stat().st_mtime_ns for path in done[:2]}

    _write(bank, tmp_path / "parts", MS3)

    assert _contents(tmp_path / "parts") == _contents(tmp_path / "whole")
    assert times == {path: path.stat().st_mtime_ns for path in done[:2]}


def test_a_folder_with_another_set_is_left_alone(bank, tmp_path):
    """Neither another plan's set nor foreign files are mixed with."""
    _write(bank, tmp_path, MS3)
    before = _contents(tmp_path)

    with pytest.raises(DataError, match="another plan"):
        _write(bank, tmp_path, replace(MS3, seed=5))
    (tmp_path / "x/Multi-sources").mkdir(parents=True)
    (tmp_path / "x/Multi-sources/mine.txt").write_text("mine")
    with pytest.raises(DataError, match="holds other files"):
        _write(bank, tmp_path / "x", MS3)
    assert {k: v for k, v in _contents(tmp_path).items() if "x" not in k.parts} == before


def test_films_show_each_frame_for_its_second(bank, tmp_path):
    """The frame that AVSBench cuts at t + 0.9375 s is the clip's frame t."""
    plan = SyntheticPlan(layout="ms3", train=1, val=0, test=0, size=64, video=True)
    _write(bank, tmp_path, plan)
    clip = read_index(tmp_path, "ms3")[0]

    with av.open(str(clip.video)) as film:
        pictures = [frame.to_ndarray(format="rgb24", threads=1) for frame in film.decode(video=0)]
        rate = film.streams.video[0].average_rate
    with av.open(str(clip.video)) as film:
        samples = sum(frame.samples for frame in film.decode(audio=0))
    assert len(pictures) == 5 * rate
    assert samples == pytest.approx(80_000, abs=3000)
    for second, path in enumerate(clip.frames):
        with Image.open(path) as frame:
            shown = pictures[int((second + 15 / 16) * rate)].astype(int)
            assert np.abs(shown - np.array(frame)).mean() < 12


def _run(*arguments):
    app = Typer()
    app.command()(synth)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_writes_a_set_and_says_so(bank_root, tmp_path):
    """One line on stdout tells what lies where."""
    result = _run("--bank", bank_root, "-o", tmp_path, "--split-sizes", "1,1,0", "--layout", "s4")

    assert result.exit_code == 0
    assert "1 train, 1 val, 0 test" in result.stdout
    assert len(read_index(tmp_path, "s4")) == 2


def test_the_command_refuses_sizes_that_are_none(bank_root, tmp_path):
    """Wrong usage ends with status 2."""
    result = _run("--bank", bank_root, "-o", tmp_path, "--split-sizes", "1,many")

    assert result.exit_code == 2
