"""How a command ends: one line and a status for what a user can mend, a traceback for a bug."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import typer
from typer.core import TyperGroup

from avsseg.cli.console import complain
from avsseg.errors import AvssegError
from avsseg.media.watchdog import PATIENCE, watch

SOME_FAILED = 3
"""Some of several inputs failed; the others are done."""

INTERRUPTED = 130
"""Stopped by Ctrl-C: 128 + SIGINT, as shells count."""

BROKEN_PIPE = 141
"""The reader of stdout went away: 128 + SIGPIPE, as for any program in a pipe."""


_OF_THE_WORLD = {
    getattr(errno, name, None)
    for name in (
        *("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EACCES", "EPERM", "EIO", "EMFILE", "ESTALE"),
        *("ENAMETOOLONG", "ELOOP", "ENOTDIR", "EISDIR"),
    )
}
"""Failures of disks, permissions and names: no bug, wherever they come up."""


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turns the expected endings of a command into its exit status.

    Raises:
        typer.Exit: with the error's own status, 130 when interrupted, 141 on a broken pipe.
    """
    try:
        yield
        sys.stdout.flush()
    except AvssegError as error:
        complain(str(error))
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        complain("interrupted")
        raise typer.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        _discard_stdout()
        raise typer.Exit(BROKEN_PIPE) from None
    except OSError as error:
        if error.errno not in _OF_THE_WORLD:
            raise
        if error.filename is None:
            _discard_stdout()
        place = error.filename or "the output"
        complain(f"{place}: {error.strerror}; make room or choose another place or name")
        raise typer.Exit(1) from None
    except MemoryError:
        complain("the memory is used up; end other programs, or give one video at a time")
        raise typer.Exit(1) from None


class Commands(TyperGroup):
    """The command group of avsseg: every command in it ends by the same rules."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the chosen command under :func:`exit_codes`."""
        _watch()
        with exit_codes():
            return super().invoke(ctx)


@cache
def _watch() -> None:
    watch(PATIENCE, _give_up)


def _give_up(file: str) -> None:
    """Ends the process, as nothing less ends a call into a library."""
    complain(
        f"{file}: its decoder has not answered for {PATIENCE:g} s; leave this file out, "
        "or copy it to a local disk or convert it first"
    )
    os._exit(1)


def _discard_stdout() -> None:
    # The interpreter flushes stdout once more as it ends and would complain again.
    with suppress(OSError):  # a stdout that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
