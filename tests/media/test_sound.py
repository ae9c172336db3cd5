from fractions import Fraction

import av
import numpy as np
import pytest

from avsseg.errors import MediaError
from avsseg.media.sound import MonoResampler, SoundBuffer, measure_sound


def numbered(first, count):
    """Samples that say their own number, in thousandths."""
    return (np.arange(first, first + count) / 1000).astype(np.float32)


def audio_frame(samples, *, rate=16000, pts=0, format="fltp", layout="mono"):
    frame = av.AudioFrame.from_ndarray(samples, format=format, layout=layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, pts, Fraction(1, rate)
    return frame


def resample(frames, rate=16000):
    resampler, pieces = MonoResampler(rate), []
    for frame in frames:
        pieces += resampler.push(frame)
    return [*pieces, *resampler.flush()]


def test_a_window_holds_the_samples_of_its_own_numbers():
    """Samples are found by absolute number across chunks."""
    buffer = SoundBuffer()
    for first in range(0, 100, 7):
        buffer.write(first, numbered(first, 7))

    np.testing.assert_array_equal(buffer.window(33, 40), numbered(33, 40))


def test_what_was_never_written_is_silent():
    """Before a late track, inside a gap and after the end there are zeros."""
    buffer = SoundBuffer()
    buffer.write(10, np.ones(5, np.float32))
    buffer.write(20, np.ones(5, np.float32))

    window = buffer.window(-5, 40)

    assert np.flatnonzero(window).tolist() == [*range(15, 20), *range(25, 30)]


def test_what_is_written_twice_stays_as_it_was_first():
    """Overlapping timestamps add only what is new."""
    buffer = SoundBuffer()
    buffer.write(0, np.ones(10, np.float32))
    buffer.write(5, np.full(10, 2, np.float32))

    assert buffer.window(0, 15).tolist() == [1.0] * 10 + [2.0] * 5
    assert buffer.num_samples == 15


def test_a_window_is_known_when_later_sound_or_the_end_was_seen():
    """A window reaching beyond the last sample waits, until the track is finished."""
    buffer = SoundBuffer()
    assert not buffer.covers(-100)

    buffer.write(0, np.ones(10, np.float32))

    assert buffer.covers(10)
    assert not buffer.covers(11)
    buffer.finish()
    assert buffer.covers(11)


def test_forgetting_frees_what_no_picture_can_ask_for():
    """Only chunks wholly before the number go."""
    buffer = SoundBuffer()
    for first in range(0, 1000, 10):
        buffer.write(first, numbered(first, 10))

    buffer.forget(before=905)

    assert buffer.num_samples == 100
    np.testing.assert_array_equal(buffer.window(905, 20), numbered(905, 20))


def test_a_gap_of_a_year_needs_no_memory():
    """A torn timestamp makes two chunks, not a year of zeros."""
    buffer = SoundBuffer()
    buffer.write(0, np.ones(10, np.float32))
    buffer.write(16000 * 365 * 86400, np.ones(10, np.float32))

    assert buffer.num_samples == 20


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_resampling_keeps_an_impulse_in_its_place(rate):
    """A click at 0.5 s is at sample 8000 whatever the source's rate."""
    samples = np.zeros((1, rate), np.float32)
    samples[0, rate // 2] = 1
    frames = [audio_frame(samples[:, i : i + 1000], rate=rate, pts=i) for i in range(0, rate, 1000)]
    pieces = resample(frames)
    buffer = SoundBuffer()
    for piece in pieces:
        buffer.write(*piece)

    assert abs(int(np.abs(buffer.window(0, 16000)).argmax()) - 8000) <= 1
    assert abs(buffer.end - 16000) <= 16


def test_samples_are_placed_by_the_track_s_own_timestamps():
    """A track that begins at 2.5 s begins at sample 40000."""
    pieces = resample([audio_frame(np.ones((1, 4410), np.float32), rate=44100, pts=110250)])

    assert pieces[0][0] == 40000
    assert abs(sum(len(samples) for _, samples in pieces) - 1600) <= 1


def test_a_jump_of_timestamps_starts_anew_and_jitter_does_not():
    """Five milliseconds of wander are ignored, half a second is a gap."""
    block = np.ones((1, 1600), np.float32)
    wander = resample([audio_frame(block), audio_frame(block, pts=1680)])
    jump = resample([audio_frame(block), audio_frame(block, pts=9600)])

    assert [first for first, _ in wander] == [0, 1600]
    assert [first for first, _ in jump] == [0, 9600]


def test_a_change_of_rate_in_the_middle_is_followed():
    """A track that goes on at another rate goes on in time."""
    frames = [
        audio_frame(np.ones((1, 8000), np.float32), rate=8000),
        audio_frame(np.ones((1, 48000), np.float32), rate=48000, pts=48000),
    ]
    total = sum(len(samples) for _, samples in resample(frames))

    assert abs(total - 32000) <= 32


@pytest.mark.parametrize(
    ("format", "samples", "expected"),
    [
        ("s16", np.array([[16384, 0, 16384, 0]], np.int16), 0.25),
        ("s16p", np.array([[16384] * 2, [0] * 2], np.int16), 0.25),
        ("s32p", np.array([[2**30] * 2, [2**30] * 2], np.int32), 0.5),
        ("u8", np.array([[192, 128, 192, 128]], np.uint8), 0.25),
        ("flt", np.array([[0.5, 0.1, 0.5, 0.1]], np.float32), 0.3),
        ("dblp", np.array([[0.5] * 2, [0.1] * 2], np.float64), 0.3),
        ("fltp", np.array([[np.nan] * 2, [np.inf] * 2], np.float32), 0.0),
    ],
)
def test_every_sample_format_becomes_the_mean_of_its_channels(format, samples, expected):
    """Stereo is averaged to [-1, 1] as AVSBench does; values that are no number become silent."""
    ((_, mono),) = resample([audio_frame(samples, format=format, layout="stereo")])

    np.testing.assert_allclose(mono, [expected] * 2, atol=1e-6)


def test_loudness_of_a_sine_is_its_closed_form(make_film, waves):
    """A sine of amplitude 0.25 has an RMS of 20 log10(0.25 / sqrt 2) = -15.05 dBFS."""
    profile = measure_sound(make_film(sounds=[{"wave": waves["tone"](440, 0.25)}]))

    assert profile.loudest == pytest.approx(-15.05, abs=0.02)
    assert profile.peak == pytest.approx(0.25, abs=1e-3)
    np.testing.assert_allclose(profile.levels, -15.05, atol=0.1)
    np.testing.assert_allclose(profile.times, np.arange(20) / 10)


def test_the_loudest_second_is_the_loudest_stretch_of_one_second(make_film):
    """A burst of half a second counts by half in its second."""

    def burst(seconds):
        return 0.5 * np.sqrt(2) * np.sin(2 * np.pi * 500 * seconds) * ((seconds * 10 // 5) == 2)

    profile = measure_sound(make_film(seconds=3, sounds=[{"wave": burst}]))

    assert profile.loudest == pytest.approx(20 * np.log10(0.5) - 10 * np.log10(2), abs=0.05)
    assert profile.level_at(Fraction(12, 10)) == pytest.approx(-6.02, abs=0.1)
    assert profile.level_at(Fraction(3, 10)) == -100
    assert profile.level_at(Fraction(50)) == -100


def test_gain_brings_the_loudest_second_to_the_target_but_not_beyond_the_cap(make_film, waves):
    """Loud sound comes down freely, faint sound goes up by at most 12 dB, silence stays."""

    def gain(wave):
        return measure_sound(make_film(sounds=[{"wave": wave}])).gain()

    assert 20 * np.log10(gain(waves["tone"](440, 0.25))) == pytest.approx(15.05 - 22, abs=0.05)
    assert 20 * np.log10(gain(waves["tone"](440, 0.002))) == pytest.approx(12)
    assert gain(waves["silence"]) == 1.0


def test_a_film_without_sound_has_an_empty_profile(make_film):
    """Missing sound is silence to the measure; refusing it is the caller's decision."""
    profile = measure_sound(make_film(sounds=()))

    assert len(profile.hops) == 0
    assert profile.loudest == -100
    assert profile.gain() == 1.0


def test_a_late_track_is_measured_where_it_sounds(make_film):
    """Hops are numbered on the film's clock."""
    sounds = [{"start": Fraction(1), "seconds": Fraction(1, 2)}]
    profile = measure_sound(make_film(sounds=sounds))

    assert profile.hops.tolist() == [10, 11, 12, 13, 14]


def test_the_chosen_track_is_measured(make_film, waves):
    """Track numbers count from 0, and a number that is not there is one clear line."""
    film = make_film(sounds=[{"wave": waves["silence"]}, {"wave": waves["tone"](440, 0.25)}])

    assert measure_sound(film, audio_track=0).loudest == -100
    assert measure_sound(film, audio_track=1).loudest > -16
    with pytest.raises(MediaError, match="no audio track 2; it has 2, numbered from 0"):
        measure_sound(film, audio_track=2)
