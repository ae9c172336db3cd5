"""A budget of floating point operations for one clip of five frames, per named network.

Counted on the meta device: shapes alone, so even the large ones take a moment.
"""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from avsseg.model.build import build_model
from avsseg.model.presets import PRESETS, preset

BUDGET = {  # GFLOP, multiply and add counted apart
    "paper-r50": 182,
    "paper-pvt": 207,
    "avsbench-r50": 342,
    "avsbench-pvt": 316,
    "compact": 28.0,
}


def gigaflops(name: str) -> dict[str, float]:
    """Per part what one clip costs, and the whole."""
    config = preset(name)
    with torch.device("meta"):
        model = build_model(config).eval()
        frames = torch.empty(1, config.num_frames, 3, config.image_size, config.image_size)
        log_mel = torch.empty(1, config.num_frames, 1, 96, 64)
        latent = torch.empty(1, config.num_frames, config.latent_dim)
        times = torch.empty(config.num_frames, dtype=torch.long)
    counter = FlopCounterMode(display=False, depth=1)
    with torch.no_grad(), counter:
        fused = model.fuse(model.encode_frames(frames), model.encode_audio(log_mel), frames)
        condition = model.encode_condition(fused)
        for _ in range(config.num_steps if model.denoiser else 0):
            model.denoiser(latent[0], times, None if condition is None else condition[0])
        model.decode(fused, latent if model.expansion else None)
    counts = counter.get_flop_counts()
    return {part: sum(operations.values()) / 1e9 for part, operations in counts.items()}


@pytest.mark.parametrize("name", PRESETS)
def test_a_clip_stays_within_its_budget(name):
    """No network costs more than its budget, nor so much less that the budget is old."""
    assert 0.95 * BUDGET[name] <= gigaflops(name)["Global"] <= BUDGET[name]


def test_tpavi_costs_next_to_nothing():
    """The published form takes 139.7 GFLOP of AVSBench's clip; the linear one a thousandth."""
    assert gigaflops("avsbench-r50")["TPAVI"] < 0.14


def test_sampling_costs_next_to_nothing():
    """Ten steps of diffusion in a latent of 24 numbers are under a thousandth of the network."""
    counts = gigaflops("paper-pvt")

    assert counts["LatentDenoiser"] < counts["Global"] / 1000
