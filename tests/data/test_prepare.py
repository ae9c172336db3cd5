"""Raw videos become the frames and the sound that AVSBench cuts."""

import shutil
import wave
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from avsseg.data.avsbench import AVSBench
from avsseg.data.check import check_dataset
from avsseg.data.layout import read_index
from avsseg.data.prepare import frame_numbers, prepare_clips, shrink_bilinear
from avsseg.data.sound_files import log_mel_blocks, read_log_mel, read_wav
from avsseg.errors import DataError

SOUND = {"codec": "pcm_s16le", "rate": 16_000, "layout": "stereo"}


@pytest.fixture
def raw_ms3(tmp_path, make_film):
    """An MS3 index of two clips with raw videos of 10 pictures a second, and nothing else."""
    (tmp_path / "ms3_meta_data.csv").write_text("video_id,split\naa,train\nbb,test\n")
    videos = tmp_path / "ms3_data" / "raw_videos"
    videos.mkdir(parents=True)
    film = make_film("a.mkv", seconds=Fraction(5), sounds=(SOUND,))
    shutil.copy(film, videos / "aa.mp4")
    film.rename(videos / "bb.mp4")
    return tmp_path


def _prepare(root, subset="ms3", **options):
    return {p.name: p for p in prepare_clips(read_index(root, subset), subset, **options)}


@pytest.mark.parametrize(
    ("rate", "numbers"),
    [
        (30, [28, 58, 88, 118, 148]),
        (25, [23, 48, 73, 98, 123]),
        (24000 / 1001, [22, 46, 70, 94, 118]),
        (10, [9, 19, 29, 39, 49]),
    ],
)
def test_frame_numbers_follow_avsbench(rate, numbers):
    """int(l fps + 15/16 fps) with the rounded rate: 0.9375 s into each second."""
    assert frame_numbers(rate, 5) == numbers


def test_a_raw_video_becomes_a_clip(raw_ms3, number_of):
    """The pictures are numbers 9, 19, ..., the sound is 16 kHz stereo PCM, the log-mel its own."""
    assert {p.state for p in _prepare(raw_ms3).values()} == {"made"}
    clip = read_index(raw_ms3, "ms3")[0]

    pictures = [np.asarray(Image.open(path)) for path in clip.frames]
    with wave.open(str(clip.wav)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (16_000, 2, 2)
        assert file.getnframes() == 80_000

    assert [number_of(picture) for picture in pictures] == [9, 19, 29, 39, 49]
    assert {picture.shape for picture in pictures} == {(224, 224, 3)}
    assert clip.frames[0].name == "aa.mp4_1.png"
    stored = read_log_mel(clip.log_mel)
    assert stored.shape == (5, 1, 96, 64)
    np.testing.assert_array_equal(stored, log_mel_blocks(read_wav(clip.wav)))


def test_a_prepared_clip_can_be_checked_and_read(raw_ms3):
    """With masks added, the doctor has no complaint and the dataset reads it."""
    _prepare(raw_ms3)
    for clip in read_index(raw_ms3, "ms3"):
        clip.masks[0].parent.mkdir(parents=True)
        for path in clip.masks:
            Image.fromarray(np.zeros((224, 224), np.uint8)).save(path)

    assert check_dataset(raw_ms3, "ms3").num_errors == 0
    assert AVSBench(raw_ms3, "ms3", "train")[0].frames.shape == (5, 3, 224, 224)


def test_what_is_there_is_kept(raw_ms3):
    """A second run makes only what is missing; overwrite makes all anew."""
    _prepare(raw_ms3)
    first, second = read_index(raw_ms3, "ms3")
    second.frames[3].unlink()
    second.log_mel.unlink()
    stamp = second.frames[0].stat().st_mtime_ns

    again = _prepare(raw_ms3)

    assert (again["aa"].state, again["bb"].state) == ("kept", "made")
    assert second.frames[3].exists()
    assert second.log_mel.exists()
    assert second.frames[0].stat().st_mtime_ns == stamp
    first.frames[0].write_text("old")
    _prepare(raw_ms3, overwrite=True)
    assert Image.open(first.frames[0]).size == (224, 224)


def test_one_bad_video_does_not_stop_the_others(raw_ms3):
    """A missing and a damaged video are failures with a reason; the rest is made."""
    videos = raw_ms3 / "ms3_data" / "raw_videos"
    (videos / "aa.mp4").write_text("no film")

    found = _prepare(raw_ms3)

    assert (found["aa"].state, found["bb"].state) == ("failed", "made")
    assert "aa.mp4" in found["aa"].reason
    (videos / "aa.mp4").unlink()
    assert "missing" in _prepare(raw_ms3)["aa"].reason
    folder = raw_ms3 / "ms3_data" / "visual_frames"
    assert not any(path.name.startswith(".") for path in folder.rglob("*"))


def test_a_video_without_sound_fails(raw_ms3, make_film):
    """Sound is what this dataset is about; a silent film is a failure with a reason."""
    make_film("x.mkv", seconds=Fraction(5), sounds=()).rename(
        raw_ms3 / "ms3_data" / "raw_videos" / "aa.mp4"
    )

    assert "no sound" in _prepare(raw_ms3)["aa"].reason


@pytest.mark.parametrize(("seconds", "state"), [(3, "made"), (7, "failed")])
def test_short_and_long_videos(raw_ms3, make_film, number_of, seconds, state):
    """A short film repeats its last picture and block; a long one gets no log-mel (AVSBench)."""
    film = make_film("x.mkv", seconds=Fraction(seconds), sounds=(SOUND,))
    film.rename(raw_ms3 / "ms3_data" / "raw_videos" / "aa.mp4")

    found = _prepare(raw_ms3)["aa"]
    clip = read_index(raw_ms3, "ms3")[0]
    numbers = [number_of(np.asarray(Image.open(path))) for path in clip.frames]

    assert found.state == state
    assert clip.log_mel.exists() == (state == "made")
    assert numbers == ([9, 19, 29, 29, 29] if seconds == 3 else [9, 19, 29, 39, 49])


def test_a_late_start_in_s4_shortens_the_clip(tmp_path, make_film):
    """S4's script takes 10 - start seconds where the start is later than 5."""
    (tmp_path / "s4_meta_data.csv").write_text("name,start_time,category,split\naa,7,dog,train\n")
    clip = read_index(tmp_path, "s4")[0]
    clip.video.parent.mkdir(parents=True)
    make_film("x.mkv", seconds=Fraction(5), sounds=(SOUND,)).rename(clip.video)

    _prepare(tmp_path, "s4")

    assert [path.exists() for path in clip.frames] == [True] * 3 + [False] * 2


def test_variable_rates_are_counted_as_if_constant(tmp_path, make_film, number_of):
    """Where pictures are missing, the one on display at that count is taken."""
    from avsseg.media.extract import pictures_by_number

    times = [Fraction(n, 10) for n in range(50) if n not in (9, 19, 28, 29)]
    film = make_film("vfr.mkv", times=times, rate=Fraction(10))
    shown = [number_of(p) for p in pictures_by_number(film, [8, 10, 40])]

    assert shown[0] == 8
    assert shown[1] == 9  # the tenth picture that exists is number 10 of the constant film


def test_bilinear_mixes_the_four_nearest_pixels_alone():
    """Shrinking by 2 averages 2 x 2, by 4 skips pixels, and the same size changes nothing."""
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)

    half = shrink_bilinear(picture, (4, 4)).astype(int)
    quarter = shrink_bilinear(picture, (2, 2)).astype(int)
    blocks = picture.reshape(4, 2, 4, 2, 3).astype(float).mean(axis=(1, 3))

    assert np.abs(half - blocks).max() <= 0.5
    assert np.abs(quarter[0, 0] - picture[1:3, 1:3].astype(float).mean(axis=(0, 1))).max() <= 0.5
    np.testing.assert_array_equal(shrink_bilinear(picture, (8, 8)), picture)


def test_avss_has_nothing_to_prepare(tmp_path, layouts):
    """AVSS ships frames and wav files only."""
    root = layouts.write_avss(tmp_path)

    with pytest.raises(DataError, match="nothing to prepare"):
        list(prepare_clips(read_index(root, "avss"), "avss"))
