"""Which moments of a film are looked at, and how moments form clips: pure functions of time.

All times are exact fractions of a second on the film's own clock (the one its timestamps use).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Generic, TypeVar

Picture = TypeVar("Picture")
Item = TypeVar("Item")

MAX_STILL = Fraction(600)
BENCHMARK_FRAME = Fraction(15, 16)  # AVSBench takes the last of sixteen frames of each second
BENCHMARK_HOP = Fraction(24, 25)  # and sound blocks that follow each other every 0.96 s


@dataclass(frozen=True, kw_only=True)
class SampleSpec:
    """How a film is turned into clips.

    Attributes:
        fps: moments looked at per second; any positive fraction.
        size: (width, height) of the pictures handed on.
        num_frames: T, moments in one clip.
        spacing: seconds between neighbouring moments of one clip; denser rates interleave clips.
        overlap: moments that a clip shares with the one that follows it, less than ``num_frames``.
        window: S, samples of sound around each moment.
        sample_rate: of the sound, in Hz.
        start: first instant looked at, on the film's clock; None for its first picture.
        end: instant at which to stop; None for the film's end.
        gain: factor on the sound, the result clipped to [-1, 1].
        audio_offset: seconds by which the sound is moved later (negative: earlier).
        benchmark: take AVSBench's frames and sound blocks instead (one moment per second).
    """

    fps: Fraction
    size: tuple[int, int] = (224, 224)
    num_frames: int = 5
    spacing: Fraction = Fraction(1)
    overlap: int = 0
    window: int = 15600
    sample_rate: int = 16000
    start: Fraction | None = None
    end: Fraction | None = None
    gain: float = 1.0
    audio_offset: Fraction = Fraction(0)
    benchmark: bool = False

    def __post_init__(self) -> None:
        if self.fps <= 0 or self.num_frames < 1 or self.window < 1:
            raise ValueError("fps, num_frames and window must be positive")
        if not 0 <= self.overlap < self.num_frames:
            raise ValueError("clips must overlap by less than their length")
        if self.benchmark and self.fps != 1:
            raise ValueError("the benchmark looks at one moment per second")

    @property
    def stride(self) -> int:
        """Moments from one frame of a clip to its next; also how many clips interleave."""
        return max(1, round(self.fps * self.spacing))


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One instant to look at.

    Attributes:
        nominal: the instant in the regular grid; it exists while the film lasts beyond it.
        target: the instant whose picture is wanted.
        block: first sample of its sound where that is fixed beforehand (benchmark), else None.
    """

    nominal: Fraction
    target: Fraction
    block: int | None = None


@dataclass(frozen=True, kw_only=True)
class Shown(Generic[Picture]):
    """A picture on display from ``time`` until the next one, or ``end`` if it is the last."""

    time: Fraction
    end: Fraction
    picture: Picture


@dataclass(frozen=True, kw_only=True)
class Pick(Generic[Picture]):
    """The picture on display at a moment, its time, and the first sample of its sound."""

    picture: Picture
    time: Fraction
    first_sample: int


def moment_at(spec: SampleSpec, k: int, start: Fraction, rate: Fraction | None = None) -> Moment:
    """Moment number ``k`` of the grid from ``start``: t_k = start + (k + 1/2) / fps."""
    if spec.benchmark:
        return benchmark_moment(spec, k, start, rate)
    time = start + (k + Fraction(1, 2)) / spec.fps
    return Moment(nominal=time, target=time)


def benchmark_moment(
    spec: SampleSpec, k: int, start: Fraction, rate: Fraction | None = None
) -> Moment:
    """AVSBench's own frames and sound blocks, clip after clip of ``num_frames`` seconds.

    Frame l of a clip is the one of index int(l * R + 15/16 * R) with R the rounded ``rate``;
    its sound is the l-th block of 0.975 s at a hop of 0.96 s from the start of the clip
    (the published preprocessing scripts of AVSBench).
    """
    clip, second = divmod(k, spec.num_frames)
    begin = start + clip * spec.num_frames
    target = begin + second + BENCHMARK_FRAME
    if rate:
        index = math.floor((second + BENCHMARK_FRAME) * round(rate))
        # The middle of that frame's display: rounded timestamps cannot shift the choice.
        target = begin + (index + Fraction(1, 2)) / rate
    block = (begin - spec.audio_offset + second * BENCHMARK_HOP) * spec.sample_rate
    return Moment(nominal=start + k + Fraction(1, 2), target=target, block=math.floor(block))


def pick(
    shown: Iterable[Shown[Picture]], spec: SampleSpec, rate: Fraction | None = None
) -> Iterator[Pick[Picture]]:
    """The picture on display at each moment, as soon as the next picture settles it.

    A film gives at least one moment however short it is. Moments stop at the end of the last
    picture or at ``spec.end``, whichever comes first. A picture that stands for more than ten
    minutes (more often a torn timestamp than a film) is looked at for ten minutes only.
    """
    current: Shown[Picture] | None = None
    start, k = Fraction(0), 0
    for following in shown:
        if current is None:
            start = following.time if spec.start is None else max(spec.start, following.time)
        else:
            current = replace(current, end=following.time)
            for moment in _moments_within(current, spec, k, start, rate):
                yield _pick(current, moment, spec)
                k += 1
            k = max(k, _first_after_still(current, spec, start))
        if spec.end is not None and following.time >= spec.end:
            break
        current = following
    if current is None or (spec.start is not None and current.end <= spec.start):
        return
    last = min(current.end, current.time + MAX_STILL, current.end if not spec.end else spec.end)
    while (moment := moment_at(spec, k, start, rate)).nominal < last or not k:
        yield _pick(current, moment, spec)
        k += 1


def _moments_within(
    shown: Shown[Picture], spec: SampleSpec, k: int, start: Fraction, rate: Fraction | None
) -> Iterator[Moment]:
    """The moments from number ``k`` on whose picture is known to be this one."""
    until = min(shown.end, shown.time + MAX_STILL)
    moment = moment_at(spec, k, start, rate)
    while moment.target < until and (spec.end is None or moment.nominal < spec.end):
        yield moment
        k += 1
        moment = moment_at(spec, k, start, rate)


def _first_after_still(shown: Shown[Picture], spec: SampleSpec, start: Fraction) -> int:
    """The first moment to look at after a picture that stood too long, else 0."""
    if shown.end - shown.time <= MAX_STILL:
        return 0
    return math.ceil((shown.end - start) * spec.fps)


def _pick(shown: Shown[Picture], moment: Moment, spec: SampleSpec) -> Pick[Picture]:
    time = shown.time
    if not spec.benchmark and moment.target - time >= 1 / spec.fps:
        time = moment.target  # the picture stands still while the sound goes on
    first = moment.block
    if first is None:
        first = round((time - spec.audio_offset) * spec.sample_rate) - spec.window // 2
    return Pick(picture=shown.picture, time=time, first_sample=first)


def interleave(
    items: Iterable[Item], num_frames: int, stride: int, overlap: int = 0
) -> Iterator[list[Item]]:
    """Clips of up to ``num_frames`` items, ``stride`` apart: item i starts the block's clip i.

    A block of ``num_frames * stride`` items gives ``stride`` clips, and the last ``overlap`` items
    of each are the first of a clip of the next block. The last block may be short; clips that
    would hold nothing new are left out.
    """
    remaining, shared = iter(items), list[Item]()
    while fresh := list(islice(remaining, num_frames * stride - len(shared))):
        block = shared + fresh
        for first in range(min(stride, len(fresh))):
            yield block[first::stride]
        shared = block[(num_frames - overlap) * stride :]


def padded(items: Sequence[Item], length: int) -> list[Item]:
    """The items, the last one repeated up to ``length``."""
    return [*items, *[items[-1]] * (length - len(items))]
