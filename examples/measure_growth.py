"""Measures how memory and time of ``avsseg predict`` grow with the length of a film.

    python examples/measure_growth.py [VIDEO] [-w WEIGHTS] [--output csv] [--rounds 3]

The film is put after itself 2, 4, 8 and 16 times without encoding anything anew, and each of these
is predicted in a process of its own, in several rounds, of which the medians count. Peak memory
of the longest must be within 5 % of the shortest, and time must lie on a line (R^2 >= 0.99) over
1, 2, 4 and 8 times.
"""

import argparse
import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np

TIMES = (1, 2, 4, 8, 16)
LINEAR = (1, 2, 4, 8)
MOST_MEMORY, LEAST_FIT = 1.05, 0.99


def loop(source, target, times):
    """Writes ``source`` that many times after itself, packet for packet."""
    with av.open(str(target), "w") as out:
        streams, offset = {}, Fraction(0)
        for _ in range(times):
            with av.open(str(source)) as container:
                kept = [*container.streams.video[:1], *container.streams.audio[:1]]
                for stream in kept:
                    if stream.index not in streams:
                        streams[stream.index] = out.add_stream_from_template(stream)
                packets = [p for p in container.demux(*kept) if p.dts is not None]
                offset -= min(p.dts * p.time_base for p in packets)
                ends = [(p.pts + (p.duration or 0)) * p.time_base for p in packets]
                for packet in packets:
                    shift = round(offset / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream.index]
                    out.mux(packet)
            offset += max(ends)


def measure(film, folder, weights, kinds, fps):
    """Seconds, CPU-seconds and peak bytes of one prediction, start-up apart."""
    from avsseg.checkpoint import load_model
    from avsseg.heap import share_heap
    from avsseg.media.outputs import OutputSettings
    from avsseg.peak_memory import peak_memory
    from avsseg.predict_file import predict_file
    from avsseg.prediction import PredictSettings
    from avsseg.stage_timer import StageTimer

    share_heap()  # before the network is loaded, as the program does
    model, timer = load_model(weights), StageTimer()
    settings = PredictSettings(fps=fps)
    predict_file(film, folder, model, settings, OutputSettings(kinds=kinds), timer=timer)
    times = timer.result()
    return times.wall, times.cpu, peak_memory()


def fit(lengths, seconds):
    """Slope, intercept and R^2 of a straight line."""
    slope, intercept = np.polyfit(lengths, seconds, 1)
    rest = np.asarray(seconds) - (slope * np.asarray(lengths) + intercept)
    return slope, intercept, 1 - rest.var() / np.var(seconds)


def measure_all(args):
    rounds = {times: [] for times in TIMES}
    context = multiprocessing.get_context("spawn")
    kinds = tuple(args.output.split(","))
    with TemporaryDirectory() as folder:
        films = {times: Path(folder) / f"x{times}{args.video.suffix}" for times in TIMES}
        for times, film in films.items():
            loop(args.video, film, times)
        for number, (times, film) in product(range(args.rounds), films.items()):
            with ProcessPoolExecutor(1, mp_context=context) as alone:
                out = Path(folder) / f"out{times}-{number}"
                task = alone.submit(measure, film, out, args.weights, kinds, Fraction(args.fps))
                rounds[times].append(task.result())
            wall, cpu, peak = rounds[times][-1]
            print(f"x{times:<3} {wall:8.2f} s {cpu:8.2f} CPU s {peak / 1e6:8.1f} MB", flush=True)
    return {times: np.median(measured, axis=0) for times, measured in rounds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "video", nargs="?", type=Path, default=Path(__file__).with_name("farmyard.mp4")
    )
    parser.add_argument("-w", "--weights", default=None)
    parser.add_argument("--output", default="csv")
    parser.add_argument("--fps", default="1")
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    figures = measure_all(args)
    memory = figures[16][2] / figures[1][2]
    fits = {
        name: fit(LINEAR, [figures[times][column] for times in LINEAR])
        for column, name in enumerate(("seconds", "cpu_seconds"))
    }
    print(f"peak memory of x16 over x1: {memory:.3f} (at most {MOST_MEMORY})")
    for name, (slope, intercept, r2) in fits.items():
        print(f"{name} = {intercept:.2f} + {slope:.2f} x: R^2 = {r2:.4f} (at least {LEAST_FIT})")
    print(json.dumps({"memory_ratio": memory, "r2": {n: f[2] for n, f in fits.items()}}))
    sys.exit(memory > MOST_MEMORY or fits["seconds"][2] < LEAST_FIT)


if __name__ == "__main__":
    main()
