"""From an open video to what sounds in it, moment by moment: joins reading and the network."""

from bisect import bisect_right
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from typing import Protocol

import numpy as np

from avsseg.blips import NEAR, without_blips
from avsseg.clip import Clip, ClipMasks
from avsseg.errors import UsageError
from avsseg.gate import SoundGate
from avsseg.hearing import Hearing
from avsseg.inference import segment_clips
from avsseg.joining import in_time_order
from avsseg.listening import is_audible, sound_gate
from avsseg.log_mel import PATCH_SAMPLES
from avsseg.media.cuts import CutFinder
from avsseg.media.kept import KeptPictures
from avsseg.media.sampling import SampleSpec
from avsseg.media.sound import SoundProfile
from avsseg.model.segmenter import AVSegmenter
from avsseg.moments import Moment, smoothed
from avsseg.prediction import LEAST_SOUNDING, Prediction, PredictSettings, gated
from avsseg.prefetch import prefetch
from avsseg.sound_classes import heard_events
from avsseg.stage_timer import NoTimer

_CLIP_BYTES, _MASK_BYTES = 16 * 1024 * 1024, 8 * 1024 * 1024
_CLIP_BYTES_ON_CPU = 4 * 1024 * 1024  # where clips are not taken by the batch


class Source(Protocol):
    """A film that can be looked at: a file, or arrays.

    Attributes:
        start: when its first picture is shown, in seconds on its clock.
        timer: told what the stages of the work take.
    """

    @property
    def start(self) -> Fraction:  # noqa: D102
        ...

    @property
    def timer(self) -> NoTimer:  # noqa: D102
        ...

    def clips(self, spec: SampleSpec, *, cuts: CutFinder | None = None) -> Iterator[Clip]:
        """The film as clips, in one pass over picture and sound."""
        ...


def predictions(
    reader: Source,
    model: AVSegmenter,
    settings: PredictSettings,
    profile: SoundProfile | None,
    *,
    gate: SoundGate | None = None,
    cuts: CutFinder | None = None,
    kept: KeptPictures | None = None,
) -> Generator[Prediction, None, None]:
    """What sounds in an open video; decoding and the network each work in a thread of their own.

    Args:
        reader: the video.
        model: as ``load_model`` gives it.
        settings: how the video is looked at.
        profile: its loudness, from ``listen``; None, or silence, gives empty masks.
        gate: its gate, if the caller wants to ask it, too; else one is made by the settings.
        cuts: finds scene cuts ahead of the predictions, if the caller wants to know of them.
        kept: keeps the reader's pictures for the caller; each block of clips is worked off then
            before the film is read further.

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
        max_bytes=_bytes_ahead(model),
        timer=reader.timer,
        stage="decode",
    )
    at_once = None
    if kept is not None:
        clips, at_once = kept.awaited(clips), spec.stride
    moments = in_time_order(
        _masks(clips, model, settings, profile, at_once, reader.timer),
        stride=spec.stride,
        num_frames=spec.num_frames,
        overlap=spec.overlap,
    )
    ahead = prefetch(
        _closing_too(moments, clips),
        size_of=_mask_bytes,
        max_bytes=_MASK_BYTES,
        timer=reader.timer,
        stage="network",
    )
    with closing(ahead if kept is None else kept.awaited(ahead)) as results:
        hearing = None if gate is None else Hearing(gate, model)
        steady = _steady(_told(results, hearing), settings, gate, cuts)
        for index, moment in enumerate(steady):
            scene = bisect_right(cuts.cuts, moment.time)
            yield _prediction(index, moment, gate, profile, scene)


def _told(moments: Iterable[Moment], hearing: Hearing | None) -> Iterator[Moment]:
    """The moments; what is heard at each is told to the gate."""
    for moment in moments:
        if hearing is not None:
            hearing.tell(moment)
        yield moment


def _steady(
    moments: Iterator[Moment],
    settings: PredictSettings,
    gate: SoundGate | None,
    cuts: CutFinder,
) -> Iterator[Moment]:
    weight = _always if gate is None else gate.at
    if settings.steady and 1 / settings.fps <= NEAR:
        moments = without_blips(moments, breaks=cuts.cuts, weight=weight)
    if settings.smooth:
        moments = smoothed(moments, seconds=settings.smooth, breaks=cuts.cuts, weight=weight)
    return moments


def _always(time: Fraction) -> float:
    return 1.0


def _prediction(
    index: int, moment: Moment, gate: SoundGate | None, profile: SoundProfile | None, scene: int
) -> Prediction:
    sounding = 1.0 if gate is None else gate.at(moment.time)
    named = moment.heard if sounding >= LEAST_SOUNDING else None
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
        heard=() if named is None else heard_events(named),
        scene=scene,
        grey=moment.grey,
    )


def sample_spec(
    reader: Source,
    model: AVSegmenter,
    settings: PredictSettings,
    profile: SoundProfile | None,
) -> SampleSpec:
    """How the film is cut into clips for this network.

    One gain brings the film's loudest second to where it was in training.

    Raises:
        UsageError: clips are to overlap by more than they hold.
    """
    config, origin = model.config, reader.start
    if settings.overlap >= config.num_frames:
        raise UsageError(
            f"overlap {settings.overlap}: this network's clips have {config.num_frames} frames; "
            "give fewer than that."
        )
    return SampleSpec(
        fps=settings.fps,
        size=(config.image_size, config.image_size),
        num_frames=config.num_frames,
        overlap=settings.overlap,
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
    at_once: int | None,
    timer: NoTimer,
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
        at_once=at_once,
        timer=timer,
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


def _bytes_ahead(model: AVSegmenter) -> int:
    on_cpu = model.pixel_mean.device.type == "cpu"
    return _CLIP_BYTES_ON_CPU if on_cpu else _CLIP_BYTES


def _clip_bytes(clip: Clip) -> int:
    return clip.frames.nbytes + clip.waveform.nbytes


def _mask_bytes(moment: Moment) -> int:
    return moment.nbytes
