"""Where a cut-out goes: its size, its spot, and how much it would hide."""

from dataclasses import replace

import numpy as np

from avsseg.data.choice import happens
from avsseg.data.cutouts import CutOut
from avsseg.data.draft import Draft
from avsseg.data.motion import Pose

Spot = tuple[float, float]
_SPOTS_TRIED = 8
_LONGEST = 1.1
_LONGEST_CLOSE = 2.2


def draw_area(draft: Draft, count: int) -> float:
    """A share of the frame for one of ``count`` objects, all orders of size alike."""
    o, rng = draft.options, draft.rng
    if happens(rng, o.close):
        return float(np.exp(rng.uniform(*np.log(o.close_area))))
    low, high = o.small_area if rng.random() < o.small else o.area
    if count > 1:
        high = max(low * 1.5, high / count**0.6)
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def place(draft: Draft, piece: CutOut, area: float, near: Spot | None) -> Pose:
    """A pose in which ``piece`` covers ``area``, apart from others unless overlap is drawn."""
    rng, o = draft.rng, draft.options
    height, width = piece.mask.shape
    fill = max(float(piece.mask.mean()) / 255, 0.1)
    shape = width / height / draft.aspect * _stretch(draft)
    longest = _LONGEST_CLOSE if o.close and area >= o.close_area[0] else _LONGEST
    tall = min(np.sqrt(area / fill / shape), longest, longest / shape)
    angle = rng.uniform(-180, 180) if happens(rng, o.roll) else rng.normal(0, 5)
    pose = Pose(x=0.5, y=0.5, width=tall * shape, height=tall, angle=angle)
    if near is not None:
        return replace(pose, x=near[0], y=near[1])
    tries = 1 if rng.random() < o.overlap else _SPOTS_TRIED
    spots = [_somewhere(pose, rng) for _ in range(tries)]
    return min(spots, key=lambda spot: sum(_shared(spot, one.path[0]) for one in draft.layers))


def _stretch(draft: Draft) -> float:
    spread = draft.options.stretch
    return float(np.exp(draft.rng.normal(0, spread))) if spread else 1.0


def _somewhere(pose: Pose, rng: np.random.Generator) -> Pose:
    """Anywhere with at least about a third of the object inside the frame, mostly all of it.

    What is longer than the frame covers its middle.
    """
    x, y = rng.uniform(-1, 1, 2)
    return replace(
        pose, x=0.5 + float(x) * _reach(pose.width), y=0.5 + float(y) * _reach(pose.height)
    )


def _reach(length: float) -> float:
    if length > _LONGEST * 1.05:  # no rounding makes a close-up of another object
        return 0.3 * length
    return max(0.0, 0.5 - 0.35 * length)


def _shared(one: Pose, other: Pose) -> float:
    """The area of the overlap of two boxes."""
    width = _overlap(one.x, one.width, other.x, other.width)
    return width * _overlap(one.y, one.height, other.y, other.height)


def _overlap(centre: float, length: float, other: float, other_length: float) -> float:
    stop = min(centre + length / 2, other + other_length / 2)
    return max(0.0, stop - max(centre - length / 2, other - other_length / 2))
