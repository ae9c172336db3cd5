"""Which way up a stored picture is shown, and turning its pixels so."""

from dataclasses import dataclass
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from avsseg.media.planes import carry_labels, plane_view


@dataclass(frozen=True, kw_only=True)
class Orientation:
    """How a player turns the stored picture.

    Attributes:
        rotation: degrees anticlockwise: 0, 90, 180 or 270.
        mirrored: the stored picture is flipped left to right before it is turned.
    """

    rotation: int = 0
    mirrored: bool = False

    @property
    def swaps_sides(self) -> bool:
        """Whether width and height change places."""
        return self.rotation in (90, 270)

    def turn(self, array: NDArray[Any]) -> NDArray[Any]:
        """The array (H, W, ...) turned as a player would; a view."""
        array = array[:, ::-1] if self.mirrored else array
        return np.rot90(array, self.rotation // 90)


UPRIGHT = Orientation()


def orientation_of(frame: av.VideoFrame) -> Orientation:
    """The orientation that a decoded frame carries as its display matrix, to the quarter turn."""
    try:
        data: Any = frame.side_data["DISPLAYMATRIX"]  # type: ignore[typeddict-item]
    except KeyError:
        return UPRIGHT
    # The matrix sends (x, y) to (a x + c y, b x + d y), y pointing down.
    a, b, _, c, d = np.frombuffer(bytes(data), np.int32)[:5].tolist()
    mirrored = a * d - b * c < 0
    if mirrored:
        a, b = -a, -b
    quarters = round(np.degrees(np.arctan2(-b, a)) / 90) % 4
    return Orientation(rotation=90 * quarters, mirrored=mirrored)


def upright(frame: av.VideoFrame, orientation: Orientation) -> av.VideoFrame:
    """The frame with its pixels turned upright; 8-bit planar formats only.

    Timestamps and colour tags are kept; an upright frame is returned as it is.
    """
    if orientation == UPRIGHT:
        return frame
    width, height = frame.width, frame.height
    if orientation.swaps_sides:
        width, height = height, width
    turned = av.VideoFrame(width, height, frame.format.name)
    for index in range(len(frame.planes)):
        plane_view(turned, index)[:] = orientation.turn(plane_view(frame, index))
    return carry_labels(frame, turned)
