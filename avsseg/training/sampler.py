"""The order of clips, as a function of the position alone, so that a run can be taken up."""

from collections.abc import Iterator
from math import ceil

import torch
from torch.utils.data import Sampler

Draw = tuple[int, int]
"""Epoch and index of a clip."""


class PositionedBatches(Sampler[list[Draw]]):
    """Endless batches of one process, from batch number ``start`` on.

    Each epoch is a permutation of its own, dealt out to the processes; its last batch may be
    short. With several processes a few clips are drawn twice, so that none goes without.
    """

    def __init__(
        self, count: int, *, batch: int, seed: int, start: int = 0, rank: int = 0, world: int = 1
    ) -> None:
        self._count, self._batch, self._seed = count, batch, seed
        self._start, self._rank, self._world = start, rank, world
        self.epoch_batches = ceil(count / (batch * world))

    def __iter__(self) -> Iterator[list[Draw]]:
        epoch, at = divmod(self._start, self.epoch_batches)
        while True:
            for batch in self._epoch(epoch)[at:]:
                yield [(epoch, index) for index in batch]
            epoch, at = epoch + 1, 0

    def _epoch(self, epoch: int) -> list[list[int]]:
        generator = torch.Generator().manual_seed(1_000_003 * self._seed + epoch)
        order = torch.randperm(self._count, generator=generator).tolist()
        order += order[: -len(order) % self._world]
        own = order[self._rank :: self._world]
        return [own[i : i + self._batch] for i in range(0, len(own), self._batch)]
