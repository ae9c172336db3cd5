"""``avsseg report``: what was measured beside what the paper printed, as one page."""

from pathlib import Path
from typing import Annotated

import typer

from avsseg.cli.console import results
from avsseg.cli.options import Quiet


def report(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN",
            exists=True,
            help="Folders of 'avsseg eval -o' and of training runs, or folders of these.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", dir_okay=False, help="The page to write.")
    ] = Path("report.html"),
    quiet: Quiet = False,
) -> None:
    """Lay measured scores beside Tables I to VI of the paper, in one HTML file.

    Curves, pictures, commands and hashes are in it too; it needs no network and no other file.
    A figure that was not measured is never shown as if it had been.

    Example: avsseg report runs/eval runs/train -o report.html
    """
    from avsseg.report.page import write_page
    from avsseg.report.runs import read_runs

    found, courses = read_runs(runs)
    write_page(output, found, courses)
    if not quiet:
        results.print(str(output))
