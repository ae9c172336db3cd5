"""Scores of anybody's masks, from two folders of pictures."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from avsseg.data.masks import binary_mask, class_map, open_picture, resize_nearest
from avsseg.errors import DataError
from avsseg.evaluation.metrics import BinaryMetrics
from avsseg.evaluation.pairing import Numbering, PairedClip, Pairing, pair_folders
from avsseg.evaluation.report import Report
from avsseg.evaluation.semantic import SemanticMetrics

AVSS_FRAMES = 10

Floats = NDArray[np.float32]
Labels = NDArray[Any]

Track = Callable[[Sequence[PairedClip]], Iterable[PairedClip]]


@dataclass(frozen=True, kw_only=True)
class FolderScore:
    """The scores of a folder of masks, and how its files were matched and read.

    Attributes:
        zero_one: no prediction holds a value over 1, so 1 was read as certain.
    """

    report: Report
    pairing: Pairing
    zero_one: bool = False


def score_folders(
    predictions: Path,
    truths: Path,
    *,
    metric_batch: int = 1,
    numbering: Numbering = "auto",
    resize: bool = False,
    track: Track = iter,
) -> FolderScore:
    """Scores binary or soft grey masks against binary truths; clips in the order of their names.

    Grey values are probabilities (value over 255 or 65535), unless no prediction exceeds 1; a
    coloured mask is foreground where it is not black. Truths are foreground where not black.

    Raises:
        DataError: if files are missing, damaged or of different sizes without ``resize``.
        UsageError: if the numbering cannot be told.
    """
    pairing = pair_folders(predictions, truths, numbering=numbering)
    zero_one = _are_zero_one(path for clip in pairing.clips for path, _ in clip.pairs)
    metrics = BinaryMetrics(metric_batch=metric_batch)

    def read(ours: Path, theirs: Path) -> tuple[Floats, Labels]:
        soft = soft_mask(open_picture(ours), zero_one=zero_one)
        return soft, binary_mask(open_picture(theirs))

    for clip in track(pairing.clips):
        soft, true = _read_clip(clip, read, _resize_soft if resize else None)
        metrics.add(clip.name, soft, true, category=clip.category)
    return FolderScore(report=metrics.report(), pairing=pairing, zero_one=zero_one)


def score_class_folders(
    predictions: Path,
    truths: Path,
    *,
    num_classes: int = 71,
    numbering: Numbering = "auto",
    resize: bool = False,
    track: Track = iter,
) -> FolderScore:
    """Scores class maps (AVSS colours, palette or grey indices) against class maps.

    Clips of fewer than ten frames are padded in the ``legacy`` scores, as AVSBench pads them.

    Raises:
        DataError: if files are missing, damaged or of different sizes without ``resize``.
        UsageError: if the numbering cannot be told.
    """
    pairing = pair_folders(predictions, truths, numbering=numbering)
    metrics = SemanticMetrics(num_classes)

    def read(ours: Path, theirs: Path) -> tuple[Labels, Labels]:
        found = (class_map(open_picture(path), num_classes)[0] for path in (ours, theirs))
        return next(found), next(found)

    for clip in track(pairing.clips):
        predicted, true = _read_clip(clip, read, resize_nearest if resize else None)
        padding = max(0, AVSS_FRAMES - len(true))
        metrics.add(clip.name, predicted, true, padding=padding, category=clip.category)
    return FolderScore(report=metrics.report(), pairing=pairing)


def soft_mask(image: Image.Image, *, zero_one: bool = False) -> Floats:
    """Foreground probability of a predicted mask picture.

    Shapes:
        -> (H, W) float32 in [0, 1]
    """
    values, highest = _grey(image)
    if values is None:
        return binary_mask(image).astype(np.float32)
    return (values / np.float32(1 if zero_one else highest)).clip(0, 1)


def _grey(image: Image.Image) -> tuple[Floats | None, int]:
    """Grey values and the greatest possible one; None for a picture that has colours."""
    if image.mode in ("1", "F"):
        return np.asarray(image, np.float32), 1
    if image.mode.startswith("I"):
        return np.asarray(image, np.float32), 65535
    if image.mode in ("L", "LA"):
        return np.asarray(image.getchannel(0), np.float32), 255
    colours = np.asarray(image.convert("RGB"))
    if (colours != colours[..., :1]).any():
        return None, 255
    return colours[..., 0].astype(np.float32), 255


def _are_zero_one(paths: Iterable[Path]) -> bool:
    for path in paths:
        values, _ = _grey(open_picture(path))
        if values is None or values.max() > 1:
            return False
    return True


def _read_clip(
    clip: PairedClip,
    read: Callable[[Path, Path], tuple[NDArray[Any], NDArray[Any]]],
    resize: Callable[[NDArray[Any], tuple[int, int]], NDArray[Any]] | None,
) -> tuple[NDArray[Any], NDArray[Any]]:
    frames = []
    for paths in clip.pairs:
        ours, theirs = read(*paths)
        if ours.shape != theirs.shape:
            if resize is None:
                raise DataError(_sizes_differ(*paths, ours, theirs))
            ours = resize(ours, theirs.shape[::-1])
        frames.append((ours, theirs))
    if len({theirs.shape for _, theirs in frames}) > 1:
        raise DataError(f"{clip.pairs[0][1].parent}: the truths of one clip differ in size.")
    masks, truths = zip(*frames, strict=True)
    return np.stack(masks), np.stack(truths)


def _sizes_differ(path: Path, truth: Path, ours: NDArray[Any], theirs: NDArray[Any]) -> str:
    sizes = ["x".join(map(str, array.shape[::-1])) for array in (ours, theirs)]
    return (
        f"{path}: is {sizes[0]} and its truth {truth.name} is {sizes[1]}; "
        "give --resize to bring predictions to the size of the truths."
    )


def _resize_soft(mask: Floats, size: tuple[int, int]) -> Floats:
    resized = Image.fromarray(mask).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(resized, np.float32).clip(0, 1)
