"""``avsseg data``: datasets checked, cut from raw videos, or composed."""

import typer

from avsseg.cli.data_check import check
from avsseg.cli.data_prepare import prepare
from avsseg.cli.data_synth import synth

app = typer.Typer(no_args_is_help=True, help="Check, prepare and compose datasets.")
app.command("check")(check)
app.command("prepare")(prepare)
app.command("synth")(synth)
