"""Measures what the diffusion adds to the time of a clip: the LDM against its own network without.

    python examples/measure_latent_cost.py [--preset compact] [--rounds 15]

Both have fresh weights (they have no part in the time) and run in turns, on a clip of the preset's
length, on one thread as `avsseg predict` runs each clip. Prints both medians and their ratio.
"""

import argparse
import statistics
import time
from dataclasses import replace


def main():
    import torch

    from avsseg.fast.network import fast_copy
    from avsseg.model.build import build_model
    from avsseg.model.presets import preset

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="compact")
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    config = preset(asked.preset)
    size, length = config.image_size, config.num_frames
    frames, sound = torch.rand(1, length, 3, size, size), torch.randn(1, length, 1, 96, 64)
    noise = torch.randn(1, length, config.num_draws, config.latent_dim)
    networks = {
        kind: fast_copy(build_model(replace(config, kind=kind)).eval()) for kind in ("ldm", "ed")
    }
    seconds: dict[str, list[float]] = {kind: [] for kind in networks}
    with torch.inference_mode():
        for number in range(asked.rounds + 2):
            for kind, network in networks.items():
                begun = time.perf_counter()
                network.segment(frames, sound, noise if kind == "ldm" else None)
                if number >= 2:
                    seconds[kind].append(time.perf_counter() - begun)
    ldm, ed = (statistics.median(seconds[kind]) for kind in ("ldm", "ed"))
    print(f"ldm {ldm * 1e3:.1f} ms, ed {ed * 1e3:.1f} ms, ratio {ldm / ed:.3f}")


if __name__ == "__main__":
    main()
