"""The two voices of the program: results go to stdout, everything else to stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from rich.console import Console
from rich.text import Text


class _PipeConsole(Console):
    """A console that leaves a closed pipe to its caller; rich would exit with 1 on its own."""

    def on_broken_pipe(self) -> None:
        self.quiet = True
        raise

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Leaves stdout to this console; what a library prints goes to stderr meanwhile."""
        self.file = sys.stdout
        try:
            with redirect_stdout(sys.stderr):
                yield
        finally:
            self._file = None


console = Console(stderr=True)
"""For people: progress, warnings, errors."""

results = _PipeConsole(soft_wrap=True, markup=False, emoji=False, highlight=False)
"""For pipes: tables, paths and JSON, never wrapped at a width that is not there."""


def give(text: str) -> None:
    """Prints one line of a result: to stdout, or where that is seen beside bars, above these."""
    seen = console if console.is_terminal and results.is_terminal else results
    seen.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)


def complain(message: str) -> None:
    """Prints one line ``error: message`` to stderr."""
    _line("error", "bold red", message)


def warn(message: str) -> None:
    """Prints one line ``warning: message`` to stderr."""
    _line("warning", "yellow", message)


def say(message: str) -> None:
    """Prints one line to stderr."""
    console.print(printable(message), markup=False, highlight=False, soft_wrap=True)


def printable(text: str) -> str:
    """Text in which a name from outside can neither begin a line nor command the terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def _line(label: str, style: str, message: str) -> None:
    line = Text.assemble((f"{label}:", style), " ", printable(message))
    console.print(line, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """Prints one JSON document to stdout, coloured on a terminal only."""
    results.print_json(data=value, default=str)
