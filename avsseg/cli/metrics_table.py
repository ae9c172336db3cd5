"""A report of scores as a table for a terminal."""

from collections.abc import Mapping

from rich.table import Table

from avsseg.evaluation.report import Report, Value


def metrics_table(report: Report, names: Mapping[str, str], *, title: str = "") -> Table:
    """One line for each mean of a report: its name, its value, what it is."""
    table = Table(title=title or None, title_justify="left")
    table.add_column("score", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("what it is")
    for name, value in report.means.items():
        table.add_row(name, show(value), names.get(name, ""))
    return table


def show(value: Value) -> str:
    """A value as it stands in a table: four decimals, a dash where there is nothing to measure."""
    if value is None:
        return "-"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
