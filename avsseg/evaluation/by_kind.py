"""What a network makes of each kind of sound, from the rows of a bank's evaluation."""

from collections.abc import Sequence

from avsseg.evaluation.report import Row, Value, means_by

IN_VIEW = ("one", "two")
"""Topics in which one thing sounds and is in view."""

NOT_IN_VIEW = "absent"


def by_kind(rows: Sequence[Row]) -> dict[str, dict[str, Value]]:
    """The scores of each kind that was heard alone, the one marked worst first.

    A mean over a few recordings of one kind can rule a figure of all kinds, which this shows.
    Clips and single frames count alike.

    Returns:
        By kind: ``questions`` of the topics ``one`` and ``two`` and their ``miou``; ``absent``
        questions, in which no such thing is in view, and their ``absent_area``, the masked share
        of the frame. None where nothing was asked.
    """
    in_view = means_by("heard", [row for row in rows if row["category"] in IN_VIEW])
    absent = means_by("heard", [row for row in rows if row["category"] == NOT_IN_VIEW])
    found = {
        kind: _scores(in_view.get(kind, {}), absent.get(kind, {}))
        for kind in sorted({*in_view, *absent})
    }
    return dict(sorted(found.items(), key=_worst_first))


def _scores(in_view: Row, absent: Row) -> dict[str, Value]:
    return {
        "questions": in_view.get("videos", 0),
        "miou": in_view.get("miou"),
        "absent": absent.get("videos", 0),
        "absent_area": absent.get("area"),
    }


def _worst_first(item: tuple[str, dict[str, Value]]) -> float:
    miou = item[1]["miou"]
    return miou if isinstance(miou, float) else 1.0
