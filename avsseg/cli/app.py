"""The ``avsseg`` command: one line per subcommand, and nothing heavy is imported to say so."""

import os
from typing import Annotated

import typer

from avsseg import __version__
from avsseg.cli import data, weights
from avsseg.cli.bench import bench
from avsseg.cli.console import results
from avsseg.cli.doctor import doctor
from avsseg.cli.errors import Commands
from avsseg.cli.eval import evaluate
from avsseg.cli.info import info
from avsseg.cli.predict import predict
from avsseg.cli.report import report
from avsseg.cli.score import score
from avsseg.cli.settings import read_settings
from avsseg.cli.train import TrainCommand, train

app = typer.Typer(
    name="avsseg",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        results.print(f"avsseg {__version__}")
        raise typer.Exit


@app.callback()
def avsseg(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Finds, pixel by pixel, what makes the sound in any video.

    Start with: avsseg predict VIDEO
    """
    # Some operators have no Metal kernel; must be said before torch is imported.
    os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    context.default_map = read_settings(context.command)


app.command("predict")(predict)
app.command("train", cls=TrainCommand)(train)
app.command("eval")(evaluate)
app.command("info")(info)
app.add_typer(weights.app, name="weights")
app.command("doctor")(doctor)
app.command("bench")(bench)
app.command("score")(score)
app.command("report")(report)
app.add_typer(data.app, name="data")
