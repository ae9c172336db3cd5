"""Which prediction belongs to which truth, by file names that rarely agree."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from avsseg.errors import DataError, UsageError

Numbering = Literal["auto", "same", "zero-based", "one-based"]

_OFFSETS: dict[Numbering, int] = {"same": 0, "zero-based": -1, "one-based": 1}
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"})
_LABEL_FOLDERS = frozenset({"labels_rgb", "labels_semantic"})
"""Folders that AVSS puts between a clip and its truths."""

_SHOWN = 3

_Key = tuple[str, int]
_Files = dict[_Key, Path]


@dataclass(frozen=True, kw_only=True)
class PairedClip:
    """The files of one clip, frame by frame.

    Attributes:
        name: the clip's folder, and the names before the number where they say more.
        category: the folder above the clip's own, "" where there is none.
        pairs: (prediction, truth) in the order of the truths' numbers.
    """

    name: str
    category: str
    pairs: tuple[tuple[Path, Path], ...]


@dataclass(frozen=True, kw_only=True)
class Pairing:
    """How two folders were matched.

    Attributes:
        offset: number of a prediction minus number of its truth (-1: AVSBench's saved masks).
        by_name: the folders differ and file names alone were compared.
        surplus: predictions for which there is no truth; they are not scored.
    """

    clips: tuple[PairedClip, ...]
    offset: int
    by_name: bool
    surplus: int


def pair_folders(predictions: Path, truths: Path, *, numbering: Numbering = "auto") -> Pairing:
    """Matches every truth with a prediction of the same relative path, whatever the suffix.

    AVSBench numbers truths from 1 and saves predictions from 0; ``auto`` finds that out where it
    is certain, ``zero-based`` and ``one-based`` say from which number the predictions count.
    ``.mp4_`` in a name counts as ``_``.

    Raises:
        DataError: if a folder is missing or empty or a truth has no prediction.
        UsageError: if the numbering cannot be told.
    """
    ours, theirs = _catalogue(predictions), _catalogue(truths)
    by_name = not {clip for clip, _ in theirs} & {clip for clip, _ in ours}
    if by_name:
        ours, theirs = _without_folders(ours, predictions), _without_folders(theirs, truths)
    offset = _choose_offset(ours, theirs, numbering)
    missing = [key for key in theirs if _shift(key, offset) not in ours]
    if missing:
        raise DataError(_complaint(missing, theirs, predictions, offset))
    clips = tuple(_clips(ours, theirs, truths, offset))
    return Pairing(clips=clips, offset=offset, by_name=by_name, surplus=len(ours) - len(theirs))


def _catalogue(folder: Path) -> _Files:
    if not folder.is_dir():
        raise DataError(f"{folder}: is no folder of masks.")
    files: _Files = {}
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.suffix.lower() not in _PICTURES or any(p.startswith(".") for p in inside.parts):
            continue
        key = _key(inside)
        if key in files:
            raise DataError(f"{path}: is the same frame as {files[key].name}; keep one of them.")
        files[key] = path
    if not files:
        raise DataError(f"{folder}: holds no pictures.")
    return files


def _key(inside: Path) -> _Key:
    """The clip and number of a file; -1 for a name that does not end in a number."""
    stem = inside.stem.replace(".mp4_", "_")
    match = re.fullmatch(r"(.*?)(\d*)", stem)
    assert match is not None
    prefix, digits = match.groups()
    folders = [part for part in inside.parent.parts if part not in _LABEL_FOLDERS]
    return "/".join([*folders, prefix]), int(digits) if digits else -1


def _without_folders(files: _Files, folder: Path) -> _Files:
    flat: _Files = {}
    for (clip, number), path in files.items():
        key = (clip.rpartition("/")[2], number)
        if key in flat:
            raise DataError(
                f"{folder}: the folders inside differ from those of the other side, and "
                f"{path.name} occurs more than once; arrange both alike."
            )
        flat[key] = path
    return flat


def _choose_offset(ours: _Files, theirs: _Files, numbering: Numbering) -> int:
    if numbering != "auto":
        return _OFFSETS[numbering]
    fitting = [o for o in _OFFSETS.values() if all(_shift(key, o) in ours for key in theirs)]
    start = _common_start(ours, theirs)
    if len(fitting) > 1 and start in (-1, 1) and start in fitting:
        raise UsageError(
            "predictions and truths start at different numbers and both readings fit; "
            "say how the predictions count with --numbering same, zero-based or one-based."
        )
    return fitting[0] if fitting else 0


def _common_start(ours: _Files, theirs: _Files) -> int | None:
    """First number of predictions minus that of truths, if it is the same for every clip."""
    first = dict(sorted(ours, reverse=True))
    wanted = dict(sorted(theirs, reverse=True))
    starts = {first[clip] - number for clip, number in wanted.items() if clip in first}
    return starts.pop() if len(starts) == 1 else None


def _shift(key: _Key, offset: int) -> _Key:
    clip, number = key
    return clip, number if number < 0 else number + offset


def _clips(ours: _Files, theirs: _Files, root: Path, offset: int) -> Iterator[PairedClip]:
    keys = sorted(theirs)
    for clip in dict.fromkeys(key[0] for key in keys):
        pairs = tuple((ours[_shift(k, offset)], theirs[k]) for k in keys if k[0] == clip)
        folder = pairs[0][1].relative_to(root).parent
        prefix = clip.rpartition("/")[2].rstrip("_-. ")
        own = folder if prefix in ("", folder.name) else folder / prefix
        yield PairedClip(name=own.as_posix(), category=own.parent.name, pairs=pairs)


def _complaint(missing: list[_Key], theirs: _Files, predictions: Path, offset: int) -> str:
    names = ", ".join(theirs[key].name for key in missing[:_SHOWN])
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    counted = "" if offset == 0 else f" (predictions counted {offset:+d})"
    return (
        f"{predictions}: {len(missing)} of {len(theirs)} truths have no prediction{counted}: "
        f"{names}{more}. Paths must agree up to the suffix."
    )
