"""Shows a mask on the picture itself, painted straight on the planes of a 4:2:0 frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import av
import numpy as np
from av.video.reformatter import Interpolation

from avsseg.errors import UsageError
from avsseg.media.coverage import bands, columns_above, level_of, outline, ramp, translate
from avsseg.media.ink import Ink, Rgb, fade_to, mix_ink, paint_chroma, paint_luma
from avsseg.media.labels import Label, draw_labels
from avsseg.media.planes import copy_frame
from avsseg.media.upsample import Levels

OverlayKind = Literal["tint", "contour", "spotlight", "blur"]
OVERLAY_KINDS: tuple[OverlayKind, ...] = get_args(OverlayKind)

_BLACK: Rgb = (0, 0, 0)
_LINES_PER_LINE_PIXEL = 360
_BLUR_FRACTION = 40
_SOFTNESS = 0.1  # of what is subdued
_CRISPNESS = 0.04  # of the tint, which must not glow beyond its outline
_SHADOW = 0.4
_DARKNESS = 0.7


@dataclass(frozen=True, kw_only=True)
class OverlayStyle:
    """How masks are shown.

    Attributes:
        kind: ``tint`` colours what sounds and draws its outline; ``contour`` draws the outline
            alone; ``spotlight`` darkens the rest; ``blur`` blurs the rest.
        colour: RGB of tint and outline, 0..255.
        opacity: how strongly the tint covers, in [0, 1].
        threshold: the probability at which the outline lies.
    """

    kind: OverlayKind = "tint"
    colour: Rgb = (0, 230, 195)
    opacity: float = 0.45
    threshold: float = 0.5

    def __post_init__(self) -> None:
        if self.kind not in OVERLAY_KINDS:
            known = ", ".join(OVERLAY_KINDS)
            raise UsageError(f"overlay style {self.kind}: unknown; choose one of {known}")
        if not 0 <= self.opacity <= 1 or not 0 < self.threshold < 1:
            raise UsageError("overlay style: opacity must be in [0, 1] and threshold in (0, 1)")


def draw_overlay(
    frame: av.VideoFrame,
    levels: Levels,
    *,
    style: OverlayStyle | None = None,
    labels: Sequence[Label] = (),
) -> av.VideoFrame:
    """A copy of an 8-bit 4:2:0 frame with its mask, and maybe labels, drawn on it.

    Only the neighbourhood of the mask is touched by ``tint`` and ``contour``. Colours follow the
    frame's own matrix and range; where nothing sounds, the picture stays as it is.

    Shapes:
        levels (H, W) uint8: probabilities in steps of 1/255, of the frame's size
    """
    style = style or OverlayStyle()
    canvas = copy_frame(frame)
    if style.kind in ("spotlight", "blur"):
        _subdue_rest(canvas, levels, style)
    else:
        inks = mix_ink(style.colour, canvas), mix_ink(_BLACK, canvas)
        for band in bands(canvas.height):
            _mark(canvas, levels, style, inks, band)
    draw_labels(canvas, labels)
    return canvas


def _mark(
    canvas: av.VideoFrame,
    levels: Levels,
    style: OverlayStyle,
    inks: tuple[Ink, Ink],
    band: slice,
) -> None:
    """Tints with more colour than brightness, so that what lies under it stays readable."""
    thickness = max(1, round(canvas.height / _LINES_PER_LINE_PIXEL))
    low, margin = style.threshold - _CRISPNESS, 2 * thickness + 2
    reach = slice(max(0, band.start - margin), band.stop + margin)
    columns = columns_above(levels[reach], level_of(low), margin=margin)
    if columns is None:
        return
    part, top, left = levels[reach, columns], band.start, columns.start
    inner = slice(band.start - reach.start, band.stop - reach.start)
    line, shadow = outline(part >= level_of(style.threshold), thickness, shadow=_SHADOW)
    line, colour = line[inner], line[inner]
    if style.kind == "tint":
        high = style.threshold + _CRISPNESS
        body = translate(part[inner], ramp(low, high, top=0.5 * style.opacity))
        line = np.maximum(line, body)
        colour = np.maximum(colour, translate(part[inner], ramp(low, high, top=style.opacity)))
    ink, black = inks
    paint_luma(canvas, black[0], shadow[inner], top=top, left=left)
    paint_luma(canvas, ink[0], line, top=top, left=left)
    paint_chroma(canvas, ink[1:], colour, top=top, left=left)


def _subdue_rest(canvas: av.VideoFrame, levels: Levels, style: OverlayStyle) -> None:
    """Darkens or blurs what does not sound, less so as the whole mask fades away."""
    low, high = style.threshold - 2 * _SOFTNESS, style.threshold + _SOFTNESS
    presence = ramp(low, high)[int(levels.max())] / 255
    if presence == 0:
        return
    blurred = _blur(canvas) if style.kind == "blur" else None
    falling = ramp(high, low, top=presence * (1 if blurred is not None else _DARKNESS))
    black, blue, red = mix_ink(_BLACK, canvas)
    for band in bands(canvas.height):
        rest = translate(levels[band], falling)
        if blurred is not None:
            fade_to(canvas, blurred, rest, top=band.start)
            continue
        paint_luma(canvas, black, rest, top=band.start)
        paint_chroma(canvas, (blue, red), rest, top=band.start)


def _blur(frame: av.VideoFrame) -> av.VideoFrame:
    """Shrinks by averaging and grows smoothly: as soft as a wide Gaussian, for far less time."""
    width = max(8, frame.width // _BLUR_FRACTION)
    height = max(8, frame.height // _BLUR_FRACTION)
    small = frame.reformat(width=width, height=height, interpolation=Interpolation.AREA, threads=1)
    return small.reformat(
        width=frame.width, height=frame.height, interpolation=Interpolation.BICUBIC, threads=1
    )
