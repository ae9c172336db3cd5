"""Runs small enough for a test: a narrow network on a handful of clips."""

import dataclasses
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import torch

from avsseg.model.build import build_model
from avsseg.model.config import ModelConfig
from avsseg.training.batch import TrainBatch
from avsseg.training.config import (
    AVSBenchConfig,
    DataConfig,
    OptimisationConfig,
    SavingConfig,
    TrainConfig,
    ValidationConfig,
)
from avsseg.training.run_directory import RunDirectory
from avsseg.training.session import Session

_spec = spec_from_file_location("avsseg_test_bank", Path(__file__).parents[1] / "data/conftest.py")
assert _spec is not None and _spec.loader is not None
_banks = module_from_spec(_spec)
_spec.loader.exec_module(_banks)
bank_root = _banks.bank_root


class Quiet:
    """Watches without a word; ``after`` is called with the number of each step."""

    def __init__(self, after: Callable[[int], None] = lambda step: None) -> None:
        self.reports: list = []
        self._after = after

    def stepped(self, report) -> None:
        self.reports.append(report)
        self._after(report.step)


@pytest.fixture(autouse=True)
def one_thread():
    """Results do not hang on how sums are split over threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def fresh_accelerator():
    """accelerate keeps one precision for the whole process; each test has its own."""
    from accelerate.state import AcceleratorState

    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.fixture(scope="session")
def network(tiny_config: ModelConfig) -> ModelConfig:
    """The tiny network with few diffusion steps."""
    return dataclasses.replace(tiny_config, num_timesteps=4, num_steps=2)


@pytest.fixture
def make_model(network: ModelConfig):
    """Builds a variant of the tiny network, the same in every run."""

    def make(**changes):
        torch.manual_seed(0)
        return build_model(dataclasses.replace(network, **changes))

    return make


@pytest.fixture
def make_batch():
    """Random clips: pictures, sound and truths of rectangles; the last frame of each is empty."""

    def make(clips: int = 2, frames: int = 3, size: int = 64) -> TrainBatch:
        generator = torch.Generator().manual_seed(1)
        masks = torch.zeros(clips, frames, 1, size, size)
        for clip in range(clips):
            for frame in range(frames - 1):
                masks[clip, frame, :, 8 * clip : 8 * clip + 24, 4 * frame : 4 * frame + 30] = 1
        return TrainBatch(
            frames=torch.rand(clips, frames, 3, size, size, generator=generator),
            log_mel=torch.randn(clips, frames, 1, 96, 64, generator=generator),
            masks=masks,
            labelled=torch.ones(clips, frames, dtype=torch.bool),
        )

    return make


@pytest.fixture(scope="session")
def clips_root(tmp_path_factory: pytest.TempPathFactory, layouts) -> Path:
    """AVSBench folders of a few clips in all three layouts."""
    root = tmp_path_factory.mktemp("avsbench")
    layouts.write_s4(root)
    layouts.write_ms3(root)
    layouts.write_avss(root)
    return root


@pytest.fixture
def make_config(network: ModelConfig, clips_root: Path):
    """A run of two steps an epoch on the MS3 folder; keywords change its tables."""

    def make(*, optimisation=None, subset="ms3", data=None, model=None, **tables) -> TrainConfig:
        avsbench = AVSBenchConfig(root=str(clips_root), subset=subset, **(data or {}))
        end = {} if optimisation and "steps" in optimisation else {"epochs": 1}
        steps = end | {"batch": 1, "lr": 1e-3, "seed": 3} | (optimisation or {})
        quiet = {
            "validation": ValidationConfig(every_steps=-1, panels=0),
            "saving": SavingConfig(every_minutes=60, log_steps=1),
        }
        return TrainConfig(
            name="test",
            model=dataclasses.replace(network, **(model or {})),
            data=DataConfig(avsbench=avsbench, workers=0),
            optimisation=OptimisationConfig(**steps),
            **(quiet | tables),
        )

    return make


@pytest.fixture
def train(tmp_path: Path):
    """Runs a config to its end below the test's folder and gives its trainer."""

    def run(config: TrainConfig, *, resume: RunDirectory | None = None, after=None, **options):
        session = Session(root=tmp_path / "runs", device="cpu", **options)
        trainer = session.resume(resume, config) if resume else session.start(config)
        trainer.fit(Quiet(after or (lambda step: None)))
        return trainer

    return run
