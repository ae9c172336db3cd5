"""From files, folders and patterns to videos, and a place for the output of each."""

import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from avsseg.errors import UsageError
from avsseg.shard import Shard

VIDEO_SUFFIXES = frozenset(
    f".{name}"
    for name in (
        *("3g2", "3gp", "avi", "flv", "gif", "m2ts", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg"),
        *("mts", "mxf", "ogv", "ts", "vob", "webm", "wmv"),
    )
)
"""What is taken for a video inside a folder; a file named by itself may be called anything."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One video and the folder of its outputs."""

    source: Path
    folder: Path


def plan_jobs(
    inputs: Sequence[str],
    output: Path,
    *,
    listed: Sequence[str] = (),
    shard: Shard | None = None,
) -> list[Job]:
    """Every video that is meant, once, each with a folder of its own below ``output``.

    The tree below the common folder of all inputs is mirrored: ``season/a.mp4`` goes to
    ``season/a``. Where that would give two videos the same folder, or one a folder inside
    another's, they keep their suffix: ``a.mp4`` and ``a.mkv``.

    Args:
        inputs: names of files and folders, and patterns.
        output: the folder for all outputs; nothing in it is taken for an input.
        listed: further files and folders out of a list. They are no patterns, and a file that is
            gone meanwhile is a video that fails, not the end of the others.
        shard: leaves out the videos of other parts; the places of the rest do not depend on it.

    Raises:
        UsageError: nothing is named, an input does not exist, a pattern or a folder holds no
            video, or the inputs have no folder in common.
    """
    found = [_expand(name, output) for name in inputs]
    found += [_expand_listed(name, output) for name in listed]
    if not found:
        raise UsageError("no video was named; give files, folders, patterns or --from-file.")
    sources = list(dict.fromkeys(path for _, paths in found for path in paths))
    base = _common([root for root, _ in found])
    relative = [path.relative_to(base) for path in sources]
    places = _distinct(relative)
    return [
        Job(source=source, folder=output / place)
        for source, place, own in zip(sources, places, relative, strict=True)
        if shard is None or shard.holds(own)
    ]


def _expand(name: str, output: Path) -> tuple[Path, list[Path]]:
    """The folder that an input's tree is mirrored from, and its videos."""
    path = _absolute(Path(name))
    if path.is_dir():
        return _expand_folder(name, path, output)
    if path.exists():
        return path.parent, [path]
    if glob.has_magic(name):
        return _expand_pattern(name)
    raise UsageError(f"{name}: no such file or folder.")


def _expand_listed(name: str, output: Path) -> tuple[Path, list[Path]]:
    path = _absolute(Path(name))
    return _expand_folder(name, path, output) if path.is_dir() else (path.parent, [path])


def _expand_folder(name: str, path: Path, output: Path) -> tuple[Path, list[Path]]:
    files = _walk(path, _absolute(output), frozenset())
    videos = [file for file in files if file.suffix.lower() in VIDEO_SUFFIXES]
    if not videos:
        raise UsageError(f"{name}: no video file in this folder or below it.")
    return path, videos


def _expand_pattern(name: str) -> tuple[Path, list[Path]]:
    matches = map(Path, glob.glob(name, recursive=True))  # noqa: PTH207  may be absolute
    videos = sorted(_absolute(match) for match in matches if match.is_file())
    if not videos:
        raise UsageError(f"{name}: no file matches this pattern.")
    return _absolute(Path(*_before_magic(Path(name).parts))), videos


def _before_magic(parts: Iterable[str]) -> Iterator[str]:
    for part in parts:
        if glob.has_magic(part):
            return
        yield part


def _walk(folder: Path, output: Path, above: frozenset[Path]) -> Iterator[Path]:
    """Files below a folder in order of name, without hidden ones and without our own output.

    A link to a folder that it lies in, one of ``above``, is not followed round and round.
    """
    here = folder.resolve()
    if here in above:
        return
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry == output:
            continue
        if entry.is_dir():
            yield from _walk(entry, output, above | {here})
        elif entry.is_file():
            yield entry


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100  resolve() would follow links


def _common(roots: Sequence[Path]) -> Path:
    try:
        return Path(os.path.commonpath(roots))
    except ValueError as error:
        raise UsageError(
            "the inputs lie on different drives; run avsseg once for each of them."
        ) from error


def _distinct(relative: Sequence[Path]) -> list[Path]:
    """Places for outputs: without suffix where that leaves each video a folder of its own."""
    short = [_without_suffix(path) for path in relative]
    taken = Counter(_key(place) for place in short)
    for place in short:
        taken.update({_key(parent) for parent in place.parents})
    return [
        place if taken[_key(place)] == 1 else path
        for path, place in zip(relative, short, strict=True)
    ]


def _without_suffix(path: Path) -> Path:
    """As ``with_suffix("")``, which would make the parent folder of a file named ``...mp4``."""
    return path if not path.stem.strip(".") else path.with_suffix("")


def _key(place: Path) -> str:
    return str(place).casefold()  # many file systems tell no case apart
