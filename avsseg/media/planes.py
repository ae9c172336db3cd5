"""Pixels of a planar frame as arrays, and copies that leave the decoder's own frame alone."""

import av
import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.uint8]


def plane_view(frame: av.VideoFrame, index: int = 0) -> Plane:
    """The live pixels of one 8-bit plane: writing to the array paints the frame.

    Shapes:
        (H, W) uint8, or (ceil(H / 2), ceil(W / 2)) for the chroma of 4:2:0
    """
    plane = frame.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8)[: plane.height * plane.line_size]
    view: Plane = rows.reshape(plane.height, plane.line_size)[:, : plane.width]
    return view


def copy_frame(frame: av.VideoFrame) -> av.VideoFrame:
    """A frame with the same pixels and labels that may be painted on.

    A decoded frame may serve the decoder as a reference for later ones, so it is never painted.
    """
    copy = av.VideoFrame(frame.width, frame.height, frame.format.name)
    for index in range(len(frame.planes)):
        np.copyto(plane_view(copy, index), plane_view(frame, index))
    return carry_labels(frame, copy)


def carry_labels(source: av.VideoFrame, target: av.VideoFrame) -> av.VideoFrame:
    """Gives ``target`` the time and the colour description of ``source``, and returns it."""
    target.pts = source.pts
    if source.time_base:
        target.time_base = source.time_base
    target.duration = source.duration
    target.colorspace = source.colorspace
    target.color_range = source.color_range
    target.color_primaries = source.color_primaries
    target.color_trc = source.color_trc
    return target


def pad_to_even(frame: av.VideoFrame) -> av.VideoFrame:
    """A 4:2:0 frame with even sides: an odd side gains one row or column, its last one again."""
    height, width = frame.height + frame.height % 2, frame.width + frame.width % 2
    if (height, width) == (frame.height, frame.width):
        return frame
    padded = av.VideoFrame(width, height, frame.format.name)
    for index in range(len(frame.planes)):
        source, target = plane_view(frame, index), plane_view(padded, index)
        rows, columns = (t - s for t, s in zip(target.shape, source.shape, strict=True))
        np.copyto(target, np.pad(source, ((0, rows), (0, columns)), mode="edge"))
    return carry_labels(frame, padded)
