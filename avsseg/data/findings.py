"""What the dataset doctor can find, each kind with its weight and its meaning."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from avsseg.data.layout import PUBLISHED, Subset

ERRORS = {
    "index": "the index file contradicts itself",
    "missing frame": "a picture is not there",
    "missing mask": "a truth that the split must have is not there",
    "missing sound": "neither wav nor log-mel is there",
    "damaged": "a file cannot be read to its end",
    "log-mel shape": "a stored log-mel does not have one block per frame",
}
WARNINGS = {
    "count": "another number of clips than published",
    "misnamed frame": "named otherwise than AVSBench does, but found",
    "surplus file": "a file that belongs to no frame or mask of the clip",
    "picture size": "not 224 x 224; it is resized when read",
    "mask mode": "AVSBench's own loader makes another truth of it",
    "stray pixels": "values or colours that are neither background nor a class",
    "specks": "a class of fewer than 16 pixels in a frame (each costs its class a frame)",
    "sound length": "fewer blocks than frames (the last is repeated), or more (cut off)",
    "sound format": "no 16-bit PCM at 16 kHz; it is converted when read",
    "duplicate": "the same picture or sound in two splits",
}

Severity = Literal["error", "warning"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, and where; ``kind`` is a key of ERRORS or WARNINGS."""

    kind: str
    where: str
    detail: str = ""

    @property
    def severity(self) -> Severity:
        """Whether the dataset can be used in spite of it."""
        return "error" if self.kind in ERRORS else "warning"


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What the doctor saw of one subset.

    Attributes:
        counts: clips of each split that the index names.
        findings: all that is wrong, in the order of the index.
        frame_sizes, mask_modes: how many pictures (width x height) and masks of each kind.
        sound_seconds: shortest and longest sound, None if there was no wav.
    """

    subset: Subset
    counts: dict[str, int]
    findings: tuple[Finding, ...]
    frame_sizes: Counter[str]
    mask_modes: Counter[str]
    sound_seconds: tuple[float, float] | None

    @property
    def published(self) -> dict[str, int]:
        """Clips of each split as published."""
        return PUBLISHED[self.subset]

    @property
    def num_errors(self) -> int:
        """Findings that keep the dataset from being used."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def num_warnings(self) -> int:
        """Findings that only need to be known."""
        return len(self.findings) - self.num_errors

    def by_kind(self) -> dict[str, tuple[Finding, ...]]:
        """The findings of each kind, errors first."""
        kinds = (*ERRORS, *WARNINGS)
        groups = {kind: tuple(f for f in self.findings if f.kind == kind) for kind in kinds}
        return {kind: found for kind, found in groups.items() if found}
