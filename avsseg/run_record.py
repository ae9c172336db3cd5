"""What was done before: whether a video's outputs are there, and made from the same things."""

import dataclasses
import hashlib
import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avsseg import __version__
from avsseg.errors import MediaError
from avsseg.media.manifest import FileReport, Manifest, write_manifest
from avsseg.media.publish import explains_write_failures, refuse_source, remove_leftovers

MANIFEST = "manifest.json"
_UNFINISHED = ".unfinished-avsseg"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that decides a video's outputs, but for the video.

    Attributes:
        weights: name of the weight file.
        weights_sha256: of its content.
        arguments: every setting with its value; device and batch size have no part in it.
    """

    weights: str
    weights_sha256: str
    arguments: Mapping[str, Any]

    def fingerprint(self, source: Path) -> str:
        """One number for a video's content, the weights' content and the settings."""
        parts = [content_hash(source), self.weights_sha256, self.arguments]
        text = json.dumps(parts, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


def content_hash(path: Path) -> str:
    """The sha256 of a file.

    Raises:
        MediaError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror})") from error


def finished_outputs(folder: Path, fingerprint: str) -> dict[str, Path] | None:
    """The outputs of a run with this fingerprint that completed here; None if one is missing."""
    facts, names = _read_record(folder / MANIFEST)
    outputs = {kind: folder / name for kind, name in names.items()}
    if facts.get("fingerprint") != fingerprint:
        return None
    return outputs if all(path.exists() for path in outputs.values()) else None


@contextmanager
def recorded(
    folder: Path, *, files: Collection[str], overwrite: bool, source: Path | None = None
) -> Iterator[None]:
    """Marks a folder as being worked on, so that a killed run can be told from foreign files.

    Args:
        folder: made here, or by a killed run; taken away again if nothing came to be in it.
        files: names of what will be written.
        overwrite: existing outputs may be replaced.
        source: the video, which must be none of them.

    Raises:
        MediaError: some of ``files`` are there, were not left by a killed run, and ``overwrite``
            is off; one of them is the source; or the folder cannot be made or written to.
    """
    marker = folder / _UNFINISHED
    for name in files:
        refuse_source(folder / name, source)
    if not overwrite:
        refuse_taken(folder, files)
    made = [folder] if marker.exists() else _make(folder)
    try:
        with explains_write_failures(folder):
            marker.touch()
            remove_leftovers(folder)
            (folder / MANIFEST).unlink(missing_ok=True)
        yield
    except BaseException:
        if not any((folder / name).exists() for name in files):
            _take_away(marker, made)
        raise
    marker.unlink(missing_ok=True)


def write_record(folder: Path, recipe: Recipe, fingerprint: str, report: FileReport) -> FileReport:
    """Writes the manifest, last of all: with it, a video counts as finished."""
    facts = {**report.facts, "fingerprint": fingerprint}
    full = dataclasses.replace(report, facts=facts)
    beside = {kind: Path(path.name) for kind, path in report.outputs.items()}
    write_manifest(
        folder / MANIFEST,
        Manifest(
            version=__version__,
            weights=recipe.weights,
            weights_sha256=recipe.weights_sha256,
            arguments=recipe.arguments,
            files=[dataclasses.replace(full, outputs=beside)],
        ),
    )
    return full


def refuse_taken(folder: Path, files: Collection[str]) -> None:
    """Lets nothing be written over that is not what a killed run left.

    Raises:
        MediaError: some of ``files``, or a record, is there.
    """
    if (folder / _UNFINISHED).exists():
        return
    taken = next((name for name in (MANIFEST, *files) if (folder / name).exists()), None)
    if taken is not None:
        raise MediaError(
            f"{folder / taken}: is there already, from another video or from other settings or "
            "weights; give --overwrite to replace it, or another folder with -o"
        )


def clear_after(folder: Path) -> None:
    """Takes away what dead workers left where nobody is at work any more, finished or not."""
    remove_leftovers(folder, of_all_machines=True)
    marker = folder / _UNFINISHED
    if marker.exists():
        _take_away(marker, [folder])


def _read_record(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    try:
        (report,) = json.loads(path.read_text(encoding="utf-8"))["files"]
        facts, outputs = dict(report["facts"]), dict(report["outputs"])
        beside = all(Path(name).name == name != ".." for name in outputs.values())
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}, {}
    return (facts, outputs) if beside else ({}, {})  # a path that leads elsewhere is not ours


def _make(folder: Path) -> list[Path]:
    """Makes a folder with its parents; returns those that were not there, innermost first."""
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(
            f"{folder}: cannot be made ({error.strerror}); choose another folder with -o"
        ) from error
    return made


def _take_away(marker: Path, made: list[Path]) -> None:
    with suppress(OSError):
        marker.unlink(missing_ok=True)
        for folder in made:
            folder.rmdir()
