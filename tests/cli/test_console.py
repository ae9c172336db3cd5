"""Results and remarks beside the bars of a run, on a real terminal."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SAID_BESIDE_BARS = """
from pathlib import Path
from avsseg.cli.console import complain, give
from avsseg.cli.progress import run_progress
with run_progress(2, quiet=False) as progress:
    progress.begin(Path("film.mp4"))
    give("out/film/overlay.mp4")
    complain("film.mp4: is broken")
    progress.end(Path("film.mp4"))
"""


@pytest.mark.skipif(os.name != "posix", reason="a terminal as POSIX has it")
def test_what_is_said_beside_bars_has_lines_of_its_own():
    """A path and an error stand whole, each where the bars were taken away first."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", SAID_BESIDE_BARS]
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80", "NO_COLOR": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=theirs, stderr=theirs):
        os.close(theirs)
        shown = _everything(ours)
    os.close(ours)
    erased = re.compile(r"\x1b\[2K(?:\x1b\[[0-9;]*m)*")
    lines = [erased.split(line)[-1].strip("\r") for line in shown.split("\n")]
    plain = [re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in lines]

    assert "out/film/overlay.mp4" in plain
    assert "error: film.mp4: is broken" in plain


def _everything(terminal):
    read = b""
    while True:
        try:
            more = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other side is gone
            more = b""
        if not more:
            return read.decode(errors="replace")
        read += more
