"""What a network makes of each kind of sound, from the rows of a bank's evaluation."""

from collections.abc import Sequence
from statistics import fmean

from avsseg.evaluation.report import Row, Value

IN_VIEW = ("one", "two")
"""Topics in which one thing sounds and is in view."""

NOT_IN_VIEW = "absent"

KindScores = dict[str, int | float | None]


def by_kind(rows: Sequence[Row]) -> dict[str, KindScores]:
    """The scores of each kind that was heard alone, the one marked worst first.

    A mean over a few recordings of one kind can rule a figure of all kinds, which this shows.

    Returns:
        By kind: ``questions`` of the topics ``one`` and ``two`` and their ``miou``; ``absent``
        questions, in which no such thing is in view, and their ``absent_area``, the masked share
        of the frame. None where nothing was asked.
    """
    asked = [row for row in rows if row["category"] in (*IN_VIEW, NOT_IN_VIEW)]
    kinds = sorted({str(row["heard"]) for row in asked})
    found = {kind: _scores([row for row in asked if row["heard"] == kind]) for kind in kinds}
    return dict(sorted(found.items(), key=_worst_first))


def _scores(rows: Sequence[Row]) -> KindScores:
    ious = [row["miou"] for row in rows if row["category"] in IN_VIEW]
    areas = [row["area"] for row in rows if row["category"] == NOT_IN_VIEW]
    sounding, masked = _numbers(ious), _numbers(areas)
    return {
        "questions": len(sounding),
        "miou": fmean(sounding) if sounding else None,
        "absent": len(masked),
        "absent_area": fmean(masked) if masked else None,
    }


def _numbers(values: Sequence[Value]) -> list[float]:
    return [value for value in values if isinstance(value, float)]


def _worst_first(item: tuple[str, KindScores]) -> float:
    miou = item[1]["miou"]
    return 1.0 if miou is None else miou
