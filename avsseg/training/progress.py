"""What a run tells of itself while it goes on."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from avsseg.training.batch import TrainBatch


@dataclass(frozen=True, kw_only=True)
class StepReport:
    """One step, for whoever watches.

    Attributes:
        progress: share of the whole run that is done, 0 to 1.
        loss: what was minimised, smoothed over some steps.
        clips_per_s: clips of all processes per second, data included.
        seconds_left: until the end of the run, None before it can be told.
    """

    step: int
    progress: float
    loss: float
    clips_per_s: float
    seconds_left: float | None


class Watcher(Protocol):
    """Follows a run."""

    def stepped(self, report: StepReport) -> None:
        """A step is done."""


class Window:
    """Means and rates of the steps since it was last emptied.

    Time between steps that is spent on other things (validation, saving) is left out by
    ``pause``.
    """

    def __init__(self, world: int) -> None:
        self._world = world
        self.empty()

    def empty(self) -> None:
        """Begins anew."""
        self._sums: dict[str, float] = {}
        self._steps = 0
        self._clips = self._frames = 0
        self._seconds = self._waited = 0.0
        self._since = time.perf_counter()

    def pause(self) -> None:
        """Leaves out the time since the last step."""
        self._since = time.perf_counter()

    def took(self, batch: TrainBatch, waited: float) -> None:
        """Counts a batch that was waited for so many seconds."""
        self._clips += batch.masks.shape[0]
        self._frames += batch.masks.shape[0] * batch.masks.shape[1]
        self._waited += waited

    def stepped(self, values: Mapping[str, float]) -> None:
        """Counts a step and its losses."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
        self._steps += 1
        now = time.perf_counter()
        self._seconds += now - self._since
        self._since = now

    @property
    def clips_per_s(self) -> float:
        """Clips of all processes per second."""
        return self._world * self._clips / max(self._seconds, 1e-9)

    def row(self) -> dict[str, float]:
        """Rates, the share of time spent waiting for data, and the mean of each value."""
        means = {name: total / self._steps for name, total in self._sums.items()}
        return {
            "clips_per_s": self.clips_per_s,
            "frames_per_s": self._world * self._frames / max(self._seconds, 1e-9),
            "waiting": self._waited / max(self._seconds, 1e-9),
        } | means


def seconds_left(started: float, progress: float, spent: float) -> float | None:
    """Time to the end, when a session that began at progress ``started`` has taken ``spent``."""
    done = progress - started
    return spent * (1 - progress) / done if done > 1e-6 else None
