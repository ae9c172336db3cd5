"""Curves of evaluations and of training runs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from avsseg.report.charts import Line, chart
from avsseg.report.markup import Markup, element, joined
from avsseg.report.runs import Course, Run


def evaluation_curves(runs: Sequence[Run]) -> Markup:
    """Precision and recall, reliability, risk and coverage, error of the denoiser."""
    one = (0.0, 1.0)
    charts = (
        chart(
            "Precision and recall", _lines(runs, _precision_recall), x="recall", y="precision",
            x_range=one, y_range=one,
        ),
        chart(
            "Reliability of the soft map", _lines(runs, _reliability), x="stated probability",
            y="share that sounds", x_range=one, y_range=one, diagonal=True,
        ),
        chart(
            "Risk and coverage, by the doubt of the map", _lines(runs, _risk), x="frames kept",
            y="mean of 1 - IoU", x_range=one,
        ),
        chart(
            "Wrong pixels by spread over samples", _lines(runs, _spread), x="spread",
            y="share of wrong pixels",
        ),
        chart(
            "Error of the denoiser", _lines(runs, _denoising), x="diffusion step",
            y="mean squared error",
        ),
    )  # fmt: skip
    drawn = [one for one in charts if one]
    return element("div", drawn, class_="row") if drawn else Markup("")


def training_curves(courses: Sequence[Course]) -> Markup:
    """Losses and validation scores of each training run over its steps."""
    parts = []
    for course in courses:
        scores = {n: line for n, line in course.columns.items() if n.startswith("val_")}
        losses = {n: line for n, line in course.columns.items() if n not in scores | _OTHERS}
        charts = [
            chart("Losses", losses, x="step", y="loss"),
            chart("Validation", scores, x="step", y="score"),
        ]
        if any(charts):
            title = element("h3", course.folder.name)
            parts.append(joined(title, element("div", charts, class_="row")))
    return joined(parts)


_OTHERS: dict[str, Line] = dict.fromkeys(
    ("step", "epoch", "minutes", "waiting", "lr", "grad_norm", "clips_per_s", "frames_per_s"),
    ((), ()),
)


def _lines(runs: Sequence[Run], read: Callable[[Mapping[str, Any]], Line]) -> dict[str, Line]:
    found = {}
    for run in runs:
        try:
            found[run.name] = read(run.document)
        except (KeyError, TypeError):
            continue
    return found


def _precision_recall(document: Mapping[str, Any]) -> Line:
    return document["curves"]["recall"], document["curves"]["precision"]


def _reliability(document: Mapping[str, Any]) -> Line:
    return document["reliability"]["stated"], document["reliability"]["found"]


def _risk(document: Mapping[str, Any]) -> Line:
    curve = document["doubt"]["risk_coverage"]
    return curve["coverage"], curve["map"]


def _spread(document: Mapping[str, Any]) -> Line:
    curve = document["doubt"]["spread_errors"]
    return curve["spread"], curve["wrong"]


def _denoising(document: Mapping[str, Any]) -> Line:
    errors = document["health"]["denoising_error"]
    return list(range(len(errors))), errors
