"""Measures how well masks between predictions are found from their neighbours.

    python examples/measure_between.py FILM... [--weights NAME|FILE] [--fps RATE]

Each film is looked at twice as often as ``--fps`` says. Of every second prediction the mask is then
made from its two neighbours, as for the pictures of a film that is written: by their mean where
they are, and carried along the motion. Told is the mean IoU of both with what the network itself
says there, over all that mark at least 0.5 % of the picture, between neighbours of one scene.
"""

import argparse
from fractions import Fraction
from pathlib import Path

import numpy as np

from avsseg import load_model, segment_video
from avsseg.media.blend import Mask, mean
from avsseg.motion import blended
from avsseg.prediction import Prediction

LEAST = 0.005


def iou(one: Mask, other: Mask) -> float:
    """Of what two masks mark."""
    a, b = one > 0.5, other > 0.5
    return float((a & b).sum() / (a | b).sum())


def between(found: list[Prediction]) -> list[tuple[float, float]]:
    """For every second prediction: IoU of the neighbours' mean, and of the carried masks."""
    scores = []
    for left, middle, right in zip(found[::2], found[1::2], found[2::2], strict=False):
        one_scene = left.scene == middle.scene == right.scene
        if one_scene and (middle.mask > 0.5).mean() >= LEAST:
            near = [(left, 0.5), (right, 0.5)]
            masks = mean(near), blended(near, to=middle.grey)
            scores.append((iou(masks[0], middle.raw), iou(masks[1], middle.raw)))
    return scores


def main() -> None:
    """Prints a line for each film, and the means over all predictions."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--weights", default="avsseg-compact")
    parser.add_argument("--fps", type=Fraction, default=Fraction(4))
    arguments = parser.parse_args()
    model = load_model(arguments.weights)
    all_scores: list[tuple[float, float]] = []
    print("film                          masks  in place   carried")
    for film in arguments.films:
        moments = segment_video(film, model, fps=2 * arguments.fps, steady=False, silent_ok=True)
        found = list(moments)
        scores = between(found)
        all_scores += scores
        _say(film.stem, scores)
    _say("all", all_scores)


def _say(name: str, scores: list[tuple[float, float]]) -> None:
    if scores:
        in_place, carried = np.mean(scores, axis=0)
        print(f"{name[:28]:28}  {len(scores):5}     {in_place:.3f}     {carried:.3f}", flush=True)


if __name__ == "__main__":
    main()
