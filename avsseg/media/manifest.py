"""What a run was and what became of each of its files, for people and for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from avsseg.media.publish import publish_file

FileStatus = Literal["planned", "done", "partial", "skipped", "failed"]


@dataclass(frozen=True, kw_only=True)
class FileReport:
    """What became of one input.

    Attributes:
        source: the input.
        status: ``partial`` is done as far as a damaged source allowed, ``planned`` only foreseen.
        outputs: kind of output to its path.
        notes: remarks for the user.
        reason: why it failed or was skipped.
        facts: figures such as the number of frames or seconds taken.
    """

    source: Path
    status: FileStatus
    outputs: Mapping[str, Path] = field(default_factory=dict)
    notes: Sequence[str] = ()
    reason: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a run was: enough to do it again.

    Attributes:
        version: of the program.
        weights: name of the weights.
        weights_sha256: of their file.
        arguments: every setting with its value.
        files: one report for each input.
        created: when.
    """

    version: str
    weights: str
    weights_sha256: str
    arguments: Mapping[str, Any]
    files: Sequence[FileReport]
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


def write_manifest(path: Path, manifest: Manifest, *, overwrite: bool = True) -> None:
    """Writes a manifest as JSON; an earlier one of that name is replaced unless told otherwise.

    Raises:
        MediaError: the file cannot be written.
    """
    text = json.dumps(
        asdict(manifest), indent=2, ensure_ascii=False, allow_nan=False, default=_plain
    )
    with publish_file(path, overwrite=overwrite) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    match value:
        case Path():
            return value.as_posix()
        case datetime():
            return value.isoformat(timespec="seconds")
        case Fraction():
            return str(value)
        case set() | frozenset():
            return sorted(value)
    raise TypeError(f"{value!r} has no place in a manifest")
