"""The picture of a film's sound, against closed forms."""

from fractions import Fraction

import numpy as np
import pytest

from avsseg.media.spectrogram import NUM_BANDS, SpectrogramMeter, mel_bands


def tone(frequency, seconds, level=0.5):
    times = np.arange(round(seconds * 16_000)) / 16_000
    return (level * np.sin(2 * np.pi * frequency * times)).astype(np.float32)


def measured(*pieces, columns=1536):
    meter = SpectrogramMeter(columns)
    for first, samples in pieces:
        meter.add(first, samples)
    return meter.spectrogram()


@pytest.mark.parametrize("frequency", [125, 440, 1000, 5000])
def test_a_tone_is_brightest_in_the_band_of_its_pitch(frequency):
    """The loudest band is the one whose triangle weighs the tone's frequency most."""
    found = measured((0, tone(frequency, 1)))
    bins = mel_bands(8001)  # one for each hertz

    assert found.levels[5:-5].argmax(axis=1) == pytest.approx(bins[:, frequency].argmax(), abs=1)


def test_loudness_is_the_rms_of_each_column():
    """A sine of amplitude a has a mean power of a squared over two."""
    found = measured((0, tone(1000, 1, level=0.5)))

    assert found.loudness == pytest.approx(10 * np.log10(0.5**2 / 2), abs=0.01)


def test_columns_begin_with_the_sound_and_last_25_ms():
    """Time is that of the film, also where the sound begins late or before zero."""
    for first in (-800, 0, 16_000):
        found = measured((first, tone(440, 0.5)))

        assert found.start == Fraction(first, 16_000)
        assert found.step == Fraction(1, 40)
        assert len(found.loudness) == len(found.levels) == 20


def test_how_the_samples_are_cut_makes_no_difference():
    """Pieces of any length give the same picture."""
    wave = tone(700, 0.6) * np.linspace(0, 1, 9600, dtype=np.float32)
    whole = measured((0, wave))
    pieces = measured(*((n, wave[n : n + 333]) for n in range(0, len(wave), 333)))

    np.testing.assert_array_equal(whole.levels, pieces.levels)
    np.testing.assert_allclose(whole.loudness, pieces.loudness, atol=1e-4)


def test_long_films_give_wider_columns_and_the_same_power():
    """However long the sound lasts, there are never more columns than were asked for."""
    wave = tone(1000, 5)
    found = measured((0, wave), columns=32)

    assert len(found.loudness) <= 32
    assert found.step * len(found.loudness) >= 5
    assert found.loudness[:-1] == pytest.approx(10 * np.log10(0.125), abs=0.05)


def test_gaps_are_silent():
    """What was never heard is dark, and the sound after it is in its place."""
    found = measured((0, tone(440, 0.5)), (32_000, tone(440, 0.5)))

    assert len(found.loudness) == 100
    assert found.loudness[25:75] == pytest.approx(-100)
    assert not found.levels[25:75].any()
    assert found.levels[85].max() > 200


def test_digital_silence_is_dark_and_no_sound_at_all_is_nothing():
    """A silent track has a picture; a film without a track has none."""
    silent = measured((0, np.zeros(8000, np.float32)))

    assert silent.levels.shape == (20, NUM_BANDS)
    assert not silent.levels.any()
    assert measured() is None
    assert measured((0, np.zeros(0, np.float32))) is None
