"""Measures the step rate of training against that of the backbone alone, in turns.

    python examples/measure_training.py [PRESET] [--clips 3] [--rounds 5] [--precision bf16]

Both do forward, backward and AdamW on the same random pictures; the backbone alone with the sum of
its maps as its loss. The frozen sound encoder's embeddings are given, as a run keeps them. Prints
the share of the backbone's rate that training reaches, in seconds and in CPU-seconds; at least 0.6
is wanted.
"""

import argparse
import json
import statistics
import sys
import time
from contextlib import nullcontext

LEAST_SHARE = 0.6


def prepare(preset, clips):
    """The two steps, by name."""
    import torch

    from avsseg.model.build import build_model
    from avsseg.model.presets import preset as config_of
    from avsseg.training.batch import TrainBatch
    from avsseg.training.objective import Objective
    from avsseg.training.objective_config import ObjectiveConfig

    torch.manual_seed(0)
    config = config_of(preset)
    objective = Objective(build_model(config).train(), ObjectiveConfig(dice_weight=1.0))
    alone = build_model(config).train().backbone
    shape = clips, config.num_frames
    frames = torch.rand(*shape, 3, config.image_size, config.image_size)
    with torch.no_grad():
        embeddings = objective.model.encode_audio(torch.randn(*shape, 1, 96, 64))
    batch = TrainBatch(
        frames=frames,
        embeddings=embeddings,
        masks=(torch.rand(*shape, 1, config.image_size, config.image_size) > 0.5).float(),
        labelled=torch.ones(shape, dtype=torch.bool),
    )

    def whole():
        return objective(batch)["total"]

    def backbone():
        return sum(m.float().mean() for m in alone(frames.flatten(0, 1)))

    steps = {}
    for name, module, loss in (("training", objective, whole), ("backbone", alone, backbone)):
        weights = [p for p in module.parameters() if p.requires_grad]
        steps[name] = loss, torch.optim.AdamW(weights, lr=1e-5)
    return steps


def main():
    import torch

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("preset", nargs="?", default="compact")
    parser.add_argument("--clips", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", choices=("fp32", "bf16"), default="bf16")
    args = parser.parse_args()
    half = args.precision == "bf16"
    steps = prepare(args.preset, args.clips)
    taken = {name: [] for name in steps}
    for round_ in range(args.rounds + 1):
        for name, (loss, optimiser) in steps.items():
            wall, cpu = time.perf_counter(), time.process_time()
            with torch.autocast("cpu", torch.bfloat16) if half else nullcontext():
                value = loss()
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            if round_:  # the first one warms up
                taken[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    record = {}
    for column, unit in enumerate(("seconds", "cpu_seconds")):
        step, alone = (statistics.median(t[column] for t in taken[name]) for name in steps)
        record[unit] = {"training": step, "backbone": alone, "share": alone / step}
        print(f"{unit}: a step {step:.2f}, the backbone alone {alone:.2f}: {alone / step:.2f}")
    print(json.dumps({"preset": args.preset, "precision": args.precision, **record}))
    sys.exit(record["seconds"]["share"] < LEAST_SHARE)


if __name__ == "__main__":
    main()
