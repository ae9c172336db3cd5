"""Measures how much the mask's area changes from one picture of a film to the next.

    python examples/measure_flicker.py FILM... [--weights NAME|FILE] [--smooth SECONDS]

Each film is marked by ``avsseg predict --output mask-video`` as a user would do it. Told are, for
neighbouring pictures that both have a mask (0.5 % of the frame): the mean change of the area
relative to the larger of the two, at the film's own rate and a second apart. Where a sound begins
or ends, or the picture cuts, that is a change too.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from numpy.typing import NDArray

LEAST = 0.005

Floats = NDArray[np.float64]


def areas_of(film: Path, options: list[str]) -> tuple[Floats, Floats]:
    """Times in seconds and masked shares of all pictures of a film, as ``predict`` marks it."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "avsseg", "predict", str(film), "-o", folder]
        command += ["--output", "mask-video", "--silent-ok", "--quiet", *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (marked,) = Path(folder).rglob("*.mp4")
        with av.open(str(marked)) as container:
            shown = [
                (frame.time, (frame.to_ndarray(format="gray8") > 127).mean())
                for frame in container.decode(video=0)
            ]
    times, areas = np.array(shown, np.float64).T
    return times, areas


def change(times: Floats, areas: Floats, seconds: float | None) -> tuple[float, int]:
    """Mean relative change to the next picture, or to that ``seconds`` later; of how many pairs."""
    later = np.arange(1, len(times) + 1)
    if seconds is not None:
        later = np.searchsorted(times, times + seconds - 1e-6)
    first = np.flatnonzero(later < len(times))
    a, b = areas[first], areas[later[first]]
    both = np.minimum(a, b) >= LEAST
    if not both.any():
        return 0.0, 0
    return float(np.mean(np.abs(a - b)[both] / np.maximum(a, b)[both])), int(both.sum())


def main() -> None:
    """Prints a line for each film, and the means over all pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--weights", default="avsseg-compact")
    parser.add_argument("--smooth", default="0")
    given = parser.parse_args()
    options = ["--weights", given.weights, "--smooth", given.smooth]
    totals = np.zeros((2, 2))
    print("film | next picture (pairs) | a second later (pairs)")
    for film in given.films:
        times, areas = areas_of(film, options)
        found = np.array([change(times, areas, None), change(times, areas, 1.0)])
        print(film.name, *(f"{mean:.1%} ({pairs:.0f})" for mean, pairs in found), sep=" | ")
        totals += np.stack([found.prod(axis=1), found[:, 1]], axis=1)
    print("all pairs", *(f"{total / max(1, pairs):.1%}" for total, pairs in totals), sep=" | ")


if __name__ == "__main__":
    main()
