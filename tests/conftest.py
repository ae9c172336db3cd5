"""What tests of several folders share: films made on the fly and a network small enough to run."""

import dataclasses
import os
import signal
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from avsseg.model.config import ModelConfig

# Threads of two workers that spin while they wait can hold each other up for minutes.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# The same examples everywhere, and no clock that a busy machine could miss.
settings.register_profile(
    "steady",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")


def _module(name: str, path: str) -> ModuleType:
    """A file of another test folder; test files are no package, so it is loaded by path."""
    spec = spec_from_file_location(name, Path(__file__).parent / path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_films = _module("avsseg_test_films", "media/conftest.py")
make_film = _films.make_film
cut_tail = _films.cut_tail
garble_middle = _films.garble_middle
number_of = _films.number_of
waves = _films.waves


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Ctrl-C reaches the tests' programs also where a shell in the background had it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def example() -> Iterator[Callable[[str], ModuleType]]:
    """A script of ``examples`` as a module, by its name."""
    folder = Path(__file__).parents[1] / "examples"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield import_module


@pytest.fixture(scope="session")
def crossing() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Five grey pictures (64, 64) of a square that crosses them, and its masks."""
    unrest = np.random.default_rng(0)
    ground, thing = (
        np.asarray(
            Image.fromarray(unrest.integers(0, 256, (spots, spots), np.uint8)).resize((side, side))
        )
        for spots, side in ((8, 64), (4, 16))
    )
    pictures, masks = np.stack([ground] * 5), np.zeros((5, 64, 64), np.float32)
    for n in range(5):
        part = n, slice(24, 40), slice(12 + 4 * n, 28 + 4 * n)
        pictures[part], masks[part] = thing, 1
    return pictures, masks


@pytest.fixture(scope="session")
def layouts() -> ModuleType:
    """Makers of tiny AVSBench folders: ``layouts.write_s4(root)`` and its like."""
    return _module("avsseg_test_layouts", "data/layouts.py")


@pytest.fixture(scope="session")
def tiny_config() -> "ModelConfig":
    """The compact network at 64 px with everything narrow: the same classes, in milliseconds."""
    from avsseg.model.presets import preset

    return dataclasses.replace(
        preset("compact"),
        backbone="test_efficientnet",
        image_size=64,
        latent_size=0,
        channels=16,
        decoder_channels=16,
        audio_hidden=16,
        latent_hidden=32,
        denoiser_widths=(32, 16, 16, 8),
        time_dim=16,
    )


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory, tiny_config: "ModelConfig") -> Path:
    """A checkpoint file of the tiny network with random weights, the same in every run."""
    import torch

    from avsseg.checkpoint import save_checkpoint
    from avsseg.model.build import build_model

    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(tiny_config)
    path = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_checkpoint(path, model, summary={"what": "random weights for tests"})
    return path
