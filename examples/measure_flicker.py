"""Measures how much the mask's area changes from one picture of a film to the next.

    python examples/measure_flicker.py FILM... [--weights NAME] [--smooth SECONDS] [--no-steady]

Each film is marked by ``avsseg predict --output mask-video`` as a user would do it. Told are, for
neighbouring pictures that both have a mask (0.5 % of the frame): the mean change of the area
relative to the larger of the two, at the film's own rate and a second apart; and how often a mask
is gone for less than half a second. Where a sound begins or ends, or the picture cuts, that is a
change too.
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
GONE, BLINK = 0.4, 0.5  # of the area before and after; seconds

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


def blinks(times: Floats, areas: Floats) -> int:
    """How often less than 0.4 of a mask is left for under half a second, and then it is back."""
    count, was = 0, False
    for time, area in zip(times, areas, strict=True):
        before = areas[(times < time) & (times >= time - BLINK)]
        after = areas[(times > time) & (times <= time + BLINK)]
        around = min(before.max(initial=0), after.max(initial=0))
        gone = bool(around >= LEAST and area < GONE * around)
        count, was = count + (gone and not was), gone
    return count


def main() -> None:
    """Prints a line for each film, and the means over all pairs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--weights", default="avsseg-compact")
    parser.add_argument("--smooth", default="0")
    parser.add_argument("--no-steady", action="store_true")
    given = parser.parse_args()
    options = ["--weights", given.weights, "--smooth", given.smooth]
    options += ["--no-steady"] * given.no_steady
    totals, blinked = np.zeros((2, 2)), 0
    print("film | next picture (pairs) | a second later (pairs) | blinks")
    for film in given.films:
        times, areas = areas_of(film, options)
        found = np.array([change(times, areas, None), change(times, areas, 1.0)])
        count = blinks(times, areas)
        print(film.name, *(f"{mean:.1%} ({pairs:.0f})" for mean, pairs in found), count, sep=" | ")
        blinked += count
        totals += np.stack([found.prod(axis=1), found[:, 1]], axis=1)
    means = (f"{total / max(1, pairs):.1%}" for total, pairs in totals)
    print("all", *means, blinked, sep=" | ")


if __name__ == "__main__":
    main()
