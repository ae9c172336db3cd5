"""Memory does not grow with the length of a film (acceptance point 6)."""

import json
import subprocess
import sys
from fractions import Fraction

import pytest

RUN = """
import json, sys
from avsseg.peak_memory import peak_memory
from avsseg.cli import main
try:
    main()
finally:
    print(json.dumps({"peak": peak_memory()}))
"""


def peak_of_predict(film, weights, out):
    """Peak bytes of a process that marks a film."""
    options = ["-o", str(out), "-w", str(weights), "--fps", "1", "--output", "overlay,csv", "-q"]
    run = subprocess.run(
        [sys.executable, "-c", RUN, "predict", str(film), *options],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(run.stdout.splitlines()[-1])["peak"]


@pytest.mark.slow
def test_ten_minutes_take_no_more_memory_than_ten_seconds(make_film, tiny_checkpoint, tmp_path):
    """The peak of a film of ten minutes is within 100 MB of that of ten seconds."""
    shape = {"rate": Fraction(5), "size": (64, 48)}
    short = make_film("short.mp4", seconds=10, **shape)
    long = make_film("long.mp4", seconds=600, **shape)

    peaks = [peak_of_predict(film, tiny_checkpoint, tmp_path / film.stem) for film in (short, long)]

    assert peaks[0]
    assert peaks[1] - peaks[0] < 100e6
