"""The one way from a name or a path to a verified weight file on this disk."""

import contextlib
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs
import pooch

from avsseg.errors import CheckpointError
from avsseg.weight_manifest import Manifest, WeightEntry, read_manifest

_PACKAGE = Path(__file__).parent


def shipped_folder() -> Path:
    """The folder of the manifest and of the weights that came with avsseg.

    A wheel holds it inside the package, a checkout beside the package.
    """
    inside = _PACKAGE / "shipped_weights"
    return inside if inside.is_dir() else _PACKAGE.parent / "weights"


def cache_folder() -> Path:
    """The folder of downloaded weights: below ``AVSSEG_CACHE``, else the user's cache."""
    root = os.environ.get("AVSSEG_CACHE")
    base = Path(root).expanduser() if root else platformdirs.user_cache_path("avsseg")
    return base / "weights"


def shipped_manifest() -> Manifest:
    """The manifest that came with avsseg."""
    return read_manifest(shipped_folder() / "manifest.toml")


def resolve_weights(
    name_or_path: str | os.PathLike[str] | None = None,
    *,
    offline: bool = False,
    manifest: Manifest | None = None,
    progress: Any = None,
) -> Path:
    """Finds a weight file by its name in the manifest or by its path; None is the default.

    A name wins over a file of the same name; write ``./name`` for the file.

    Raises:
        CheckpointError: when there is no such name or file, or :func:`fetch_weights` fails.
    """
    manifest = manifest or shipped_manifest()
    wanted = manifest.default if name_or_path is None else os.fspath(name_or_path)
    if wanted is None:
        raise CheckpointError("no default weights came with this avsseg; name a checkpoint file.")
    if wanted in manifest.entries:
        return fetch_weights(manifest.entries[wanted], offline=offline, progress=progress)
    if Path(wanted).is_file():
        return Path(wanted)
    raise CheckpointError(
        f"{wanted} is neither a file nor known by name; known: {', '.join(manifest.entries)}."
    )


def weights_location(entry: WeightEntry) -> Path:
    """Where the file of an entry is, or would be after a download."""
    return (cache_folder() if entry.url else shipped_folder()) / entry.file


def fetch_weights(entry: WeightEntry, *, offline: bool = False, progress: Any = None) -> Path:
    """The verified file of an entry, downloaded if it is not here or is damaged.

    Args:
        entry: what to fetch.
        offline: never use the network.
        progress: told of the download as a tqdm bar would be.

    Raises:
        CheckpointError: when the file cannot be had, cannot be stored or fails its check.
    """
    path = weights_location(entry)
    try:
        if path.is_file():
            verify_weights(entry, path)
            _remember(entry, path)
            return path
        trouble = f"{entry.name}: {path} does not exist."
    except CheckpointError as error:
        trouble = str(error)
    if entry.url is None:
        raise CheckpointError(f"{trouble} It ships with avsseg: install avsseg again.")
    if offline:
        raise CheckpointError(
            f"{trouble} Offline, nothing is downloaded: run 'avsseg weights pull {entry.name}'"
            " with a network, or put the file there."
        )
    _download(entry, path, progress)
    return path


def verify_weights(entry: WeightEntry, path: Path) -> None:
    """Compares a file with all that is known of it: size, digest, first download.

    Raises:
        CheckpointError: on a difference; the message holds what was found and what was expected.
    """
    difference = _difference(entry, path)
    if difference:
        raise CheckpointError(f"{entry.name}: {path} {difference}.")


def _difference(entry: WeightEntry, path: Path) -> str | None:
    size = path.stat().st_size
    if entry.bytes is not None and size != entry.bytes:
        return f"has {size} bytes, where {entry.bytes} are expected"
    expected = entry.digest or _remembered(entry)
    if expected is None:
        return None
    found = _sha256(path)
    if found.startswith(expected):
        return None
    return f"has the sha256 {found}, where {expected} is expected"


def _download(entry: WeightEntry, path: Path, progress: Any) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _part_file(path) as part:
            _receive(entry, part, progress)
            difference = _difference(entry, part)
            if difference:
                raise CheckpointError(
                    f"{entry.name}: the file from {entry.url} {difference}; it was thrown away."
                )
            part.replace(path)
    except OSError as error:
        raise CheckpointError(
            f"{entry.name}: {path.parent} cannot be written ({error}); set AVSSEG_CACHE to another."
        ) from error
    _remember(entry, path)


def _receive(entry: WeightEntry, part: Path, progress: Any) -> None:
    import requests

    receive = pooch.HTTPDownloader(progressbar=progress or False, chunk_size=1 << 20, timeout=30)
    try:
        receive(entry.url, str(part), None)
    except requests.RequestException as error:
        reason = "no connection" if isinstance(error, requests.ConnectionError) else str(error)
        raise CheckpointError(
            f"{entry.name}: cannot be downloaded from {entry.url} ({reason}); try again, or put the"
            f" file at {weights_location(entry)}."
        ) from error


@contextlib.contextmanager
def _part_file(path: Path) -> Iterator[Path]:
    """A name of its own for one writer, gone at the end if the file was not moved away."""
    part = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _record(entry: WeightEntry) -> Path:
    location = weights_location(entry)
    return location.with_name(f"{location.name}.sha256")


def _remembered(entry: WeightEntry) -> str | None:
    record = _record(entry)
    return record.read_text(encoding="ascii").strip() if record.is_file() else None


def _remember(entry: WeightEntry, path: Path) -> None:
    """Trust on first use: what has no published digest must stay what it was at first."""
    if entry.digest is not None or _record(entry).is_file():
        return
    with contextlib.suppress(OSError), _part_file(_record(entry)) as part:
        part.write_text(f"{_sha256(path)}\n", encoding="ascii")  # a read-only cache still serves
        part.replace(_record(entry))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
