"""Compares the network with the published form of the same network: time, peak memory, logits.

    python examples/compare_published.py [avsbench-r50 | avsbench-pvt] [--rounds 3] [--threads N]

The published form makes TPAVI's N x N map of all pixels of a clip and divides it by N, as Zhou et
al. wrote it; all else is the same, with the same random weights. Each form has a process of its
own, and they take turns, clip by clip, so that a busy machine slows all of them alike. Times are
the medians of the rounds, of CPU-seconds as well. Exits with 1 where a target is missed.
"""

import argparse
import itertools
import json
import multiprocessing
import statistics
import sys
import time
from contextlib import nullcontext

FORMS = ("published", "fp32", "bf16")
LEAST_FASTER = {"fp32": 1.9, "bf16": 4.0}
MOST_MEMORY, MOST_ERROR = 0.5, 1e-4


def published(net, visual, audio):
    """TPAVI as written: theta(V) phi(A)^T / N, an N x N map, times g(V)."""
    x = visual.movedim(1, 2)
    aligned = net.align_channel(audio)
    tiled = aligned.movedim(1, 2)[..., None, None].expand(-1, -1, -1, *x.shape[-2:])
    out = attended(net, x, tiled)
    if net.attend_visual:
        out = (out + attended(net, x, x)) / 2
    return out.movedim(1, 2), aligned


def attended(net, x, other):
    theta, phi, g = (f.flatten(2) for f in (net.theta(x), net.phi(other), net.g(x)))
    scores = theta.mT @ phi
    scores = scores / scores.shape[-1]
    z = net.W_z((scores @ g.mT).mT.unflatten(2, x.shape[2:])) + x
    return net.norm_layer(z.movedim(1, -1)).movedim(-1, 1)


def build(preset):
    """The network with random weights, all of which matter."""
    import torch

    from avsseg.model.build import build_model
    from avsseg.model.presets import preset as config_of

    torch.manual_seed(0)
    model = build_model(config_of(preset)).eval()
    for name, value in itertools.chain(model.named_parameters(), model.named_buffers()):
        if "W_z.1" in name and value.is_floating_point():
            value.data.uniform_(0.5, 1.5)  # else they are zero, and TPAVI does nothing
    return model


def work(form, preset, threads, pipe):
    """Segments the same clip each time that it is told to, and says how long that took."""
    import torch

    from avsseg.fast.network import fast_copy
    from avsseg.model.tpavi import TPAVI
    from avsseg.peak_memory import peak_memory

    torch.set_num_threads(threads)
    model = build(preset)
    if form == "published":
        TPAVI.forward = published
    else:
        model = fast_copy(model)
    generator = torch.Generator().manual_seed(0)
    size, frames = model.config.image_size, model.config.num_frames
    clip = torch.rand(1, frames, 3, size, size, generator=generator)
    log_mel = torch.randn(1, frames, 1, 96, 64, generator=generator)
    precision = torch.autocast("cpu", torch.bfloat16) if form == "bf16" else nullcontext()
    with torch.inference_mode(), precision:
        while pipe.recv():
            wall, cpu = time.perf_counter(), time.process_time()
            logits = model(clip, log_mel)
            times = time.perf_counter() - wall, time.process_time() - cpu
            pipe.send((*times, peak_memory(), logits.float().numpy()))


def measure(args):
    """Seconds, CPU-seconds, peak bytes and logits of each form."""
    context = multiprocessing.get_context("spawn")
    pipes, figures = {}, {form: [] for form in FORMS}
    for form in FORMS:
        pipes[form], other = context.Pipe()
        task = work, (form, args.preset, args.threads, other)
        context.Process(target=task[0], args=task[1], daemon=True).start()
    for round_ in range(args.rounds + 1):
        for form, pipe in pipes.items():
            pipe.send(True)
            figure = pipe.recv()
            if round_:  # the first one warms up
                figures[form].append(figure)
    for pipe in pipes.values():
        pipe.send(False)
    return figures


def main():
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", nargs="?", default="avsbench-r50")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    figures = measure(args)
    medians = {
        form: [statistics.median(figure[column] for figure in rows) for column in (0, 1, 2)]
        for form, rows in figures.items()
    }
    wanted = figures["published"][0][3]
    record, met = {"preset": args.preset, "threads": args.threads}, True
    for form, (wall, cpu, peak) in medians.items():
        error = float(abs(figures[form][0][3] - wanted).max() / abs(wanted).max())
        faster, leaner = medians["published"][0] / wall, peak / medians["published"][2]
        record[form] = {
            "seconds": wall,
            "cpu_seconds": cpu,
            "peak_bytes": peak,
            "faster": faster,
            "faster_in_cpu": medians["published"][1] / cpu,
            "memory_ratio": leaner,
            "error": error,
        }
        print(
            f"{form:<10} {wall:7.2f} s {cpu:7.2f} CPU s {peak / 1e6:7.0f} MB: "
            f"{faster:.2f} times as fast, {leaner:.2f} of the memory, "
            f"logits within {error:.1e} of the largest",
            flush=True,
        )
        met &= faster >= LEAST_FASTER.get(form, 0)
    met &= record["fp32"]["error"] <= MOST_ERROR and record["fp32"]["memory_ratio"] < MOST_MEMORY
    print(json.dumps(record))
    sys.exit(not met)


if __name__ == "__main__":
    main()
