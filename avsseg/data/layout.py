"""Where AVSBench keeps each file: three layouts, told apart by their index files."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from avsseg.errors import DataError

Subset = Literal["s4", "ms3", "avss"]
SUBSETS: tuple[Subset, ...] = ("s4", "ms3", "avss")
SPLITS = ("train", "val", "test")

INDEX_FILES: dict[Subset, str] = {
    "s4": "s4_meta_data.csv",
    "ms3": "ms3_meta_data.csv",
    "avss": "metadata.csv",
}
_FOLDERS: dict[Subset, str] = {"s4": "Single-source", "ms3": "Multi-sources", "avss": "AVSS"}

PUBLISHED: dict[Subset, dict[str, int]] = {
    "s4": {"train": 3452, "val": 740, "test": 740},
    "ms3": {"train": 296, "val": 64, "test": 64},
    "avss": {"train": 8498, "val": 1304, "test": 1554},
}
"""Clips of each split as published."""

NUM_FRAMES: dict[Subset, int] = {"s4": 5, "ms3": 5, "avss": 10}
"""T of each subset; AVSS pads its five-second clips to ten frames."""


@dataclass(frozen=True, kw_only=True)
class ClipFiles:
    """The files of one clip, whether they exist or not.

    Attributes:
        frames: one picture a second, in order.
        masks: truths of the first ``len(masks)`` frames; the rest is unlabelled.
        log_mel: pickled log-mel, None where the layout has none.
        video: the raw clip, None where the layout has none.
    """

    name: str
    category: str
    split: str
    start: float
    frames: tuple[Path, ...]
    masks: tuple[Path, ...]
    wav: Path
    log_mel: Path | None
    video: Path | None


def find_base(root: Path, subset: Subset) -> Path:
    """The folder that holds the subset's index file: ``root`` or its published subfolder.

    Raises:
        DataError: if there is no such file.
    """
    name, folder = INDEX_FILES[subset], _FOLDERS[subset]
    for base in (root, root / folder, root / "avsbench_data" / folder):
        if (base / name).is_file():
            return base
    raise DataError(f"{root}: holds no {name}, nor does its {folder}/; name the folder that does.")


def find_subsets(root: Path) -> tuple[Subset, ...]:
    """The subsets whose index file is found under ``root``.

    Raises:
        DataError: if there is none.
    """
    found = tuple(subset for subset in SUBSETS if _has_base(root, subset))
    if not found:
        files = ", ".join(INDEX_FILES.values())
        raise DataError(f"{root}: is no AVSBench folder (none of {files} is in it).")
    return found


def read_index(root: Path, subset: Subset) -> tuple[ClipFiles, ...]:
    """Every clip that the subset's index file names, in its order.

    Raises:
        DataError: if the file is missing, empty or lacks columns.
    """
    base = find_base(root, subset)
    readers = {"s4": _read_s4, "ms3": _read_ms3, "avss": _read_avss}
    clips = tuple(readers[subset](base, _rows(base / INDEX_FILES[subset])))
    if not clips:
        raise DataError(f"{base / INDEX_FILES[subset]}: names no clip.")
    return clips


def existing_frame(path: Path) -> Path:
    """The frame itself, or the file under the other naming: MS3's have ``.mp4`` inside the name."""
    if path.exists():
        return path
    name, dot, number = path.name.rpartition(".mp4_")
    if not dot:
        name, _, number = path.name.rpartition("_")
    other = path.with_name(f"{name}_{number}" if dot else f"{name}.mp4_{number}")
    return other if other.exists() else path


def _has_base(root: Path, subset: Subset) -> bool:
    try:
        find_base(root, subset)
    except DataError:
        return False
    return True


def _rows(index: Path) -> Iterator[tuple[int, dict[str, str], list[str]]]:
    with index.open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        header = [name.strip() for name in next(rows, [])]
        if "split" not in header:
            raise DataError(f"{index}: its first line has no column 'split'.")
        for cells in rows:
            if cells:
                values = [cell.strip() for cell in cells]
                if len(values) < len(header):
                    raise DataError(f"{index}: line {rows.line_num} has too few columns.")
                yield rows.line_num, dict(zip(header, values, strict=False)), values


_Rows = Iterator[tuple[int, dict[str, str], list[str]]]


def _read_s4(base: Path, rows: _Rows) -> Iterator[ClipFiles]:
    data = base / "s4_data"
    for _, row, cells in rows:
        name, split = cells[0], row["split"]
        category = row.get("category") or cells[2]
        inner = Path(split) / category
        labelled = 1 if split == "train" else 5
        masks = data / "gt_masks" / inner / name
        yield ClipFiles(
            name=name,
            category=category,
            split=split,
            start=_seconds(cells[1]),
            frames=_numbered(data / "visual_frames" / inner / name, f"{name}_", range(1, 6)),
            masks=_numbered(masks, f"{name}_", range(1, labelled + 1)),
            wav=data / "audio_wav" / inner / f"{name}.wav",
            log_mel=data / "audio_log_mel" / inner / f"{name}.pkl",
            video=data / "raw_videos" / inner / f"{name}.mp4",
        )


def _read_ms3(base: Path, rows: _Rows) -> Iterator[ClipFiles]:
    data = base / "ms3_data"
    for _, row, cells in rows:
        name, split = cells[0], row["split"]
        yield ClipFiles(
            name=name,
            category="",
            split=split,
            start=0.0,
            frames=_numbered(data / "visual_frames" / name, f"{name}.mp4_", range(1, 6)),
            masks=_numbered(data / "gt_masks" / split / name, f"{name}_", range(1, 6)),
            wav=data / "audio_wav" / split / f"{name}.wav",
            log_mel=data / "audio_log_mel" / split / f"{name}.pkl",
            video=data / "raw_videos" / f"{name}.mp4",
        )


def _read_avss(base: Path, rows: _Rows) -> Iterator[ClipFiles]:
    for line, row, _ in rows:
        if row.get("label") not in ("v1s", "v1m", "v2"):
            raise DataError(f"{base / 'metadata.csv'}: line {line}: label is not v1s, v1m or v2.")
        folder = base / row["label"] / row["uid"]
        count = 10 if row["label"] == "v2" else 5
        labelled = 1 if row["label"] == "v1s" and row["split"] == "train" else count
        frames = tuple(folder / "frames" / f"{i}.jpg" for i in range(count))
        yield ClipFiles(
            name=row["uid"],
            category=row.get("a_obj", ""),
            split=row["split"],
            start=0.0,
            frames=frames,
            masks=tuple(folder / "labels_rgb" / f"{i}.png" for i in range(labelled)),
            wav=folder / "audio.wav",
            log_mel=None,
            video=None,
        )


def _numbered(folder: Path, stem: str, numbers: range) -> tuple[Path, ...]:
    return tuple(folder / f"{stem}{number}.png" for number in numbers)


def _seconds(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return 0.0
