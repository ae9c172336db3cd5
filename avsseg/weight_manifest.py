"""The list of weights known by name: ``weights/manifest.toml``, read strictly."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from avsseg.errors import ConfigError
from avsseg.typed_config import from_mapping

_LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, kw_only=True)
class WeightEntry:
    """One weight file: what it is, where it comes from and how it is recognised.

    Without ``url``, the file is shipped with avsseg. ``sha256_prefix`` holds the leading digits of
    a digest that was never published whole; with neither, the first download is trusted.
    """

    name: str
    what: str
    licence: str
    file: str
    url: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    sha256_prefix: str | None = None

    @property
    def digest(self) -> str | None:
        """The known leading digits of the file's SHA-256, all 64 at best."""
        return self.sha256 or self.sha256_prefix

    def __post_init__(self) -> None:
        _require(self, re.fullmatch(r"[a-z0-9][a-z0-9._-]*", self.name), "name is not plain")
        _require(self, re.fullmatch(r"\w[\w.+-]*", self.file, re.ASCII), "file is not a plain name")
        _require(self, self.url is None or _is_trusted(self.url), "url is not https")
        _require(self, self.sha256 is None or _is_hex(self.sha256, 64, 64), "sha256 is not 64 hex")
        prefix = self.sha256_prefix
        _require(self, prefix is None or _is_hex(prefix, 8, 63), "sha256_prefix is not 8+ hex")
        _require(self, self.sha256 is None or prefix is None, "sha256 makes sha256_prefix idle")
        _require(self, self.url is not None or self.sha256, "a shipped file needs its sha256")
        _require(self, self.bytes is None or self.bytes > 0, "bytes is not positive")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All weights known by name, and the one that is used when none is named."""

    entries: dict[str, WeightEntry] = field(default_factory=dict)
    default: str | None = None


@dataclass(frozen=True, kw_only=True)
class _Head:
    format: int
    default: str | None = None


def read_manifest(path: Path) -> Manifest:
    """Reads a manifest.

    Raises:
        ConfigError: on anything unknown, missing, of a wrong type, or not to be trusted.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        tables = _table("weights", values.pop("weights", {}))
        head = from_mapping(_Head, values)
        if head.format != 1:
            raise ConfigError(f"format {head.format} is not known; this avsseg reads format 1.")
        entries = {name: _entry(name, table) for name, table in tables.items()}
        if head.default is not None and head.default not in entries:
            raise ConfigError(f"default names {head.default!r}, which is not listed.")
    except (OSError, ValueError, RecursionError, ConfigError) as error:
        raise ConfigError(f"{path}: {error}") from error
    return Manifest(entries=entries, default=head.default)


def _entry(name: str, values: Any) -> WeightEntry:
    where = f"weights.{name}"
    return from_mapping(WeightEntry, {"name": name} | _table(where, values), where=where)


def _table(where: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} is {value!r}; it must be a table.")
    return value


def _require(entry: WeightEntry, holds: object, complaint: str) -> None:
    if not holds:
        raise ConfigError(f"weights.{entry.name}: {complaint}.")


def _is_trusted(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS)


def _is_hex(text: str, shortest: int, longest: int) -> bool:
    return re.fullmatch(rf"[0-9a-f]{{{shortest},{longest}}}", text) is not None
