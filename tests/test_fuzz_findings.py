"""What fuzzing found, each made by hand as small as it can be; see tests/fuzz."""

import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from avsseg.cli.app import app
from avsseg.cli.settings import read_settings
from avsseg.errors import ConfigError, DataError
from avsseg.media.extract import extract_wav
from avsseg.media.reader import open_video
from avsseg.media.sampling import SampleSpec
from avsseg.media.sound import measure_sound
from avsseg.media.stills import jpeg_stills
from avsseg.media.video_writer import open_video_writer
from avsseg.report.runs import read_runs
from avsseg.training.config_file import read_config, to_toml
from avsseg.weight_manifest import read_manifest

ENTRY = 'format = 1\n[weights.a]\nfile = "a"\nwhat = ""\nlicence = ""\n'
CONFIG = """name = "a"
model.preset = "compact"
data.avsbench = {root = "x", subset = "s4"}
[optimisation]
steps = 1
"""

# Texts that a TOML parser fails on in ways of its own.
NO_TOML = {
    "not utf-8": b"\xff\xfe = 1",
    "digits without end": b"a = " + b"9" * 5000,
    "nested without end": b"a = " + b"[" * 100_000,
}


def complaint_about(read, path, data):
    """The one line in which a reader refuses a file."""
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        read()
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("data", NO_TOML.values(), ids=NO_TOML)
def test_no_toml_is_one_line_for_every_reader(data, tmp_path, monkeypatch):
    """The manifest, a training config and the user's own settings."""
    path = tmp_path / "a.toml"
    monkeypatch.setenv("AVSSEG_CONFIG", str(path))

    complaint_about(lambda: read_manifest(path), path, data)
    complaint_about(lambda: read_config(path), path, data)
    complaint_about(lambda: read_settings(app), path, data)


def test_scores_nested_without_end_are_no_scores(tmp_path):
    """A parser's own limits end in one line."""
    (tmp_path / "metrics.json").write_text("[" * 100_000)

    with pytest.raises(DataError, match=r"is no metrics\.json"):
        read_runs([tmp_path])


@pytest.mark.parametrize("url", ["https://[*:1]/a", "https://[::1/a", "http://[/"])
def test_an_address_that_is_none_is_not_trusted(url, tmp_path):
    """The parser of addresses has complaints of its own."""
    path = tmp_path / "manifest.toml"
    text = f'{ENTRY}url = "{url}"\n'

    assert "not https" in complaint_about(lambda: read_manifest(path), path, text.encode())


def test_a_name_that_breaks_lines_does_not_break_the_message(tmp_path):
    """A setting that nobody knows is named, in one line."""
    path = tmp_path / "a.toml"
    text = CONFIG + '"lr\\n\\u2028x" = 1\n'

    assert r"lr\n\u2028x" in complaint_about(lambda: read_config(path), path, text.encode())


def test_an_integer_beyond_all_floats_is_one_line(tmp_path):
    """Where a float is wanted an integer will do, but not any."""
    path = tmp_path / "a.toml"
    text = f"{CONFIG}lr = {'9' * 400}\n"

    assert "optimisation.lr" in complaint_about(lambda: read_config(path), path, text.encode())


def test_a_setting_that_no_parser_takes_is_a_word(tmp_path):
    """As any other word that needs no quotes."""
    path = tmp_path / "a.toml"
    path.write_text(CONFIG)

    config = read_config(path, [f"data.avsbench.root={'9' * 5000}"])
    assert config.data.avsbench.root == "9" * 5000


def test_every_character_of_a_path_survives_the_config(tmp_path):
    """TOML forbids one character that JSON does not."""
    path = tmp_path / "a.toml"
    path.write_text(CONFIG)
    config = read_config(path, ["data.avsbench.root=a\x7fb\u2028\U0001f600"])
    path.write_text(to_toml(config), encoding="utf-8")

    assert read_config(path) == config


@pytest.mark.parametrize("value", [1e38, np.inf, np.nan])
def test_samples_beyond_all_loudness_are_measured_and_carried_over(value, tmp_path):
    """Their energy is no number, and no encoder takes them."""
    path = tmp_path / "film.nut"
    write_with_sound(path, (0, np.full(16000, value, np.float32)))
    profile = measure_sound(path)

    assert np.isfinite(profile.levels).all()
    assert np.isfinite(profile.gain())
    assert write_again(path, tmp_path / "again.mp4") == 20


def write_with_sound(path, *parts, video="mpeg4", sound="pcm_f32le", rate=16000):
    """Two seconds of grey with float samples, which need not be sound, each part at its second."""
    with av.open(str(path), "w") as out:
        video = out.add_stream(video, rate=10)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound = out.add_stream(sound, rate=rate, layout="mono")
        sound.bit_rate = 48_000
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 99, np.uint8), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(video.encode(frame.reformat(format="yuv420p")))
        out.mux(video.encode(None))
        kind, size = sound.codec_context.format.name, sound.codec_context.frame_size or None
        for second, samples in parts:
            frame = av.AudioFrame.from_ndarray(samples[None], format="flt", layout="mono")
            frame.sample_rate, frame.pts = rate, second * rate
            frame.time_base = Fraction(1, rate)
            for piece in av.AudioResampler(format=kind, frame_size=size).resample(frame):
                out.mux(sound.encode(piece))
        out.mux(sound.encode(None))


def write_again(source, target):
    """The pictures and the sound of a film in another; how many pictures there are then."""
    with (
        open_video(source) as reader,
        open_video_writer(target, reader.info, overwrite=True) as film,
    ):
        for frame in reader.frames():
            film.write(frame)
    with av.open(str(target)) as container:
        return sum(1 for _ in container.decode(video=0))


def test_the_last_sound_of_a_decoder_may_come_without_a_time(tmp_path):
    """As that of Windows Media does."""
    path, samples = tmp_path / "film.wmv", np.sin(np.arange(88200) / 20).astype(np.float32)
    write_with_sound(path, (0, samples), video="wmv2", sound="wmav2", rate=44100)

    assert write_again(path, tmp_path / "again.mp4") == 20
    assert len(measure_sound(tmp_path / "again.mp4").hops) >= 19


def test_sound_that_goes_on_at_another_rate_is_carried_over(make_film, tmp_path):
    """As in a recording that joins two broadcasts."""
    settings = {"codec": "mpeg2video", "rate": Fraction(25), "codec_options": {}}
    first = {"codec": "mp2", "rate": 32000, "layout": "mono"}
    then = {"codec": "mp2", "rate": 48000, "layout": "stereo", "start": Fraction(2)}
    parts = [
        make_film("a.ts", sounds=(first,), **settings),
        make_film("b.ts", sounds=(then,), start=Fraction(2), **settings),
    ]
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    pictures = write_again(joined, tmp_path / "again.mp4")
    levels = measure_sound(tmp_path / "again.mp4").levels

    assert pictures > 80
    assert len(levels) > 35
    assert np.median(levels[20:]) > -20


def test_sound_that_jumps_far_ahead_is_not_filled_with_silence(tmp_path):
    """Weeks of nothing need not be encoded where the sound is encoded anew."""
    path, samples = tmp_path / "film.nut", np.sin(np.arange(16000) / 20).astype(np.float32)
    write_with_sound(path, (0, samples), (30 * 24 * 3600, samples))

    assert write_again(path, tmp_path / "again.mp4") == 20
    assert (tmp_path / "again.mp4").stat().st_size < 100_000


def test_a_wav_of_changing_rate_is_extracted_whole(tmp_path):
    """As datasets are prepared from recordings that join two broadcasts."""
    rates = (32000, 48000)
    parts = [tmp_path / f"{rate}.mp2" for rate in rates]
    for part, rate in zip(parts, rates, strict=True):
        write_mp2(part, rate)
    joined = tmp_path / "joined.mp2"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    extract_wav(joined, tmp_path / "sound.wav")
    with wave.open(str(tmp_path / "sound.wav")) as file:
        assert file.getnframes() == pytest.approx(2 * 16000, rel=0.1)


def write_mp2(path, rate):
    """One second of a tone."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mp2", rate=rate, layout="mono")
        samples = (9000 * np.sin(np.arange(rate) / 20)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        for piece in av.AudioResampler(format="s16", frame_size=1152).resample(frame):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


def test_a_stream_that_begins_half_way_ends_nothing(tmp_path):
    """A film of ours as fuzzing mutated it: FLV has no list of tracks, so more may turn up."""
    path = Path(__file__).parent / "golden/late_stream.flv"
    with open_video(path) as reader:
        spec = SampleSpec(fps=Fraction(4), size=(16, 16), window=160)
        assert sum(clip.num_valid for clip in reader.clips(spec)) == 1
        assert sum(1 for _ in reader.frames()) == 3
        begin = reader.info.start
    assert len(jpeg_stills(path, [begin, begin + 1], width=16)) == 2
    assert write_again(path, tmp_path / "again.mp4") == 3
