"""``curves.png``: the course of a run, drawn from its metrics."""

from collections.abc import Sequence
from pathlib import Path

from avsseg.media.publish import publish_file

Rows = Sequence[dict[str, str]]

_GROUPS = {"losses": (), "validation": ("val_",), "rate": ("lr",), "speed": ("clips_per_s",)}
_NEVER = {"step", "epoch", "minutes", "waiting", "frames_per_s", "grad_norm"}


def draw_curves(rows: Rows, path: Path) -> bool:
    """Draws the table's columns over its steps; False where matplotlib is not installed.

    Raises:
        MediaError: the file cannot be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(11, 7), layout="constrained")
    for axes, (title, names) in zip(figure.subplots(2, 2).flat, _groups(rows).items(), strict=True):
        axes.set_title(title)
        axes.grid(alpha=0.3)
        for name in names:
            axes.plot(*_points(rows, name), label=name, marker="." if "val" in name else "")
        if 0 < len(names) < 12:
            axes.legend(fontsize=7)
    with publish_file(path, overwrite=True) as temporary:
        figure.savefig(temporary, dpi=110, format="png")
    return True


def _groups(rows: Rows) -> dict[str, list[str]]:
    columns = [name for name in (rows[0] if rows else {}) if name not in _NEVER]
    chosen = {
        title: [name for name in columns if prefixes and name.startswith(prefixes)]
        for title, prefixes in _GROUPS.items()
    }
    others = {name for names in chosen.values() for name in names}
    chosen["losses"] = [name for name in columns if name not in others]
    return chosen


def _points(rows: Rows, name: str) -> tuple[list[float], list[float]]:
    told = [row for row in rows if row.get(name)]
    return [float(row["step"]) for row in told], [float(row[name]) for row in told]
