"""One part of many: so that the tasks of a job array share videos without talking to each other."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from avsseg.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class Shard:
    """Part ``number`` of ``count``, counted from 1.

    A video's own path below the common folder decides which part holds it. So each video is in
    exactly one part whatever order a file system lists them in, and stays there when videos are
    added or taken away between the tasks of an array.
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise UsageError(
                f"shard {self.number}/{self.count}: shards are numbered from 1 to their count; "
                f"an array of tasks 1-{max(1, self.count)} fits."
            )

    def holds(self, place: Path) -> bool:
        """Whether the video at this path, below the common folder of all, is in this part."""
        digest = hashlib.sha256(os.fsencode(place.as_posix())).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.number - 1


def parse_shard(text: str) -> Shard:
    """A part as users write it: ``3/10``.

    Raises:
        UsageError: it is not of that form, or there is no such part.
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if found is None:
        raise UsageError(f"shard {text!r}: is not of the form I/N, such as 3/10.")
    return Shard(number=int(found[1]), count=int(found[2]))
