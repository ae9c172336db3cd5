import wave

import av
import numpy as np
import pytest

from avsseg.errors import MediaError
from avsseg.media.recording import read_recording, write_stills


def _write_wav(path, rate, channels):
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, 2, rate, 0, "NONE", ""))
        file.writeframes(np.repeat(tone, channels).tobytes())


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (8_000, 1)])
def test_any_rate_and_any_channels_become_mono_16_khz(tmp_path, rate, channels):
    """One second stays one second and keeps its pitch and level."""
    _write_wav(tmp_path / "a.wav", rate, channels)
    sound = read_recording(tmp_path / "a.wav")

    assert sound.dtype == np.int16
    assert sound.shape == pytest.approx((16_000,), abs=50)
    assert np.argmax(np.abs(np.fft.rfft(sound, 16_000))) == pytest.approx(440, abs=1)
    assert np.abs(sound[1000:15_000]).max() == pytest.approx(8000, rel=0.05)


def test_a_file_without_sound_is_refused_in_one_line(tmp_path):
    """Whether it is missing, damaged or silent film, the message names it."""
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    with av.open(str(tmp_path / "mute.mp4"), "w") as film:
        stream = film.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        film.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        film.mux(stream.encode(None))

    for name in ("none.wav", "broken.wav", "mute.mp4"):
        with pytest.raises(MediaError, match=name):
            read_recording(tmp_path / name)


def test_stills_become_a_film_of_one_second_each(tmp_path):
    """Three pictures and three seconds of sound: both tracks last three seconds."""
    pictures = np.stack([np.full((48, 64, 3), grey, np.uint8) for grey in (30, 120, 220)])
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 16_000)
    write_stills(tmp_path / "film.mp4", pictures, tone.astype(np.float32))

    with av.open(str(tmp_path / "film.mp4")) as film:
        greys = [
            frame.to_ndarray(format="gray", threads=1).mean() for frame in film.decode(video=0)
        ]
    assert len(greys) == 24
    assert greys[3] < greys[11] - 50 < greys[19] - 100
    assert read_recording(tmp_path / "film.mp4").size == pytest.approx(48_000, abs=3000)
