"""From a file to what sounds in it, moment by moment: joins reading and the network."""

from bisect import bisect_right
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsseg.clip import Clip, ClipMasks
from avsseg.errors import MediaError, UsageError
from avsseg.gate import GateSettings, SoundGate, parse_gate
from avsseg.inference import segment_clips
from avsseg.log_mel import PATCH_SAMPLES
from avsseg.media.cuts import CutFinder
from avsseg.media.reader import VideoReader, open_video
from avsseg.media.sampling import SampleSpec
from avsseg.media.sound import SoundProfile, TakeSamples, measure_sound
from avsseg.model.segmenter import AVSegmenter
from avsseg.moments import Moment, in_time_order, smoothed
from avsseg.network_timer import timed_network
from avsseg.prefetch import prefetch
from avsseg.sound_classes import HeardEvent, event_score, heard_events, silence_score

AUDIBLE_DBFS = -80.0
"""A track whose loudest second is below this holds nothing that anybody could hear."""

_CLIP_BYTES, _MASK_BYTES = 16 * 1024 * 1024, 8 * 1024 * 1024

Mask = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What sounds at one moment of a video.

    Shapes:
        mask (h, w) float32 probabilities in [0, 1] on the network's square grid, which covers
        the whole upright picture; raw likewise, before the gate; spread likewise, the standard
        deviation of several samples; muted likewise, what raw is without sound; or None

    Attributes:
        index: counts the predictions of a video from 0.
        time: of the picture, in seconds, exact, on the file's own clock.
        sounding: how much of a sound is on, in [0, 1]; ``mask`` is ``raw`` times this.
        loudness_db: of the sound at that time in dBFS; None without a sound track.
        disagreement: of several samples, in [0, 1]; None with a single one.
        heard: the surest sounds, where the network's audio encoder knows names.
        scene: counts the scenes between cuts from 0.
    """

    index: int
    time: Fraction
    mask: Mask
    raw: Mask
    sounding: float
    loudness_db: float | None
    spread: Mask | None = None
    disagreement: float | None = None
    muted: Mask | None = None
    heard: tuple[HeardEvent, ...] = ()
    scene: int = 0

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
        samples: latents drawn for each clip; the mask is their mean.
        smooth: seconds to either side over which masks are averaged, within a scene; 0 for none.
        with_muted: also predict without sound.
    """

    fps: Fraction = Fraction(1)
    start: Fraction | None = None
    end: Fraction | None = None
    seed: int = 0
    batch_size: int | None = None
    precision: str = "auto"
    gate: GateSettings | None = field(default_factory=GateSettings)
    samples: int = 1
    smooth: float = 0.0
    with_muted: bool = False

    def __post_init__(self) -> None:
        if self.samples < 1 or self.smooth < 0:
            raise UsageError("samples must be at least 1, and smooth at least 0 seconds.")


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
        smooth=smooth,
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
    *,
    gate: SoundGate | None = None,
    cuts: CutFinder | None = None,
) -> Generator[Prediction, None, None]:
    """What sounds in an open video; decoding and the network each work in a thread of their own.

    Args:
        reader: the video.
        model: as ``load_model`` gives it.
        settings: how the video is looked at.
        profile: its loudness, from :func:`listen`; None, or silence, gives empty masks.

        gate: its gate, if the caller wants to ask it, too; else one is made by the settings.
        cuts: finds scene cuts ahead of the predictions, if the caller wants to know of them.

    Raises:
        MediaError: nothing can be decoded.
    """
    spec, gate = (
        sample_spec(reader, model, settings, profile),
        gate or sound_gate(profile, settings),
    )
    cuts = cuts or CutFinder()
    clips = prefetch(
        reader.clips(spec, cuts=cuts),
        size_of=_clip_bytes,
        max_bytes=_CLIP_BYTES,
        timer=reader.timer,
        stage="decode",
    )
    moments = in_time_order(_masks(clips, model, settings, profile), spec.stride)
    ahead = prefetch(
        _closing_too(moments, clips),
        size_of=_mask_bytes,
        max_bytes=_MASK_BYTES,
        timer=reader.timer,
        stage="network",
    )
    with timed_network(model, reader.timer), closing(ahead) as results:
        steady = _steady(_told(results, gate), settings, gate, cuts)
        for index, moment in enumerate(steady):
            scene = bisect_right(cuts.cuts, moment.time)
            yield _prediction(index, moment, gate, profile, scene)


def _told(moments: Iterable[Moment], gate: SoundGate | None) -> Iterator[Moment]:
    """The moments; what is heard at each is told to the gate."""
    for moment in moments:
        if gate is not None and moment.heard is not None:
            gate.hear(
                moment.time,
                event=event_score(moment.heard),
                silence=silence_score(moment.heard),
            )
        yield moment


def _steady(
    moments: Iterator[Moment],
    settings: PredictSettings,
    gate: SoundGate | None,
    cuts: CutFinder,
) -> Iterator[Moment]:
    if not settings.smooth:
        return moments
    weight = _always if gate is None else gate.at
    return smoothed(moments, seconds=settings.smooth, breaks=cuts.cuts, weight=weight)


def _always(time: Fraction) -> float:
    return 1.0


def _prediction(
    index: int, moment: Moment, gate: SoundGate | None, profile: SoundProfile | None, scene: int
) -> Prediction:
    sounding = 1.0 if gate is None else gate.at(moment.time)
    return Prediction(
        index=index,
        time=moment.time,
        mask=gated(moment.mask, sounding),
        raw=moment.mask,
        sounding=sounding,
        loudness_db=None if profile is None else profile.level_at(moment.time),
        spread=moment.spread,
        disagreement=moment.disagreement,
        muted=moment.muted,
        heard=() if moment.heard is None else heard_events(moment.heard),
        scene=scene,
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
        with reader.timer.working("sound"):
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
        samples=settings.samples,
        with_muted=settings.with_muted,
    )


def _empty(clip: Clip) -> ClipMasks:
    shape = clip.num_valid, *clip.frames.shape[1:3]
    times = clip.times[: clip.num_valid]
    return ClipMasks(masks=np.zeros(shape, np.float32), times=times, index=clip.index)


def _closing_too(
    items: Iterator[Moment], source: Generator[Clip, None, None]
) -> Generator[Moment, None, None]:
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


def _mask_bytes(moment: Moment) -> int:
    return moment.nbytes
