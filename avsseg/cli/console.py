"""The two voices of the program: results go to stdout, everything else to stderr."""

from rich.console import Console

console = Console(stderr=True)
"""For people: progress, warnings, errors."""

results = Console(soft_wrap=True, highlight=False)
"""For pipes: tables, paths and JSON, never wrapped at a width that is not there."""


def complain(message: str) -> None:
    """Prints one line ``error: message`` to stderr."""
    _line("error", "bold red", message)


def warn(message: str) -> None:
    """Prints one line ``warning: message`` to stderr."""
    _line("warning", "yellow", message)


def _line(label: str, style: str, message: str) -> None:
    console.print(f"{label}:", style=style, end=" ", markup=False, highlight=False)
    console.print(message, markup=False, highlight=False, soft_wrap=True)
