"""``avsseg data check``: the dataset doctor."""

from collections.abc import Iterator
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avsseg.cli.console import console, print_json, results
from avsseg.cli.options import Json, Quiet

if TYPE_CHECKING:
    from rich.table import Table

    from avsseg.data.findings import CheckReport

_EXAMPLES = 3


class SubsetName(StrEnum):
    """The layouts that are known."""

    S4 = "s4"
    MS3 = "ms3"
    AVSS = "avss"


Root = Annotated[
    Path,
    typer.Argument(
        metavar="DIR", exists=True, file_okay=False, help="The folder with the index file."
    ),
]
SubsetChoice = Annotated[
    SubsetName | None,
    typer.Option("--subset", help="Only this subset.  \\[default: all that are there]"),
]


def check(
    root: Root,
    subset: SubsetChoice = None,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail, too.")] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read every file of an AVSBench folder and say what is wrong with it.

    Ends with 1 if anything keeps the dataset from being used.

    Example: avsseg data check avsbench --subset ms3
    """
    from rich.progress import track

    from avsseg.data.check import check_dataset
    from avsseg.data.layout import find_subsets

    hidden = quiet or not console.is_terminal
    bar = partial(track, description="reading", console=console, disable=hidden)
    subsets = find_subsets(root) if subset is None else (subset.value,)
    reports = [check_dataset(root, name, track=bar) for name in subsets]
    if as_json:
        print_json([_as_data(report) for report in reports])
    elif not quiet:
        for report in reports:
            for part in _tables(report):
                results.print(part)
    failures = sum(report.num_errors + strict * report.num_warnings for report in reports)
    if failures:
        raise typer.Exit(1)


def _tables(report: "CheckReport") -> "Iterator[Table | str]":
    from rich.table import Table

    counts = Table(title=f"{report.subset}: clips", title_justify="left")
    for name in ("split", "here", "published"):
        counts.add_column(name)
    for split, published in report.published.items():
        counts.add_row(split, str(report.counts[split]), str(published))
    yield counts
    yield _overview(report)
    if report.findings:
        yield _findings(report)
        yield from _examples(report)
    yield f"{report.subset}: {report.num_errors} errors, {report.num_warnings} warnings"


def _overview(report: "CheckReport") -> str:
    def listed(kinds: Any) -> str:
        return ", ".join(f"{name} ({count})" for name, count in kinds.most_common()) or "none"

    lines = [f"pictures: {listed(report.frame_sizes)}", f"mask modes: {listed(report.mask_modes)}"]
    if report.sound_seconds is not None:
        shortest, longest = report.sound_seconds
        lines.append(f"sound: {shortest:.2f} to {longest:.2f} s")
    return "\n".join(lines)


def _findings(report: "CheckReport") -> "Table":
    from rich.table import Table

    from avsseg.data.findings import ERRORS, WARNINGS

    table = Table(title=f"{report.subset}: findings", title_justify="left")
    for name in ("", "kind", "count", "what it means"):
        table.add_column(name)
    for kind, found in report.by_kind().items():
        meaning = ERRORS.get(kind) or WARNINGS[kind]
        table.add_row(found[0].severity, kind, str(len(found)), meaning)
    return table


def _examples(report: "CheckReport") -> Iterator[str]:
    for kind, found in report.by_kind().items():
        for finding in found[:_EXAMPLES]:
            yield f"{kind}: {finding.where}" + (f": {finding.detail}" if finding.detail else "")
        if len(found) > _EXAMPLES:
            yield f"{kind}: and {len(found) - _EXAMPLES} more (--json lists all)"


def _as_data(report: "CheckReport") -> dict[str, Any]:
    return {
        "subset": report.subset,
        "errors": report.num_errors,
        "warnings": report.num_warnings,
        "counts": report.counts,
        "published": report.published,
        "frame_sizes": dict(report.frame_sizes),
        "mask_modes": dict(report.mask_modes),
        "sound_seconds": report.sound_seconds,
        "findings": [
            {"severity": f.severity, "kind": f.kind, "where": f.where, "detail": f.detail}
            for f in report.findings
        ],
    }
