"""Measures how far the masks in bf16 are from those in float32, on films.

    python examples/measure_precision.py VIDEO... [-w WEIGHTS] [--fps 1]

Prints the intersection over union of both, for each film and over all pixels of all of them. bf16
may be the default of a device only where that is 0.99 or more; exits with 1 where it is not.
"""

import argparse
import sys
from fractions import Fraction
from pathlib import Path

LEAST_IOU = 0.99


def masks(video, model, fps, precision):
    from avsseg import segment_video

    moments = segment_video(video, model, fps=fps, precision=precision, gate="off", silent_ok=True)
    return [moment.mask >= 0.5 for moment in moments]


def main():
    from avsseg import load_model

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", nargs="+", type=Path)
    parser.add_argument("-w", "--weights", default=None)
    parser.add_argument("--fps", default="1")
    args = parser.parse_args()
    model, both, either = load_model(args.weights), 0, 0
    for video in args.videos:
        full, half = (masks(video, model, Fraction(args.fps), p) for p in ("fp32", "bf16"))
        common = sum(int((a & b).sum()) for a, b in zip(full, half, strict=True))
        union = sum(int((a | b).sum()) for a, b in zip(full, half, strict=True))
        both, either = both + common, either + union
        print(f"{video.name}: {common / union:.4f}" if union else f"{video.name}: nothing marked")
    iou = both / either if either else 1.0
    print(f"all: {iou:.4f} (at least {LEAST_IOU})")
    sys.exit(iou < LEAST_IOU)


if __name__ == "__main__":
    main()
