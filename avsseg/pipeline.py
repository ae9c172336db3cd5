"""From a file to what sounds in it, moment by moment: joins reading and the network."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsseg.clip import Clip, ClipMasks
from avsseg.errors import MediaError
from avsseg.gate import GateSettings, SoundGate, parse_gate
from avsseg.inference import segment_clips
from avsseg.log_mel import PATCH_SAMPLES
from avsseg.media.reader import VideoReader, open_video
from avsseg.media.sampling import SampleSpec
from avsseg.media.sound import SoundProfile, TakeSamples, measure_sound
from avsseg.model.segmenter import AVSegmenter
from avsseg.prefetch import prefetch

AUDIBLE_DBFS = -80.0
"""A track whose loudest second is below this holds nothing that anybody could hear."""

_CLIP_BYTES, _MASK_BYTES = 16 * 1024 * 1024, 8 * 1024 * 1024

Mask = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What sounds at one moment of a video.

    Shapes:
        mask (h, w) float32 probabilities in [0, 1] on the network's square grid, which covers
        the whole upright picture; raw likewise, before the gate

    Attributes:
        index: counts the predictions of a video from 0.
        time: of the picture, in seconds, exact, on the file's own clock.
        sounding: how much of a sound is on, in [0, 1]; ``mask`` is ``raw`` times this.
        loudness_db: of the sound at that time in dBFS; None without a sound track.
    """

    index: int
    time: Fraction
    mask: Mask
    raw: Mask
    sounding: float
    loudness_db: float | None

    def score(self, threshold: float = 0.5) -> float:
        """Mean probability of the pixels at or above ``threshold``; 0 where there are none."""
        sounding = self.mask[self.mask >= threshold]
        return float(sounding.mean()) if sounding.size else 0.0


@dataclass(frozen=True, kw_only=True)
class PredictSettings:
    """How a video is looked at.

    Attributes:
        fps: predictions per second; clips interleave above one, so that the frames of each stay
            one second apart, as they were trained.
        start, end: the stretch to look at, in seconds from the first picture; None for all of it.
        seed: decides the noise.
        batch_size: clips at a time; None chooses by device.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        gate: how masks give way to silence; None leaves them as the network made them.
    """

    fps: Fraction = Fraction(1)
    start: Fraction | None = None
    end: Fraction | None = None
    seed: int = 0
    batch_size: int | None = None
    precision: str = "auto"
    gate: GateSettings | None = field(default_factory=GateSettings)


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
    )
    with open_video(path, audio_track=audio_track) as reader:
        profile = listen(reader, silent_ok=silent_ok)
        with closing(predictions(reader, model, settings, profile)) as moments:
            yield from moments


def predictions(
    reader: VideoReader,
    model: AVSegmenter,
    settings: PredictSettings,
    profile: SoundProfile | None,
) -> Generator[Prediction, None, None]:
    """What sounds in an open video; decoding and the network each work in a thread of their own.

    Args:
        reader: the video.
        model: as ``load_model`` gives it.
        settings: how the video is looked at.
        profile: its loudness, from :func:`listen`; None, or silence, gives empty masks.

    Raises:
        MediaError: nothing can be decoded.
    """
    spec, gate = sample_spec(reader, model, settings, profile), sound_gate(profile, settings)
    clips = prefetch(reader.clips(spec), size_of=_clip_bytes, max_bytes=_CLIP_BYTES)
    moments = in_time_order(_masks(clips, model, settings, profile), spec.stride)
    ahead = prefetch(_closing_too(moments, clips), size_of=_mask_bytes, max_bytes=_MASK_BYTES)
    with closing(ahead) as results:
        for index, (time, raw) in enumerate(results):
            sounding = 1.0 if gate is None else gate.at(time)
            yield Prediction(
                index=index,
                time=time,
                mask=gated(raw, sounding),
                raw=raw,
                sounding=sounding,
                loudness_db=None if profile is None else profile.level_at(time),
            )


def sound_gate(profile: SoundProfile | None, settings: PredictSettings) -> SoundGate | None:
    """The gate of one film, if there is to be one; without a sound track there is none."""
    if profile is None or settings.gate is None:
        return None
    return SoundGate(profile, settings.gate)


def gated(mask: Mask, sounding: float) -> Mask:
    """A mask as faint as its sound."""
    return mask if sounding == 1 else mask * np.float32(sounding)


def listen(
    reader: VideoReader, *, silent_ok: bool = False, also: TakeSamples | None = None
) -> SoundProfile | None:
    """How loud the film is, from one pass over its sound alone; None without a sound track.

    Args:
        reader: the video.
        silent_ok: a video without sound track is no error.
        also: is handed all samples as well.

    Raises:
        MediaError: there is no sound track and ``silent_ok`` is off.
    """
    info = reader.info
    if info.has_audio:
        return measure_sound(info.path, audio_track=info.audio_track, also=also)
    if not silent_ok:
        raise MediaError(
            f"{info.path}: has no sound track, so nothing in it can be heard; "
            "give --silent-ok (silent_ok=True) for empty masks"
        )
    return None


def is_audible(profile: SoundProfile | None) -> bool:
    """Whether there is anything to hear at all."""
    return profile is not None and profile.loudest > AUDIBLE_DBFS


def sample_spec(
    reader: VideoReader,
    model: AVSegmenter,
    settings: PredictSettings,
    profile: SoundProfile | None,
) -> SampleSpec:
    """How the film is cut into clips for this network.

    One gain brings the film's loudest second to where it was in training.
    """
    config, origin = model.config, reader.info.start
    return SampleSpec(
        fps=settings.fps,
        size=(config.image_size, config.image_size),
        num_frames=config.num_frames,
        window=PATCH_SAMPLES,
        start=None if settings.start is None else origin + settings.start,
        end=None if settings.end is None else origin + settings.end,
        gain=profile.gain() if profile is not None else 1.0,
    )


def in_time_order(results: Iterable[ClipMasks], stride: int) -> Iterator[tuple[Fraction, Mask]]:
    """Masks of interleaved clips, one after the other in time; holds one block of clips.

    Of moments that fell on the same picture only the first is kept.

    Args:
        results: of all clips, in order.
        stride: clips that interleave: clip ``i`` belongs to block ``i // stride``.
    """
    last: Fraction | None = None
    for block in _blocks(results, stride):
        moments = [
            pair for result in block for pair in zip(result.times, result.masks, strict=True)
        ]
        for time, mask in sorted(moments, key=lambda moment: moment[0]):
            if last is None or time > last:
                last = time
                yield time, mask


def _blocks(results: Iterable[ClipMasks], stride: int) -> Iterator[list[ClipMasks]]:
    block: list[ClipMasks] = []
    for result in results:
        if block and result.index // stride != block[0].index // stride:
            yield block
            block = []
        block.append(result)
    if block:
        yield block


def _masks(
    clips: Iterable[Clip],
    model: AVSegmenter,
    settings: PredictSettings,
    profile: SoundProfile | None,
) -> Iterator[ClipMasks]:
    if not is_audible(profile):
        return (_empty(clip) for clip in clips)
    return segment_clips(
        model,
        clips,
        seed=settings.seed,
        batch_size=settings.batch_size,
        precision=settings.precision,
    )


def _empty(clip: Clip) -> ClipMasks:
    shape = clip.num_valid, *clip.frames.shape[1:3]
    times = clip.times[: clip.num_valid]
    return ClipMasks(masks=np.zeros(shape, np.float32), times=times, index=clip.index)


def _closing_too(
    items: Iterator[tuple[Fraction, Mask]], source: Generator[Clip, None, None]
) -> Iterator[tuple[Fraction, Mask]]:
    """The items; when they are no longer wanted their source ends as well."""
    try:
        yield from items
    finally:
        source.close()


def _exact(value: float | Fraction) -> Fraction:
    """A number as it is written, so that 0.1 is a tenth."""
    return value if isinstance(value, Fraction) else Fraction(str(value))


def _clip_bytes(clip: Clip) -> int:
    return clip.frames.nbytes + clip.waveform.nbytes


def _mask_bytes(moment: tuple[Fraction, Mask]) -> int:
    return moment[1].nbytes
