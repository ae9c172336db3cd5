"""Precision-recall, reliability and risk-coverage as pictures, where matplotlib is installed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from avsseg.evaluation.evaluation import Evaluation
from avsseg.media.publish import publish_file

Draw = Callable[[Any, Evaluation], bool]


def draw_figures(folder: Path, found: Evaluation) -> list[Path]:
    """Draws each figure that there is something for; none without matplotlib.

    Raises:
        MediaError: a file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return []
    written = []
    for name, draw in _FIGURES.items():
        figure = Figure(figsize=(5, 4), layout="constrained")
        axes = figure.subplots()
        axes.grid(alpha=0.3)
        if draw(axes, found):
            path = folder / f"{name}.png"
            with publish_file(path, overwrite=True) as temporary:
                figure.savefig(temporary, dpi=110, format="png")
            written.append(path)
    return written


def _precision_recall(axes: Any, found: Evaluation) -> bool:
    curves = found.report.curves
    if "precision" not in curves:
        return False
    axes.plot(curves["recall"], curves["precision"])
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.set_title("255 thresholds, mean over sounding frames")
    return True


def _reliability(axes: Any, found: Evaluation) -> bool:
    curve = found.findings.get("reliability")
    if not curve:
        return False
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot(curve["stated"], curve["found"], marker="o")
    axes.set(xlabel="stated probability", ylabel="share that sounds", xlim=(0, 1), ylim=(0, 1))
    axes.set_title("reliability of the soft map")
    return True


def _risk_coverage(axes: Any, found: Evaluation) -> bool:
    curves = found.findings.get("doubt", {}).get("risk_coverage")
    if not curves:
        return False
    for name in ("map", "spread"):
        axes.plot(curves["coverage"], curves[name], label=f"by the doubt of the {name}")
    axes.set(xlabel="share of frames kept", ylabel="mean risk, 1 - IoU", xlim=(0, 1))
    axes.set_title("risk and coverage")
    axes.legend(fontsize=8)
    return True


def _spread_errors(axes: Any, found: Evaluation) -> bool:
    curve = found.findings.get("doubt", {}).get("spread_errors")
    if not curve or len(curve["spread"]) < 2:
        return False
    axes.plot(curve["spread"], curve["wrong"], marker="o")
    axes.set(xlabel="spread over samples", ylabel="share of wrong pixels", xlim=(0, 0.5))
    axes.set_title("errors by spread")
    return True


_FIGURES: dict[str, Draw] = {
    "precision_recall": _precision_recall,
    "reliability": _reliability,
    "risk_coverage": _risk_coverage,
    "spread_errors": _spread_errors,
}
