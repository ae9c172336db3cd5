"""What an evaluation found: the means, a row for each video, and the curves behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Value = str | int | float | None
"""A cell of a report; None where a score has nothing to be measured on."""

Row = Mapping[str, Value]
"""The scores of one video, by name."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The scores of a set of videos.

    Attributes:
        means: scores of the whole set by name, the most quoted first.
        videos: one row per video, in the order in which they were scored.
        curves: sequences of equal length by name (``threshold``, ``precision``, ``recall``).
    """

    means: Row
    videos: tuple[Row, ...]
    curves: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def by_category(self) -> dict[str, Row]:
        """The mean of each per-video score over the videos of each category."""
        return means_by("category", self.videos)


def means_by(column: str, rows: Sequence[Row]) -> dict[str, Row]:
    """The mean of each score over the rows that share what stands in ``column``, if anything."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row.get(column) or ""), []).append(row)
    groups.pop("", None)
    return {name: _mean_row(group) for name, group in sorted(groups.items())}


def _mean_row(rows: list[Row]) -> Row:
    names = [n for n, value in rows[0].items() if not isinstance(value, str)]
    found = {n: [v for r in rows if isinstance(v := r[n], int | float)] for n in names}
    return {"videos": len(rows)} | {n: sum(v) / len(v) if v else None for n, v in found.items()}
