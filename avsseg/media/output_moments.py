"""Outputs that hold predicted moments: each lends a function that takes them one by one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from avsseg.media.figures import binary_mask, measure_mask
from avsseg.media.output_values import SoundingMoment, WriteMoment
from avsseg.media.picture_writer import open_mask_folder, open_palette_folder
from avsseg.media.region_table import open_region_table
from avsseg.media.rle_writer import open_rle_writer
from avsseg.media.soft_maps import open_soft_maps
from avsseg.media.stretches import Marked, sounding_stretches
from avsseg.media.table_writer import (
    FrameRow,
    open_frame_table,
    write_segments,
    write_subtitles,
)

if TYPE_CHECKING:
    from avsseg.media.outputs import Target

_FURTHER_COLUMNS = ("sounding", "disagreement", "heard")


@contextmanager
def open_masks(target: "Target") -> Iterator[WriteMoment]:
    """Black and white PNGs."""
    threshold = target.settings.threshold
    with open_mask_folder(target.path, source=target.info.path, overwrite=True) as folder:
        yield lambda moment: folder.write(moment.index, binary_mask(moment.levels, threshold))


@contextmanager
def open_palette(target: "Target") -> Iterator[WriteMoment]:
    """PNGs of classes."""
    threshold = target.settings.threshold
    with open_palette_folder(target.path, source=target.info.path, overwrite=True) as folder:
        yield lambda moment: folder.write(
            moment.index, binary_mask(moment.levels, threshold).astype(np.uint8)
        )


@contextmanager
def open_soft(target: "Target") -> Iterator[WriteMoment]:
    """Probabilities on the network's grid."""
    with open_soft_maps(target.path, source=target.info.path, overwrite=True) as maps:
        yield lambda moment: maps.write(moment.index, moment.time, moment.mask)


@contextmanager
def open_rle(target: "Target") -> Iterator[WriteMoment]:
    """COCO run lengths."""
    threshold = target.settings.threshold
    with open_rle_writer(target.path, source=target.info.path, overwrite=True) as annotations:
        yield lambda moment: annotations.write(
            moment.index,
            moment.time,
            binary_mask(moment.levels, threshold),
            score=measure_mask(moment.levels, threshold).score,
        )


@contextmanager
def open_csv(target: "Target") -> Iterator[WriteMoment]:
    """The table of moments."""
    with open_frame_table(
        target.path, extra=_FURTHER_COLUMNS, source=target.info.path, overwrite=True
    ) as table:
        yield lambda moment: table.write(_row(moment, target.settings.threshold))


def _row(moment: SoundingMoment, threshold: float) -> FrameRow:
    figures = measure_mask(moment.levels, threshold)
    heard = "; ".join(f"{name} {score:.2f}" for name, score in moment.heard)
    further = (moment.sounding, moment.disagreement, heard)
    return FrameRow(
        index=moment.index,
        pts=moment.pts,
        time=moment.time,
        score=figures.score,
        area=figures.area,
        box=figures.box,
        loudness_db=moment.loudness_db,
        extra=dict(zip(_FURTHER_COLUMNS, further, strict=True)),
    )


@contextmanager
def open_segments(target: "Target") -> Iterator[WriteMoment]:
    """The table of sounding stretches."""
    yield from _collected(target, write_segments)


@contextmanager
def open_subtitles(target: "Target") -> Iterator[WriteMoment]:
    """Sounding stretches as subtitles."""
    yield from _collected(target, write_subtitles)


def _collected(target: "Target", write: Callable[..., None]) -> Iterator[WriteMoment]:
    """Takes a few figures of every moment; writes when all are there."""
    marked: list[Marked] = []

    def collect(moment: SoundingMoment) -> None:
        score = measure_mask(moment.levels, target.settings.threshold).score
        marked.append(Marked(time=moment.time, score=score, heard=moment.heard))

    yield collect
    stretches = sounding_stretches(marked)
    write(target.path, stretches, source=target.info.path, overwrite=True)


@contextmanager
def open_regions(target: "Target") -> Iterator[WriteMoment]:
    """The table of connected parts."""
    with open_region_table(
        target.path,
        (target.info.width, target.info.height),
        threshold=target.settings.threshold,
        source=target.info.path,
        overwrite=True,
    ) as table:
        yield lambda m: table.write(m.index, m.time, m.mask, m.muted, scene=m.scene)
