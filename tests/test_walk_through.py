"""The walk through the program in examples/ does what it says."""

import os
import subprocess
import sys
from pathlib import Path

WALK = Path(__file__).parents[1] / "examples" / "walk_through.py"


def test_the_walk_through_runs_from_beginning_to_end(make_film, tiny_checkpoint, tmp_path):
    """On a film of two seconds and a network of a few thousand weights, as a user would run it."""
    film = make_film("film.mp4", sounds=({"codec": "aac"},))
    result = subprocess.run(
        [sys.executable, WALK, film, "-o", tmp_path / "out", "--seconds", "2"],
        env=os.environ | {"AVSSEG_WEIGHTS": str(tiny_checkpoint), "AVSSEG_OFFLINE": "1"},
        cwd=WALK.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr
    assert [line[:2] for line in result.stdout.splitlines() if line[1:3] == ". "] == [
        f"{number}." for number in range(1, 6)
    ]
    assert "sound 0    aac" in result.stdout and "-6 dBFS counts: 0" in result.stdout
    written = {path.name for path in (tmp_path / "out" / "film").iterdir()}
    assert {"overlay.mp4", "frames.csv", "sounding.srt", "report.html"} <= written
    assert (tmp_path / "out" / "surest.jpg").stat().st_size > 0
