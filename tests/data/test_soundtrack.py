from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from avsseg.data.acoustics import coloured_noise, decibels, filtered, gate, resample, windows
from avsseg.data.compose import sample_rng
from avsseg.data.options import SoundOptions
from avsseg.data.scene import Cast
from avsseg.data.soundtrack import compose_sound

TONES = {"dog": 400.0, "guitar": 900.0, "clock": 1800.0}
DRY = SoundOptions(
    background=0,
    gain_db=(0, 0),
    reverb=0,
    speed=0,
    equalise=0,
    rare_below=0,
    floor=0,
    pause=0,
    gated=0,
    sequential=0,
)


def _cast(*names, num_frames=1, area=0.1, uncertain=()):
    areas = np.full(len(names), area)
    return Cast(
        categories=names, areas=areas, uncertain=frozenset(uncertain), num_frames=num_frames
    )


def _tones(wave):
    """The tones of the bank that a wave holds."""
    spectrum = np.abs(np.fft.rfft(wave))
    frequencies = np.fft.rfftfreq(wave.size, 1 / 16_000)
    level = {n: spectrum[np.abs(frequencies - f) < 15].max() for n, f in TONES.items()}
    return {name for name, found in level.items() if found > 30}


def test_the_same_seed_gives_the_same_sound(train_view):
    """Bank, seed and index decide every sample."""
    cast = _cast("dog", "guitar", num_frames=5)
    first = compose_sound(train_view, sample_rng(1, 2), cast)
    again = compose_sound(train_view, sample_rng(1, 2), cast)

    assert np.array_equal(first.wave, again.wave)
    assert np.array_equal(first.sounding, again.sounding)


@pytest.mark.parametrize("num_frames", [1, 5])
def test_soundtracks_have_the_promised_shapes(train_view, num_frames):
    """One window of 15600 samples for each frame, in [-1, 1]."""
    cast = _cast("dog", "guitar", num_frames=num_frames)
    for index in range(60):
        track = compose_sound(train_view, sample_rng(0, index), cast)
        assert track.waveform.shape == (num_frames, 15_600)
        assert track.waveform.dtype == np.float32
        assert np.abs(track.wave).max() <= 1.01
        assert track.sounding.shape == (2, num_frames)
        assert track.ignored.shape == (num_frames,)


def test_what_sounds_is_what_is_heard(train_view):
    """The tones in each window are those of the categories said to sound there."""
    cast = _cast("dog", "guitar", "clock", num_frames=5)
    options = replace(DRY, one=0.5, several=0.5, gated=0.7, sequential=0.5, mix_db=(-3, 3))
    for index in range(60):
        track = compose_sound(train_view, sample_rng(0, index), cast, options)
        for frame, window in enumerate(track.waveform):
            if not track.ignored[frame]:
                names = np.array(cast.categories)[track.sounding[:, frame]]
                assert _tones(window) - set(names) == set() or track.sounding[:, frame].any()
                assert set(names) <= _tones(window)


def test_pauses_inside_a_recording_are_silent(train_view):
    """The clock's recording falls silent after two seconds, and so does its truth."""
    seen = Counter()
    for index in range(40):
        track = compose_sound(
            train_view, sample_rng(0, index), _cast("clock", num_frames=5), DRY, sources=["clock"]
        )
        for frame, window in enumerate(track.waveform):
            level = np.sqrt(np.mean(window**2)) / 0.078
            if level > 0.15:
                assert track.sounding[0, frame]
            if level < 0.02:
                assert not track.sounding[0, frame] and not track.ignored[frame]
            seen[bool(track.sounding[0, frame])] += 1

    assert seen[True] > 20 and seen[False] > 20


def test_chosen_sources_sound(train_view):
    """The same scene can be heard with either of its sources."""
    cast = _cast("dog", "guitar")
    dog = compose_sound(train_view, sample_rng(0, 0), cast, DRY, sources=["dog"])
    both = compose_sound(
        train_view, sample_rng(0, 0), cast, replace(DRY, mix_db=(0, 0)), sources=["dog", "guitar"]
    )

    assert dog.sounding[:, 0].tolist() == [True, False]
    assert _tones(dog.wave) == {"dog"}
    assert both.sounding[:, 0].tolist() == [True, True]
    assert _tones(both.wave) == {"dog", "guitar"}


def test_an_absent_sound_comes_from_nothing_in_view(train_view):
    """A known category that is not in view is played, and nothing is to be marked."""
    for index in range(20):
        cast = _cast("dog", uncertain=["clock"])
        track = compose_sound(train_view, sample_rng(0, index), cast, DRY, kind="none:absent")
        assert track.heard == ("guitar",)
        assert _tones(track.wave) == {"guitar"}
        assert not track.sounding.any()


def test_silence_is_digital_or_faint(train_view):
    """Without a floor every sample is zero; with one it stays below -45 dBFS."""
    digital = compose_sound(train_view, sample_rng(0, 0), _cast("dog"), DRY, kind="none:silence")
    faint = compose_sound(
        train_view, sample_rng(0, 0), _cast("dog"), replace(DRY, floor=1.0), kind="none:silence"
    )

    assert not digital.wave.any()
    assert 0 < np.sqrt(np.mean(faint.wave**2)) < decibels(-45)
    assert not faint.sounding.any()


def test_kinds_come_in_their_shares(train_view):
    """Half one, a sixth several, the rest negatives of which silence is a part."""
    options = SoundOptions(music=0)
    kinds = Counter(
        compose_sound(train_view, sample_rng(0, index), _cast("dog", "guitar"), options).kind
        for index in range(400)
    )

    assert 0.42 < kinds["one"] / 400 < 0.58
    assert 0.10 < kinds["several"] / 400 < 0.21
    assert kinds["none:silence"] and kinds["none:noise"] and kinds["none:offscreen"]
    assert kinds["none:absent"] > kinds["none:noise"]


def test_specks_and_kinds_without_sounds_are_never_made_to_sound(train_view):
    """Too small to be a fair target, or without a recording: only negatives are left."""
    for cast in (_cast("dog", area=0.001), _cast("unicorn"), _cast()):
        for index in range(30):
            track = compose_sound(train_view, sample_rng(0, index), cast)
            assert track.kind.startswith("none:")
            assert not track.sounding.any()


def test_sources_one_after_the_other_change_places(train_view):
    """Sequential sources do not overlap: within the clip the sound moves to the other one."""
    options = replace(DRY, sequential=1.0, mix_db=(0, 0))
    cast = _cast("dog", "guitar", num_frames=5)
    for index in range(20):
        track = compose_sound(
            train_view, sample_rng(0, index), cast, options, sources=["dog", "guitar"]
        )
        assert track.sounding.any(axis=1).all()
        assert track.sounding.all(axis=0).sum() <= 1


def test_a_drowned_source_is_told_apart_as_unsure(train_view):
    """A source 40 dB under the other one: no truth is claimed for the frame."""
    options = replace(DRY, mix_db=(40, 40))
    track = compose_sound(
        train_view, sample_rng(0, 0), _cast("dog", "guitar"), options, sources=["dog", "guitar"]
    )

    assert track.ignored.all()


def test_windows_are_centred_on_each_second():
    """The 0.975 s around the middle of each second."""
    wave = np.arange(32_000, dtype=np.float32)

    assert windows(wave)[:, 0].tolist() == [200, 16_200]
    assert windows(wave).shape == (2, 15_600)


def test_resampling_shifts_the_pitch():
    """Played into half as many samples, a tone is an octave higher."""
    tone = np.sin(2 * np.pi * 500 * np.arange(16_000) / 16_000).astype(np.float32)
    faster = resample(tone, 8_000)

    assert np.argmax(np.abs(np.fft.rfft(faster))) * 2 == pytest.approx(1000, abs=4)


def test_rooms_and_equalisers_keep_the_level():
    """Colour changes, loudness does not."""
    rng = np.random.default_rng(0)
    wave = coloured_noise(rng, 16_000)
    for equalise, reverb in ((6.0, 0.0), (0.0, 0.5), (6.0, 0.5)):
        wet = filtered(wave, rng, equalise_db=equalise, reverb=reverb)
        assert wet.size == wave.size
        assert np.mean(wet**2) == pytest.approx(np.mean(wave**2), rel=1e-3)
        assert not np.allclose(wet, wave, atol=0.1)
    assert not filtered(np.zeros(1000, np.float32), rng, reverb=0.3).any()


def test_gates_open_within_their_spans_only():
    """Zero outside, one inside, ramps of 20 ms; the clip's own ends are not ramped."""
    opened = gate(32_000, [(0.0, 0.5), (1.0, 1.5)])

    assert opened[0] == 1 and opened[4000] == 1 and opened[20_000] == 1
    assert opened[12_000] == 0 and opened[30_000] == 0
    assert 0 < opened[16_100] < 1
