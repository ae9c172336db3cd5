"""Runs the command line: ``python -m avsseg``."""

from avsseg.cli import main

main()
