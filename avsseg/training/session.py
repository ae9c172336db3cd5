"""Puts a run together from its config, new or taken up again."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from avsseg.device import choose_device
from avsseg.errors import ConfigError, UsageError
from avsseg.media.publish import publish_file
from avsseg.model.build import build_model
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.clips import TrainClips, batch_of, open_split
from avsseg.training.config import AVSBenchConfig, TrainConfig
from avsseg.training.config_file import differences, read_config, to_toml
from avsseg.training.ema import MeanWeights
from avsseg.training.examples import Examples, probe_examples, split_examples
from avsseg.training.feature_cache import FeatureCache
from avsseg.training.moving import choose_trained, make_optimizer
from avsseg.training.objective import Objective
from avsseg.training.run_directory import RunDirectory
from avsseg.training.sources import ClipSource, ReplaySource, Source
from avsseg.training.starting_weights import init_from, load_encoders
from avsseg.training.state import read_state
from avsseg.training.trainer import Parts, Trainer
from avsseg.training.validation import Validator

if TYPE_CHECKING:
    from accelerate import Accelerator

_log = logging.getLogger(__name__)

_FIXED = ("model.", "data.avsbench.root", "data.avsbench.subset", "optimisation.optimizer")


@dataclass(frozen=True, kw_only=True)
class Session:
    """Where and from what a run starts.

    Attributes:
        root: folder of runs.
        init_from: a checkpoint, or another run, whose fitting weights are taken.
        opened: told of the run's folder as soon as there is one.
    """

    root: Path = Path("runs/train")
    device: str = "auto"
    init_from: str | None = None
    offline: bool = False
    opened: Callable[[RunDirectory], None] = lambda run: None

    def start(self, config: TrainConfig) -> Trainer:
        """A new run, in a folder of its own, once everything it needs has been found.

        Raises:
            AvssegError: of the kind of whatever is missing or does not fit.
        """
        accelerator = _accelerator(config, self.device)
        torch.manual_seed(config.optimisation.seed)
        model = build_model(config.model)
        load_encoders(model, config.init, offline=self.offline)
        match = None
        if self.init_from is not None:
            match = init_from(model, self.init_from, offline=self.offline)
        elif not config.init.audio_encoder:
            _log.warning("the sound network starts from random numbers; set init.audio_encoder.")
        builder = _Builder(config, model, accelerator)
        run = _create_run(self.root, config.name, accelerator)
        trainer = self._open(builder, run)
        if match is not None:  # the run's own log is open now, and a report will look there
            _log.info("init-from %s: %s", self.init_from, match)
        torch.manual_seed(config.optimisation.seed + 1 + accelerator.process_index)
        return trainer

    def resume(self, run: RunDirectory, config: TrainConfig | None = None) -> Trainer:
        """A run from where it was last saved, under its own config or a changed one.

        Raises:
            ConfigError: the change is one that no run can go through.
            CheckpointError: the saved state is damaged or does not fit.
        """
        own = read_config(run.config)
        config = config or own
        changed = differences(own, config)
        for name in changed:
            if name.startswith(_FIXED):
                raise ConfigError(f"{run.path}: {name} cannot change in a run; start a new one.")
        if changed:
            _log.info("changed: %s", ", ".join(f"{n} = {v}" for n, v in changed.items()))
        accelerator = _accelerator(config, self.device)
        torch.manual_seed(config.optimisation.seed)
        state, model = read_state(run.state), build_model(config.model)
        model.load_state_dict(state["model"])  # before a cache asks what its encoders make of clips
        trainer = self._open(_Builder(config, model, accelerator), run)
        trainer.restore(state)
        _log.info("resumed at step %d", trainer.clock.step)
        return trainer

    def _open(self, builder: "_Builder", run: RunDirectory) -> Trainer:
        if builder.accelerator.is_main_process:
            self.opened(run)
            with publish_file(run.config, overwrite=True) as temporary:
                temporary.write_text(to_toml(builder.config), encoding="utf-8")
        return builder.trainer(run)


class _Builder:
    """Opens the data, then builds the trainer around the network."""

    def __init__(self, config: TrainConfig, model: AVSegmenter, accelerator: "Accelerator") -> None:
        self.config, self.model, self.accelerator = config, model, accelerator
        choose_trained(model, config.optimisation)
        self._source = self._open_source()
        self._examples = self._open_examples()

    def trainer(self, run: RunDirectory) -> Trainer:
        config, accelerator = self.config, self.accelerator
        self.model.to(accelerator.device)
        optimizer = make_optimizer(self.model, config.optimisation)
        mean = MeanWeights(self.model, config.optimisation.ema)
        objective = Objective(self.model, config.objective)
        call, prepared = accelerator.prepare(objective, optimizer)
        validator = Validator(
            self._examples,
            seed=config.optimisation.seed,
            device=accelerator.device,
            autocast=accelerator.autocast,
        )
        self._describe()
        return Trainer(
            config,
            run,
            Parts(
                accelerator=accelerator,
                objective=call,
                optimizer=prepared,
                mean=mean,
                source=self._source,
                validator=validator,
            ),
        )

    def _open_source(self) -> Source:
        config, seed = self.config, self.config.optimisation.seed
        rank, pin = self.accelerator.process_index, self.accelerator.device.type == "cuda"
        if config.data.replay is not None:
            return ReplaySource(
                config.data.replay, self.model, config.data, seed=seed, rank=rank, pin=pin
            )
        assert config.data.avsbench is not None
        return ClipSource(
            self._train_clips(config.data.avsbench),
            batch=config.optimisation.batch,
            workers=config.data.workers,
            seed=seed,
            rank=rank,
            world=self.accelerator.num_processes,
            pin=pin,
        )

    def _train_clips(self, data: AVSBenchConfig) -> TrainClips:
        clips = open_split(data, self.model, "train")
        cache = None
        if data.feature_cache:
            cache = FeatureCache(Path(data.feature_cache), self.model, repr(data))
            device, rank = self.accelerator.device, self.accelerator.process_index
            own = range(rank, len(clips), self.accelerator.num_processes)
            self.model.to(device).eval()
            _log.info("encoding %d clips once into %s", len(clips), data.feature_cache)
            cache.fill(self.model, own, lambda index: batch_of(clips[index]), device)
            self.accelerator.wait_for_everyone()
        return TrainClips(clips, data, seed=self.config.optimisation.seed, cache=cache)

    def _open_examples(self) -> Examples:
        validation, data = self.config.validation, self.config.data
        if data.avsbench is not None:
            clips = open_split(data.avsbench, self.model, "val")
            return split_examples(clips, validation.clips)
        assert data.replay is not None
        return probe_examples(
            data.replay.bank,
            self.model,
            count=validation.probes,
            num_frames=validation.probe_frames,
        )

    def _describe(self) -> None:
        weights = list(self.model.parameters())
        trained = sum(w.numel() for w in weights if w.requires_grad)
        _log.info(
            "%s: %.2f M of %.2f M weights trained, %d batches an epoch, %d clips to validate, "
            "%d process(es) on %s",
            self.config.name,
            trained / 1e6,
            sum(w.numel() for w in weights) / 1e6,
            self._source.epoch_batches,
            len(self._examples),
            self.accelerator.num_processes,
            self.accelerator.device,
        )


def _accelerator(config: TrainConfig, device: str) -> "Accelerator":
    try:
        from accelerate import Accelerator, DistributedDataParallelKwargs
    except ImportError as error:
        raise UsageError("training needs accelerate: pip install 'avsseg[train]'.") from error
    chosen = choose_device(device)
    precision = config.optimisation.precision
    if precision == "fp16" and chosen.type == "cpu":
        raise ConfigError("optimisation.precision is fp16; a CPU computes in 'no' or 'bf16'.")
    if chosen.type == "cuda" and chosen.index is not None:
        torch.cuda.set_device(chosen)
    # Which weights take part differs between kinds of network and of batch.
    parallel = DistributedDataParallelKwargs(find_unused_parameters=True)
    return Accelerator(
        cpu=chosen.type == "cpu",
        mixed_precision=precision,
        gradient_accumulation_steps=config.optimisation.accumulate,
        kwargs_handlers=[parallel],
    )


def _create_run(root: Path, name: str, accelerator: "Accelerator") -> RunDirectory:
    """The folder that the main process makes, known to all."""
    from accelerate.utils import broadcast_object_list

    paths = [RunDirectory.create(root, name).path if accelerator.is_main_process else None]
    (path,) = broadcast_object_list(paths)
    return RunDirectory(path)
