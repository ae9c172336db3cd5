"""Masks as COCO annotations in one JSON file."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from avsseg.media.figures import box_of
from avsseg.media.picture_writer import picture_name
from avsseg.media.publish import publish_file
from avsseg.media.rle import compress_counts, encode_mask


@contextmanager
def open_rle_writer(
    path: Path,
    *,
    compressed: bool = True,
    categories: Sequence[str] = ("sounding",),
    source: Path | None = None,
    overwrite: bool = False,
) -> Iterator["RleWriter"]:
    """Lends a writer of a COCO dataset: ``images``, ``annotations``, ``categories``.

    Every moment is an image, with its time as ``time_s``; every mask that is not empty is an
    annotation with run lengths, box, area in pixels and score.

    Args:
        path: what to write.
        compressed: run lengths as COCO's text; else as lists of numbers.
        categories: names of the classes, counted from 1.
        source: the film, which is never written over.
        overwrite: replace an existing file.

    Raises:
        MediaError: the file cannot be written.
    """
    with (
        publish_file(path, overwrite=overwrite, source=source) as temporary,
        temporary.open("w", encoding="utf-8") as file,
    ):
        writer = RleWriter(file, compressed=compressed, categories=categories)
        yield writer
        writer.finish()


class RleWriter:
    """One JSON file in the making; see ``open_rle_writer``."""

    def __init__(self, file: IO[str], *, compressed: bool, categories: Sequence[str]) -> None:
        self._file, self._compressed = file, compressed
        self._categories = [{"id": n, "name": name} for n, name in enumerate(categories, start=1)]
        self._images: list[dict[str, Any]] = []
        self._num_annotations = 0
        file.write('{"annotations": [')

    def write(
        self,
        number: int,
        time: Fraction,
        mask: NDArray[np.bool_],
        *,
        score: float,
        category: int = 1,
    ) -> None:
        """Add the mask of one moment; masks of the same moment come one after another.

        Shapes:
            mask (H, W)
        """
        height, width = mask.shape
        if not self._images or self._images[-1]["id"] != number:
            self._images.append(
                {
                    "id": number,
                    "file_name": picture_name(number),
                    "width": width,
                    "height": height,
                    "time_s": float(time),
                }
            )
        if mask.any():
            self._annotate(number, mask, score, category)

    def finish(self) -> None:
        """Write what closes the file."""
        rest = {"categories": self._categories, "images": self._images}
        self._file.write("\n], " + json.dumps(rest)[1:] + "\n")

    def _annotate(self, number: int, mask: NDArray[np.bool_], score: float, category: int) -> None:
        counts = encode_mask(mask)
        x0, y0, x1, y1 = box_of(mask)
        annotation = {
            "id": self._num_annotations + 1,
            "image_id": number,
            "category_id": category,
            "segmentation": {
                "size": list(mask.shape),
                "counts": compress_counts(counts) if self._compressed else counts,
            },
            "area": sum(counts[1::2]),
            "bbox": [x0, y0, x1 - x0, y1 - y0],
            "iscrowd": 0,
            "score": round(score, 4),
        }
        self._file.write(",\n" if self._num_annotations else "\n")
        self._file.write(json.dumps(annotation))
        self._num_annotations += 1
