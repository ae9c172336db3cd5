"""Paths out of a list, as ``find`` and its like write them."""

import codecs
import os
import sys
from pathlib import Path

from avsseg.errors import UsageError

STDIN = "-"


def read_path_list(name: str) -> list[str]:
    """The paths in a file, or on stdin for ``-``.

    One a line; where there is any NUL, as from ``find -print0``, NULs part them and newlines
    belong to names. Empty lines are passed over.

    Raises:
        UsageError: the list cannot be read or holds no path.
    """
    data = _bytes_of(name).removeprefix(codecs.BOM_UTF8)
    parts = data.split(b"\0") if b"\0" in data else data.splitlines()
    paths = [os.fsdecode(part) for part in parts if part.strip()]
    if not paths:
        raise UsageError(f"{_spoken(name)}: holds no path; write one a line.")
    return paths


def _bytes_of(name: str) -> bytes:
    if name == STDIN:
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"{name}: cannot be read ({error.strerror}).") from error


def _spoken(name: str) -> str:
    return "stdin" if name == STDIN else name
