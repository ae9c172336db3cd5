"""The terminal: a command parses, joins the parts below and prints; no logic lives here."""

import os
import sys


def main() -> None:
    """Runs the command line; the entry point of ``avsseg`` and of ``python -m avsseg``."""
    if sys.stdout is None or sys.stderr is None:  # closed by the caller: nobody listens
        nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
        sys.stdout, sys.stderr = sys.stdout or nowhere, sys.stderr or nowhere
    from avsseg.cli.app import app

    app(prog_name="avsseg")
