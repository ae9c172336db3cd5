"""From a video, or its arrays, to what sounds in it, in one call: the library's front door."""

from collections.abc import Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsseg.gate import parse_gate
from avsseg.listening import listen
from avsseg.media.array_film import ArrayFilm, mono_16k
from avsseg.media.reader import open_video
from avsseg.media.sound import measure_samples
from avsseg.model.segmenter import AVSegmenter
from avsseg.pipeline import predictions
from avsseg.prediction import Prediction, PredictSettings


def segment_video(
    path: str | Path,
    model: AVSegmenter,
    *,
    fps: float | Fraction = 1,
    start: float | Fraction | None = None,
    end: float | Fraction | None = None,
    seed: int = 0,
    batch_size: int | None = None,
    precision: str = "auto",
    gate: str = "auto",
    samples: int = 1,
    overlap: int = 0,
    steady: bool = True,
    smooth: float = 0.0,
    audio_track: int | None = None,
    silent_ok: bool = False,
) -> Iterator[Prediction]:
    """What sounds in a video, in order of time, as it is computed; memory stays bounded.

    Example:
        model = load_model()
        for moment in segment_video("film.mp4", model):
            print(float(moment.time), moment.score(), moment.mask.shape)

    Args:
        path: any video file.
        model: as ``load_model`` gives it.
        fps: predictions per second.
        start: where to begin, in seconds from the first picture.
        end: where to stop, likewise.
        seed: decides the noise.
        batch_size: clips at a time; None chooses by device.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        gate: ``auto``: masks fade in silence; ``off``; or the level that is silence, in dBFS.
        samples: latents drawn for each clip: masks are their mean, and spread is told.
        overlap: frames that a clip of the network shares with the next; what both say is blended.
        steady: of four and more predictions a second one that disagrees with both of its
            neighbours gives way to them.
        smooth: seconds to either side over which masks are averaged, within a scene; 0 for none.
        audio_track: number of the sound track to listen to, from 0; None for the best.
        silent_ok: a video without sound track gives empty masks instead of an error.

    Raises:
        MediaError: the file cannot be read, or has no sound and ``silent_ok`` is off.
    """
    settings = PredictSettings(
        fps=_exact(fps),
        start=None if start is None else _exact(start),
        end=None if end is None else _exact(end),
        seed=seed,
        batch_size=batch_size,
        precision=precision,
        gate=parse_gate(gate),
        samples=samples,
        overlap=overlap,
        steady=steady,
        smooth=smooth,
    )
    with open_video(path, audio_track=audio_track) as reader:
        profile = listen(reader, silent_ok=silent_ok)
        with closing(predictions(reader, model, settings, profile)) as moments:
            yield from moments


def segment_arrays(
    pictures: Iterable[NDArray[np.uint8]],
    sound: NDArray[np.float32] | NDArray[np.int16],
    model: AVSegmenter,
    *,
    rate: float | Fraction,
    sample_rate: int,
    fps: float | Fraction = 1,
    seed: int = 0,
    batch_size: int | None = None,
    precision: str = "auto",
    gate: str = "auto",
    samples: int = 1,
    overlap: int = 0,
    steady: bool = True,
    smooth: float = 0.0,
) -> Iterator[Prediction]:
    """What sounds in pictures and sound that are in memory, as ``segment_video`` does of a file.

    Pictures may come from a generator and are taken as they are needed; the sound is held whole,
    as its own noise floor must be known beforehand. Both begin at 0 seconds.

    Shapes:
        each picture (H, W, 3) uint8 RGB, upright, all of one size; sound (S,) or (S, channels),
        float in [-1, 1] or int16

    Args:
        pictures: of the film, in order.
        sound: of the film.
        model: as ``load_model`` gives it.
        rate: pictures per second.
        sample_rate: samples per second.
        fps: predictions per second.
        seed: decides the noise.
        batch_size: clips at a time; None chooses by device.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        gate: ``auto``, ``off`` or the level that is silence, in dBFS.
        samples: latents drawn for each clip.
        overlap: frames that a clip of the network shares with the next.
        steady: as in ``segment_video``.
        smooth: seconds to either side over which masks are averaged, within a scene.
    """
    settings = PredictSettings(
        fps=_exact(fps),
        seed=seed,
        batch_size=batch_size,
        precision=precision,
        gate=parse_gate(gate),
        samples=samples,
        overlap=overlap,
        steady=steady,
        smooth=smooth,
    )
    heard = mono_16k(sound, sample_rate)
    film = ArrayFilm(pictures, _exact(rate), heard)
    with closing(predictions(film, model, settings, measure_samples(heard))) as moments:
        yield from moments


def _exact(value: float | Fraction) -> Fraction:
    """A number as it is written, so that 0.1 is a tenth."""
    return value if isinstance(value, Fraction) else Fraction(str(value))
