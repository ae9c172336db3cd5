"""From a file to what sounds in it: in order of time, lazily, leaving nothing running behind."""

import threading
import time
from copy import deepcopy
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch

from avsseg.blips import without_blips
from avsseg.clip import Clip
from avsseg.errors import MediaError, UsageError
from avsseg.fast.ready import ready_copy
from avsseg.listening import is_audible, listen
from avsseg.media.clock import time_of
from avsseg.media.grey import grey_of
from avsseg.media.reader import open_video
from avsseg.media.sound import measure_samples
from avsseg.moments import Moment
from avsseg.pipeline import predictions, sample_spec
from avsseg.prediction import Prediction, PredictSettings
from avsseg.sound_classes import class_names
from avsseg.stage_timer import NO_TIMER
from avsseg.videos import segment_video


@pytest.fixture(scope="module")
def model(tiny_checkpoint):
    from avsseg.checkpoint import load_checkpoint

    return load_checkpoint(tiny_checkpoint)


class EndlessFilm:
    """Noise without end that counts the clips which are taken of it."""

    start, timer, handed_over, clip_bytes = Fraction(0), NO_TIMER, 0, 0

    def clips(self, spec, *, cuts=None):
        frames = np.zeros((spec.num_frames, *spec.size, 3), np.uint8)
        waveform = np.full((spec.num_frames, spec.window), 0.1, np.float32)
        self.clip_bytes = frames.nbytes + waveform.nbytes
        for index in range(1000):
            self.handed_over += 1
            times = tuple(Fraction(5 * index + n) for n in range(spec.num_frames))
            yield Clip(
                frames=frames,
                waveform=waveform,
                times=times,
                num_valid=spec.num_frames,
                index=index,
            )


def stages():
    return [t for t in threading.enumerate() if t.name == "avsseg-prefetch"]


def test_a_video_gives_predictions_at_the_times_of_its_pictures(make_film, model):
    """Five lines of Python are enough; each result says when, what, how sure and how loud."""
    film = make_film("film.mkv", rate=Fraction(10), seconds=3)
    moments = list(segment_video(film, model, fps=2))

    assert [m.time for m in moments] == [Fraction(n, 10) for n in (2, 7, 12, 17, 22, 27)]
    assert [m.index for m in moments] == list(range(6))
    for moment in moments:
        assert moment.mask.shape == (64, 64)
        assert moment.mask.dtype == np.float32
        assert moment.loudness_db == pytest.approx(20 * np.log10(0.25 / np.sqrt(2)), abs=0.5)
    assert not stages()


def test_leaving_early_stops_the_work(make_film, model):
    """Breaking out of the loop closes the file and ends every thread."""
    for moment in segment_video(make_film("film.mkv", seconds=30), model):
        assert moment.index == 0
        break

    assert not stages()


def test_start_and_end_are_counted_from_the_first_picture(make_film, model):
    """A film whose clock begins late is addressed as its viewer would."""
    film = make_film("film.mkv", start=Fraction(10), seconds=4)
    times = [m.time for m in segment_video(film, model, start=1, end=2.5, fps=2)]

    assert times == [Fraction(112, 10), Fraction(117, 10), Fraction(122, 10)]


def test_a_failing_network_fails_the_loop_and_stops_the_threads(make_film, model, monkeypatch):
    """An exception crosses the threads with its own type."""

    def broken(*_):
        raise ZeroDivisionError("bug")

    monkeypatch.setattr(ready_copy(model), "encode_frames", broken)
    with pytest.raises(ZeroDivisionError):
        list(segment_video(make_film("film.mkv"), model))
    assert not stages()


def test_a_film_without_sound_is_refused_with_the_way_on(make_film, model):
    """Silence is a decision that the caller takes."""
    film = make_film("film.mkv", sounds=())
    with pytest.raises(MediaError, match="--silent-ok"):
        next(segment_video(film, model))
    moments = list(segment_video(film, model, silent_ok=True))

    assert len(moments) == 2
    assert not any(m.mask.any() for m in moments)
    assert [m.loudness_db for m in moments] == [None, None]


def test_quiet_films_are_raised_to_the_level_of_training(make_film, model, waves):
    """One gain per file: -34 dBFS needs the largest, +12 dB; louder needs less."""
    for level, gain in ((0.001, 10**0.6), (0.25, 10 ** (-22 / 20) / (0.25 / np.sqrt(2)))):
        film = make_film("film.mkv", sounds=({"wave": waves["tone"](440, level)},))
        with open_video(film) as reader:
            spec = sample_spec(reader, model, PredictSettings(), listen(reader))

        assert spec.gain == pytest.approx(gain, rel=0.02)


def test_masks_follow_the_sound_through_its_pauses(make_film, model):
    """Gated, a mask is gone where the film falls silent; ungated it is what the network said."""

    def with_a_pause(seconds):
        on = (seconds < 2) | (seconds >= 5)
        return on * 0.25 * np.sin(2 * np.pi * 440 * seconds)

    film = make_film("film.mkv", seconds=7, sounds=({"wave": with_a_pause},))
    moments = list(segment_video(film, model))
    ungated = list(segment_video(film, model, gate="off"))

    assert [m.sounding for m in moments] == [1, 1, 0, 0, 0, 1, 1]
    for moment, other in zip(moments, ungated, strict=True):
        np.testing.assert_array_equal(moment.raw, other.mask)
        np.testing.assert_array_equal(moment.mask, moment.raw * moment.sounding)


def test_digital_silence_is_told_from_quiet(make_film, waves):
    """A whisper is heard; zeros are not."""
    for wave, audible in ((waves["tone"](440, 0.001), True), (waves["silence"], False)):
        with open_video(make_film("film.mkv", sounds=({"wave": wave},))) as reader:
            assert is_audible(listen(reader)) == audible
    assert not is_audible(None)


def test_the_score_is_the_mean_probability_of_what_is_marked():
    """Pixels below the threshold have no say; an empty mask scores nothing."""
    mask = np.array([[0.9, 0.7], [0.4, 0.0]], np.float32)
    moment = Prediction(
        index=0, time=Fraction(0), mask=mask, raw=mask, sounding=1.0, loudness_db=None
    )

    assert moment.score() == pytest.approx(0.8)
    assert moment.score(threshold=0.95) == 0.0


def test_scenes_are_counted_at_cuts(make_film, model):
    """A dark wall, then from two seconds on a bright one: predictions know which is theirs."""

    def picture(number, size):
        shades = (40, 90) if number < 20 else (210, 150)
        return np.repeat(
            np.repeat(np.array(shades, np.uint8)[None, :, None], 3, axis=2),
            size[0] // 2,
            axis=1,
        ).repeat(size[1], axis=0)

    film = make_film("film.mkv", picture=picture, seconds=4)
    moments = list(segment_video(film, model, fps=2, samples=2, smooth=1))

    assert [m.scene for m in moments] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert all(m.spread.shape == m.mask.shape and 0 <= m.disagreement <= 1 for m in moments)


def test_overlapping_clips_give_the_same_moments(make_film, model):
    """Each picture once, in order, its mask between those that single clips give of it."""
    film = make_film("film.mkv", rate=Fraction(10), seconds=9)
    alone, blended = (list(segment_video(film, model, fps=2, overlap=n)) for n in (0, 3))

    assert [m.time for m in blended] == [m.time for m in alone]
    assert any((a.mask != b.mask).any() for a, b in zip(alone, blended, strict=True))
    assert all(m.mask.min() >= 0 and m.mask.max() <= 1 for m in blended)


@pytest.mark.parametrize("fps", [2, 4])
def test_films_looked_at_often_are_steadied(make_film, model, fps):
    """Four times a second, unless it is not wanted; twice a second neighbours hear other things."""
    film = make_film("film.mkv", rate=Fraction(20), seconds=3)
    plain, steady = (list(segment_video(film, model, fps=fps, steady=on)) for on in (False, True))
    told = [Moment(time=m.time, mask=m.raw, grey=m.grey) for m in plain]
    cuts = [b.time for a, b in pairwise(plain) if a.scene != b.scene]
    wanted = told if fps == 2 else list(without_blips(told, breaks=cuts))
    for one, other in zip(wanted, steady, strict=True):
        np.testing.assert_array_equal(one.mask, other.raw)
    assert (fps == 2) == all((a.raw == b.raw).all() for a, b in zip(plain, steady, strict=True))


@pytest.mark.parametrize("overlap", [0, 2])
def test_every_prediction_has_its_own_picture_in_small(make_film, model, overlap):
    """Whichever clips it comes from."""
    film = make_film("film.mkv", rate=Fraction(10), seconds=7)
    with open_video(film) as reader:
        small = {time_of(frame): grey_of(frame) for frame in reader.frames()}
    moments = list(segment_video(film, model, fps=2, overlap=overlap))
    assert len(moments) == 14
    for moment in moments:
        assert np.abs(moment.grey.astype(int) - small[moment.time]).mean() < 4


def test_clips_cannot_share_all_their_frames(make_film, model):
    """They would never get on."""
    with pytest.raises(UsageError, match="overlap 5: this network's clips have 5 frames"):
        next(segment_video(make_film("film.mkv"), model, overlap=5))


def test_sounds_have_no_name_while_nothing_sounds(make_film, model):
    """An encoder that hears a dog in everything is believed where there is something to hear."""
    dog = deepcopy(model)
    with torch.no_grad():
        dog.audio_encoder.fc.weight.zero_()
        dog.audio_encoder.fc.bias.fill_(-9)
        dog.audio_encoder.fc.bias[class_names().index("Dog")] = 9

    def first_half(seconds):
        return (seconds < 3) * 0.25 * np.sin(2 * np.pi * 440 * seconds)

    film = make_film("film.mkv", seconds=6, sounds=({"wave": first_half},))
    named = [[event.name for event in m.heard] for m in segment_video(film, dog)]

    assert named == [["Dog"]] * 3 + [[]] * 3


def test_the_first_pass_runs_only_a_few_clips_ahead_of_the_network(model, monkeypatch):
    """Reading more than the network will soon take wins no time, and costs a long film memory."""
    film, go_on = EndlessFilm(), threading.Event()
    encode = ready_copy(model).encode_frames

    def stalled(frames):
        go_on.wait(60)
        return encode(frames)

    monkeypatch.setattr(ready_copy(model), "encode_frames", stalled)
    loud = measure_samples(np.full(16_000, 0.5, np.float32))
    moments = predictions(film, model, PredictSettings(), loud)
    first = threading.Thread(target=lambda: next(moments))
    first.start()
    seen = 0
    while film.handed_over < 3 or film.handed_over > seen:
        seen = film.handed_over
        time.sleep(0.3)
    go_on.set()
    first.join()
    moments.close()

    in_work = torch.get_num_threads() + 2
    assert (seen - in_work) * film.clip_bytes <= 4 * 1024 * 1024
