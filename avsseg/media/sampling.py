"""Which moments of a film are looked at, and how moments form clips: pure functions of time.

All times are exact fractions of a second on the film's own clock (the one its timestamps use).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, islice
from typing import Generic, TypeVar

Picture = TypeVar("Picture")
Item = TypeVar("Item")

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


def moments(spec: SampleSpec, start: Fraction, rate: Fraction | None = None) -> Iterator[Moment]:
    """The endless grid of moments from ``start``: t_k = start + (k + 1/2) / fps."""
    if spec.benchmark:
        yield from benchmark_blocks(spec, start, rate)
    for k in count():
        time = start + (k + Fraction(1, 2)) / spec.fps
        yield Moment(nominal=time, target=time)


def benchmark_blocks(
    spec: SampleSpec, start: Fraction, rate: Fraction | None = None
) -> Iterator[Moment]:
    """AVSBench's own frames and sound blocks, clip after clip of ``num_frames`` seconds.

    Frame l of a clip is the one of index int(l * R + 15/16 * R) with R the rounded ``rate``;
    its sound is the l-th block of 0.975 s at a hop of 0.96 s from the start of the clip
    (the published preprocessing scripts of AVSBench).
    """
    for k in count():
        clip, second = divmod(k, spec.num_frames)
        begin = start + clip * spec.num_frames
        target = begin + second + BENCHMARK_FRAME
        if rate:
            index = math.floor((second + BENCHMARK_FRAME) * round(rate))
            # The middle of that frame's display: rounded timestamps cannot shift the choice.
            target = begin + (index + Fraction(1, 2)) / rate
        block = (begin - spec.audio_offset + second * BENCHMARK_HOP) * spec.sample_rate
        yield Moment(nominal=start + k + Fraction(1, 2), target=target, block=math.floor(block))


def pick(
    shown: Iterable[Shown[Picture]], spec: SampleSpec, rate: Fraction | None = None
) -> Iterator[Pick[Picture]]:
    """The picture on display at each moment, as soon as the next picture settles it.

    A film gives at least one moment however short it is. Moments stop at the end of the last
    picture or at ``spec.end``, whichever comes first.
    """
    current: Shown[Picture] | None = None
    grid: Iterator[Moment] = iter(())
    moment = Moment(nominal=Fraction(0), target=Fraction(0))
    picked = False
    for following in shown:
        if current is None:
            start = following.time if spec.start is None else max(spec.start, following.time)
            grid = moments(spec, start, rate)
            moment = next(grid)
        while current and moment.target < following.time and _within(moment, spec.end):
            yield _pick(current, moment, spec)
            picked, moment = True, next(grid)
        if not _within(moment, spec.end):
            break
        current = following
    if current is None:
        return
    last = current.end if spec.end is None else min(current.end, spec.end)
    while not picked or _within(moment, last):
        yield _pick(current, moment, spec)
        picked, moment = True, next(grid)


def _within(moment: Moment, end: Fraction | None) -> bool:
    return end is None or moment.nominal < end


def _pick(shown: Shown[Picture], moment: Moment, spec: SampleSpec) -> Pick[Picture]:
    time = shown.time
    if not spec.benchmark and moment.target - time >= 1 / spec.fps:
        time = moment.target  # the picture stands still while the sound goes on
    first = moment.block
    if first is None:
        first = round((time - spec.audio_offset) * spec.sample_rate) - spec.window // 2
    return Pick(picture=shown.picture, time=time, first_sample=first)


def interleave(items: Iterable[Item], num_frames: int, stride: int) -> Iterator[list[Item]]:
    """Clips of up to ``num_frames`` items, ``stride`` apart: item i starts the block's clip i.

    A block of ``num_frames * stride`` items gives ``stride`` clips; the last block may be short.
    """
    remaining = iter(items)
    while block := list(islice(remaining, num_frames * stride)):
        for first in range(min(stride, len(block))):
            yield block[first::stride]


def padded(items: Sequence[Item], length: int) -> list[Item]:
    """The items, the last one repeated up to ``length``."""
    return [*items, *[items[-1]] * (length - len(items))]
