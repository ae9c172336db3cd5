"""Exact times of frames."""

from fractions import Fraction

import av

from avsseg.media.container import as_fraction


def tick_of(frame: av.VideoFrame) -> Fraction:
    """The unit of a frame's time, in seconds.

    Raises:
        ValueError: the frame states none.
    """
    tick = as_fraction(frame.time_base)
    if tick is None:
        raise ValueError("a frame without time base cannot be placed in time")
    return tick


def time_of(frame: av.VideoFrame) -> Fraction:
    """When a frame comes on display, in seconds on its film's own clock.

    Raises:
        ValueError: the frame states no time.
    """
    if frame.pts is None:
        raise ValueError("a frame without timestamp cannot be placed in time")
    return frame.pts * tick_of(frame)
