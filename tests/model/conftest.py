"""What tests of the core share: weights filled by name, and a watch on the host."""

import json
import math
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

GOLDEN = Path(__file__).parents[1] / "golden"

Shapes = dict[str, tuple[int, ...]]


def fill_value(name: str, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The tensor that a name and a shape stand for."""
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    x = rng.standard_normal(shape)
    last = name.rpartition(".")[2]
    if last == "running_var":
        return 0.5 + rng.uniform(size=shape)
    if last in ("running_mean", "bias"):
        return 0.1 * x
    if len(shape) == 1:
        return 1 + 0.1 * x
    return x / math.sqrt(math.prod(shape[1:]))


def filled_state(shapes: Shapes) -> dict[str, Tensor]:
    """A state dict in float32 whose every tensor is filled by its name."""
    return {
        name: (
            torch.tensor(0)
            if name.endswith("num_batches_tracked")
            else torch.from_numpy(fill_value(name, shape)).float()
        )
        for name, shape in shapes.items()
    }


@pytest.fixture(scope="session")
def golden() -> Path:
    """The folder of the reference's numbers."""
    return GOLDEN


@pytest.fixture(scope="session")
def fill() -> Callable[[Shapes], dict[str, Tensor]]:
    """Makes a state dict from names and shapes."""
    return filled_state


@pytest.fixture(scope="session")
def reference_shapes() -> Callable[[str], Shapes]:
    """Names and shapes of the reference's state dict for ``r50`` or ``pvt``."""

    def load(backbone: str) -> Shapes:
        pairs = json.loads((GOLDEN / f"avsbench_{backbone}_keys.json").read_text())
        return {name: tuple(shape) for name, shape in pairs}

    return load


class HostReads(TorchDispatchMode):
    """Counts the operations that make the host wait for a device's number."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.count += func is torch.ops.aten._local_scalar_dense.default
        return func(*args, **(kwargs or {}))


@pytest.fixture(scope="session")
def host_reads() -> type[HostReads]:
    """The counter, to be used as a context."""
    return HostReads
