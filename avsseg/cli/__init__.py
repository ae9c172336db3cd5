"""The terminal: a command parses, joins the parts below and prints; no logic lives here."""


def main() -> None:
    """Runs the command line; the entry point of ``avsseg`` and of ``python -m avsseg``."""
    from avsseg.cli.app import app

    app(prog_name="avsseg")
