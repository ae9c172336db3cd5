"""Where batches come from: clips on disk, or scenes composed as training goes."""

import copy
from collections.abc import Generator
from multiprocessing import active_children
from typing import Any, Protocol

import numpy as np
import torch
from torch.utils.data import DataLoader

from avsseg.errors import AvssegError
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.batch import TrainBatch, join
from avsseg.training.clips import TrainClips
from avsseg.training.config import DataConfig
from avsseg.training.interruption import end_helpers, leave_signals_to_parent
from avsseg.training.replay import ReplayConfig, ReplayDataset
from avsseg.training.sampler import PositionedBatches


class Source(Protocol):
    """Endless batches for one process.

    Attributes:
        epoch_batches: batches of an epoch.
    """

    epoch_batches: int

    def batches(self, start: int) -> Generator[TrainBatch, None, None]:
        """Batches from number ``start`` on."""


class ClipSource:
    """Clips of a fixed set; batch n is the same whenever and however often it is asked for."""

    def __init__(
        self,
        clips: TrainClips,
        *,
        batch: int,
        workers: int,
        seed: int,
        rank: int = 0,
        world: int = 1,
        pin: bool = False,
    ) -> None:
        self._clips, self._workers, self._pin = clips, workers, pin
        self._order = {"batch": batch, "seed": seed, "rank": rank, "world": world}
        self.epoch_batches = PositionedBatches(len(clips), **self._order).epoch_batches

    def batches(self, start: int) -> Generator[TrainBatch, None, None]:
        """Batches from number ``start`` on."""
        order = PositionedBatches(len(self._clips), start=start, **self._order)
        return _batches(self._clips, self._workers, self._pin, batch_sampler=order, collate_fn=join)


class ReplaySource:
    """Composed scenes behind frozen encoders; a new ``start`` brings a new store and new scenes.

    Raises:
        DataError: the bank is missing or cannot serve.
    """

    def __init__(
        self,
        config: ReplayConfig,
        model: AVSegmenter,
        data: DataConfig,
        *,
        seed: int,
        rank: int = 0,
        pin: bool = False,
    ) -> None:
        self._model = model
        self._config, self._workers, self._pin = config, data.workers, pin
        self._seed = seed, rank
        self.epoch_batches = data.epoch_batches

    def batches(self, start: int) -> Generator[TrainBatch, None, None]:
        """Batches of a store that begins empty, seen by the encoders as they are now."""
        seed = int(np.random.SeedSequence((*self._seed, start)).generate_state(1)[0])
        encoders = copy.deepcopy(self._model).cpu().eval()
        scenes = ReplayDataset(self._config, encoders, seed=seed)
        return _batches(scenes, self._workers, self._pin, batch_size=None)


def _batches(
    data: Any, workers: int, pin: bool, **options: Any
) -> Generator[TrainBatch, None, None]:
    """Batches of a loader whose processes are gone when this is closed."""
    loader = DataLoader(
        data,
        num_workers=workers,
        prefetch_factor=3 if workers else None,
        pin_memory=pin,
        worker_init_fn=leave_signals_to_parent if workers else None,
        # Its own, for a loader draws from the global one, which must go on as if never stopped.
        generator=torch.Generator().manual_seed(0),
        **options,
    )
    others = set(active_children())
    batches = iter(loader)
    helpers = set(active_children()) - others
    try:
        yield from batches
    except AvssegError as error:  # a loader process sends its whole traceback as the message
        line = str(error.args[0]).splitlines()[-1]
        prefix = f"{type(error).__module__}.{type(error).__name__}: "
        raise type(error)(line.removeprefix(prefix)) from error
    finally:
        del batches  # unless an error's traceback holds it, torch asks them to end, and waits
        end_helpers(helpers)
