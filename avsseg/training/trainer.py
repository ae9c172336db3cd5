"""The loop: steps, and between them what has to be told, validated and saved."""

import logging
import math
import random
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch

from avsseg.errors import TrainingError
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.batch import TrainBatch
from avsseg.training.budget import Budget, Clock, learning_rate
from avsseg.training.config import TrainConfig
from avsseg.training.ema import MeanWeights
from avsseg.training.interruption import Interruption
from avsseg.training.moving import to_train_mode
from avsseg.training.objective import Objective
from avsseg.training.progress import StepReport, Watcher, Window, seconds_left
from avsseg.training.records import Records
from avsseg.training.resizing import at_size
from avsseg.training.run_directory import RunDirectory
from avsseg.training.sources import Source
from avsseg.training.state import State, random_state, restore_random_state, write_state
from avsseg.training.validation import Scores, Validator, summed_up

if TYPE_CHECKING:
    from accelerate import Accelerator

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a run is made of; ``objective`` and ``optimizer`` as accelerate has prepared them."""

    accelerator: "Accelerator"
    objective: Any
    optimizer: Any
    mean: MeanWeights
    source: Source
    validator: Validator


class Trainer:
    """One run, from wherever its clock stands to the end of its budget."""

    def __init__(self, config: TrainConfig, run: RunDirectory, parts: Parts) -> None:
        self.config, self.run = config, run
        self.accelerator = parts.accelerator
        self.objective: Objective = parts.accelerator.unwrap_model(parts.objective)
        self.clock, self.best = Clock(), -math.inf
        self.budget = Budget.of(config.optimisation, parts.source.epoch_batches)
        self._call, self._optimizer = parts.objective, parts.optimizer
        self._mean, self._source, self._validator = parts.mean, parts.source, parts.validator
        self._window = Window(parts.accelerator.num_processes)
        self._records = Records(run, config, parts.validator, parts.accelerator.is_main_process)
        self._random: State | None = None
        self._saved_at = -1
        self._loss = math.nan

    @property
    def model(self) -> AVSegmenter:
        """The network as it is being trained."""
        return self.objective.model

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes and speaks."""
        return bool(self.accelerator.is_main_process)

    def fit(self, watcher: Watcher) -> None:
        """Trains to the end of the budget.

        Raises:
            KeyboardInterrupt: a signal asked for it; the state has been saved.
            TrainingError: a loss or gradient is not a number; the last saved state is kept.
            MediaError: something cannot be written.
        """
        with (
            Interruption() as self._interruption,
            closing(self._source.batches(self.clock.batches)) as stream,
        ):
            if self._random is not None:
                restore_random_state(self._random)
            to_train_mode(self.model, self.config.optimisation)
            self._began = self._ticked = time.monotonic()
            self._saved_seconds = self.clock.seconds
            self._began_at = self.budget.progress(self.clock)
            self._window.empty()
            while self.budget.progress(self.clock) < 1:
                values = self._step(stream)
                self._tell(watcher, values)
                self._between_steps()
        _log.info(
            "done: %d steps; best val_miou %.4f; %s", self.clock.step, self.best, self.run.path
        )

    def state(self) -> State:
        """All that :meth:`restore` needs; every process must ask for it at the same time."""
        from accelerate.utils import gather_object

        own = {"random": random_state(), "memory": self.objective.memory.cpu()}
        scaler = self.accelerator.scaler
        return {
            "clock": asdict(self.clock),
            "best": self.best,
            "model": self.model.state_dict(),
            "mean": self._mean.model.state_dict() if self._mean.decay else {},
            "optimizer": self._optimizer.state_dict(),
            "scaler": {} if scaler is None else scaler.state_dict(),
            "processes": gather_object([own]),
        }

    def restore(self, state: State) -> None:
        """Puts everything back as :meth:`state` found it.

        With another number of processes, random numbers start anew and the position in the data
        is that of the same number of clips.
        """
        self.clock, self.best = Clock(**state["clock"]), state["best"]
        self.model.load_state_dict(state["model"])
        if self._mean.decay:
            self._mean.model.load_state_dict(state["mean"] or state["model"])
        self._optimizer.load_state_dict(state["optimizer"])
        if self.accelerator.scaler is not None and state["scaler"]:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        processes, world = state["processes"], self.accelerator.num_processes
        if len(processes) == world:
            own = processes[self.accelerator.process_index]
            self.objective.memory, self._random = own["memory"], own["random"]
        else:
            self.clock.batches = self.clock.batches * len(processes) // world
            _log.warning("the run had %d processes and has %d now", len(processes), world)
        self._records.forget_after(self.clock.step)

    def _step(self, stream: Iterator[TrainBatch]) -> dict[str, float]:
        rate = self._set_rate()
        values: dict[str, float] = {}
        parts = self.config.optimisation.accumulate
        for _ in range(parts):
            asked = time.perf_counter()
            batch = next(stream)
            self._window.took(batch, time.perf_counter() - asked)
            with self.accelerator.accumulate(self._call):
                losses = self._call(self._placed(batch), self.clock.step)
                self.accelerator.backward(losses["total"])
                for name, loss in losses.items():
                    values[name] = values.get(name, 0.0) + float(loss.detach()) / parts
                if self.accelerator.sync_gradients:
                    values["grad_norm"] = self._clip(values)
                self._optimizer.step()
                self._optimizer.zero_grad()
            self.clock.batches += 1
        self.clock.step += 1
        self._mean.update(self.clock.step)
        self._window.stepped(values)
        return values | {"lr": rate}

    def _placed(self, batch: TrainBatch) -> TrainBatch:
        """A batch on the device, as one of the sizes that are trained sees it."""
        sides = self.config.optimisation.sizes or (self.config.model.image_size,)
        # All processes draw the same, or each would wait for the one with the largest.
        drawn = random.Random(self.clock.batches).randrange(len(sides))
        return at_size(batch.to(self.accelerator.device), sides[drawn])

    def _set_rate(self) -> float:
        progress = self.budget.progress(self.clock)
        rate = learning_rate(self.config.optimisation, self.clock.step, progress)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["scale"]
        return rate

    def _clip(self, values: dict[str, float]) -> float:
        """The gradient's norm before it is cut to ``clip_norm``; it must be a number."""
        limit = self.config.optimisation.clip_norm or math.inf
        weights = [p for p in self.objective.parameters() if p.requires_grad]
        norm = float(self.accelerator.clip_grad_norm_(weights, limit))
        # Half precision runs into infinity now and then; its scaler skips such a step.
        sound = math.isfinite(norm) or self.config.optimisation.precision == "fp16"
        if not (sound and all(map(math.isfinite, values.values()))):
            parts = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
            raise TrainingError(
                f"step {self.clock.step + 1}: the loss or its gradient is not a number ({parts}); "
                f"{self._kept()}. Lower optimisation.lr, set clip_norm, or train in precision 'no'."
            )
        return norm

    def _kept(self) -> str:
        if not self.run.state.exists():
            return "nothing was saved yet"
        return f"{self.run.state.parent} is kept as last saved"

    def _tell(self, watcher: Watcher, values: dict[str, float]) -> None:
        loss = values["total"]
        self._loss = loss if math.isnan(self._loss) else 0.95 * self._loss + 0.05 * loss
        self._tick()
        progress = self.budget.progress(self.clock)
        if self.is_main:
            spent = time.monotonic() - self._began
            watcher.stepped(
                StepReport(
                    step=self.clock.step,
                    progress=progress,
                    loss=self._loss,
                    clips_per_s=self._window.clips_per_s,
                    seconds_left=seconds_left(self._began_at, progress, spent),
                )
            )

    def _tick(self) -> None:
        """Counts the time, and agrees on it and on interruptions with the other processes."""
        now = time.monotonic()
        self.clock.seconds += now - self._ticked
        self._ticked = now
        if self.accelerator.num_processes > 1:
            told = torch.tensor([self.clock.seconds, float(self._interruption.wanted)])
            told = told.to(self.accelerator.device)
            torch.distributed.all_reduce(told, op=torch.distributed.ReduceOp.MAX)
            self.clock.seconds = float(told[0])
            self._interruption.wanted = bool(told[1])

    def _between_steps(self) -> None:
        self._leave_if_asked()
        if self._validation_is_due():
            self._validate()
            self._leave_if_asked()
            self._save()
            self._draw()
        elif self.clock.step % self.config.saving.log_steps == 0:
            self._record({})
        if self._saving_is_due():
            self._save()
        self._window.pause()

    def _leave_if_asked(self) -> None:
        if self._interruption.wanted:
            self._save()
            _log.info("stopped at step %d; go on with --resume %s", self.clock.step, self.run.path)
            raise KeyboardInterrupt

    def _validation_is_due(self) -> bool:
        every = self.config.validation.every_steps
        if self.budget.progress(self.clock) >= 1:
            return True
        if every:
            return every > 0 and self.clock.step % every == 0
        taken, length = self.clock.batches, self._source.epoch_batches
        return taken // length > (taken - self.config.optimisation.accumulate) // length

    def _saving_is_due(self) -> bool:
        saving = self.config.saving
        by_steps = saving.every_steps > 0 and self.clock.step % saving.every_steps == 0
        by_time = self.clock.seconds - self._saved_seconds > 60 * saving.every_minutes
        return by_steps or by_time

    def _validate(self) -> None:
        from accelerate.utils import gather_object

        model, accelerator = self._mean.model, self.accelerator
        model.eval()
        judged = self._validator.judge(
            model,
            rank=accelerator.process_index,
            world=accelerator.num_processes,
            stopped=lambda: self._interruption.wanted,
        )
        judged = gather_object(judged)
        self._tick()
        if not self._interruption.wanted:
            groups, classes = self._validator.examples.groups, self.config.model.num_classes
            self._judged(model, summed_up(judged, groups, classes))
        to_train_mode(self.model, self.config.optimisation)

    def _judged(self, model: AVSegmenter, scores: Scores) -> None:
        """Keeps the scores, and the weights if they are the best so far."""
        self._record(scores)
        if scores["val_miou"] > self.best:
            self.best = scores["val_miou"]
            self._records.keep_best(model, self.clock, scores)

    def _draw(self) -> None:
        self._mean.model.eval()
        self._records.draw(self._mean.model, self.clock)
        to_train_mode(self.model, self.config.optimisation)

    def _record(self, scores: Scores) -> None:
        place = {
            "step": self.clock.step,
            "epoch": self.clock.batches / self._source.epoch_batches,
            "minutes": self.clock.seconds / 60,
            "lr": self._optimizer.param_groups[0]["lr"] / self._optimizer.param_groups[0]["scale"],
        }
        self._records.add(place | self._window.row() | scores)
        self._window.empty()

    def _save(self) -> None:
        if self._saved_at != self.clock.step:
            state = self.state()
            if self.is_main:
                write_state(self.run.state, state)
                self._records.keep_last(self._mean.model, self.clock)
            self._saved_at = self.clock.step
        self._saved_seconds = self.clock.seconds
        self.accelerator.wait_for_everyone()
