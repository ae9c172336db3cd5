"""Pictures by number and whole sounds of films."""

import wave
from fractions import Fraction

import numpy as np
import pytest

from avsseg.errors import MediaError
from avsseg.media.extract import extract_wav, frame_rate, pictures_by_number, read_sound


def test_pictures_are_counted_from_zero(make_film, number_of):
    """Numbers may repeat and may run past the end, where the last picture stays."""
    film = make_film(seconds=Fraction(2))

    pictures = pictures_by_number(film, [0, 0, 7, 19, 50])

    assert [number_of(picture) for picture in pictures] == [0, 0, 7, 19, 19]
    assert pictures[0].shape == (48, 64, 3)


def test_a_late_first_picture_is_still_number_zero(make_film, number_of):
    """Counting starts at the first picture, wherever its time stamp is."""
    film = make_film(start=Fraction(3), sounds=())

    assert [number_of(p) for p in pictures_by_number(film, [0, 5])] == [0, 5]


def test_pictures_are_upright(make_film, number_of):
    """A turned film gives pictures in display size."""
    film = make_film("turned.mp4", rotation=90, sounds=())

    assert pictures_by_number(film, [3])[0].shape == (64, 48, 3)


def test_the_stated_rate_is_read(make_film):
    """24000/1001 stays itself."""
    film = make_film("ntsc.mkv", rate=Fraction(24000, 1001), sounds=())

    assert frame_rate(film) == pytest.approx(24000 / 1001)


def test_the_wav_keeps_channels_and_samples(tmp_path, make_film, waves):
    """PCM at 16 kHz passes bit for bit; the mono reading is the same tone."""
    tone = waves["tone"](440, 0.25)
    sound = {"codec": "pcm_s16le", "layout": "stereo", "wave": tone}
    film = make_film(sounds=(sound,), seconds=Fraction(2))

    extract_wav(film, tmp_path / "a.wav")
    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (2, 16_000, 2)
        samples = np.frombuffer(file.readframes(32_000), "<i2").reshape(-1, 2)

    expected = tone(np.arange(32_000) / 16_000)
    np.testing.assert_allclose(samples[:, 0] / 32768, expected, atol=2e-4)
    np.testing.assert_allclose(read_sound(film), samples[:, 1] / 32768, atol=1e-6)


def test_a_late_track_starts_with_its_first_sample(make_film):
    """The whole sound has no leading gap, as a wav made by ffmpeg has none."""
    film = make_film(sounds=({"start": Fraction(1, 2), "seconds": Fraction(1)},))

    assert len(read_sound(film)) == pytest.approx(16_000, abs=32)


def test_films_without_sound_or_picture_are_one_line(tmp_path, make_film):
    """Asking a silent film for its sound, or a text for pictures, is a MediaError."""
    silent = make_film(sounds=())
    text = tmp_path / "a.mp4"
    text.write_text("hello")

    with pytest.raises(MediaError, match="no sound"):
        read_sound(silent)
    with pytest.raises(MediaError, match="no sound"):
        extract_wav(silent, tmp_path / "a.wav")
    with pytest.raises(MediaError, match=r"a\.mp4"):
        pictures_by_number(text, [0])
