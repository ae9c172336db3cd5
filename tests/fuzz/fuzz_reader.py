"""Fuzzes the reader of films with mutated containers: ``python tests/fuzz/fuzz_reader.py FOLDER``.

FFmpeg itself carries no instrumentation: coverage guides by what avsseg does with a film.
"""

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path

import atheris
import campaign
import numpy as np
import seed_films

with atheris.instrument_imports(include=["avsseg"]):
    from avsseg.errors import MediaError
    from avsseg.media.probe import VideoInfo
    from avsseg.media.reader import open_video
    from avsseg.media.sampling import SampleSpec
    from avsseg.media.sound import measure_sound
    from avsseg.media.spectrogram import SpectrogramMeter
    from avsseg.media.stills import jpeg_stills
    from avsseg.media.video_writer import open_video_writer

FOLDER = Path(tempfile.mkdtemp())
SPEC = SampleSpec(fps=Fraction(4), size=(16, 16), window=160, num_frames=2, spacing=Fraction(1, 4))
MOST_FRAMES = 12


def target(data: bytes) -> None:
    """Everything that a run of predict takes from a film, and its sound carried over."""
    path = FOLDER / "film"
    path.write_bytes(data)
    sound_of(path)
    with open_video(path) as reader:
        facts(reader.info)
        for clip in reader.clips(SPEC):
            assert clip.frames.shape == (2, 16, 16, 3)
            assert np.isfinite(clip.waveform).all() and np.abs(clip.waveform).max(initial=0) <= 1
            assert list(clip.times) == sorted(clip.times)
        last = None
        frames = list(islice(reader.frames(), MOST_FRAMES))
        for frame in frames:
            assert (frame.width, frame.height, frame.format.name) == (*reader.info.size, "yuv420p")
            assert last is None or frame.pts > last
            last = frame.pts
        if reader.info.width * reader.info.height < 10_000 and data[-1] % 4 == 0:
            again(reader.info, frames)
            jpeg_stills(path, [reader.info.start, reader.info.start + 1], width=16)


def sound_of(path: Path) -> None:
    """Its loudness and its picture, which no film needs to have."""
    meter = SpectrogramMeter()
    try:
        profile = measure_sound(path, also=meter.add)
    except MediaError:
        return
    drawn = meter.spectrogram()
    assert drawn is None or np.isfinite(drawn.loudness).all()
    assert np.isfinite(profile.levels).all() and np.isfinite(profile.gain())


def facts(info: VideoInfo) -> None:
    """What every caller relies on."""
    assert info.width > 0 and info.height > 0 and info.time_base > 0
    assert info.sample_aspect_ratio > 0 and (info.rate is None or info.rate > 0)
    assert info.duration is None or info.duration > 0
    assert (info.audio_track is not None) == info.has_audio


def again(info: VideoInfo, frames: list[object]) -> None:
    """A few pictures and all of the sound, written as the overlay is."""
    with open_video_writer(FOLDER / "again.mp4", info, overwrite=True) as film:
        for frame in frames:
            film.write(frame)  # type: ignore[arg-type]
    assert [p.name for p in FOLDER.iterdir() if p.name.startswith(".")] == []


def seeds() -> Iterator[bytes]:
    """Small films of every kind of container."""
    yield from seed_films.films(FOLDER)


if __name__ == "__main__":
    words = ["ftyp", "moov", "mdat", "stsd", "stts", "ctts", "elst", "tkhd", "mvhd", "stsz", "stco"]
    words += [
        "RIFF",
        "LIST",
        "strh",
        "idx1",
        "OggS",
        "fLaC",
        "ID3",
        "FLV",
        "GIF89a",
        "free",
        "skip",
    ]
    words += [
        "avc1",
        "mp4v",
        "sowt",
        "mp4a",
        "url ",
        "alis",
        "dref",
        "esds",
        "colr",
        "pasp",
        "tmcd",
    ]
    campaign.main(target, seeds, words)
