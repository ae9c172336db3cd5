"""How long a run lasts, and the learning rate along the way."""

import math
from dataclasses import dataclass

from avsseg.training.config import OptimisationConfig


@dataclass
class Clock:
    """How far a run has come; counted on over resumptions.

    Attributes:
        batches: batches that each process has taken from its data.
        seconds: time spent, validations and saves included.
    """

    step: int = 0
    batches: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The end of a run: the first of its limits; infinity where there is none."""

    steps: float
    seconds: float

    @classmethod
    def of(cls, config: OptimisationConfig, epoch_batches: int) -> "Budget":
        """The limits of a config whose epochs have so many batches."""
        by_epochs = math.ceil(config.epochs * epoch_batches / config.accumulate)
        steps = [limit for limit in (config.steps, by_epochs) if limit]
        return cls(
            steps=min(steps, default=math.inf),
            seconds=60 * config.minutes or math.inf,
        )

    def progress(self, clock: Clock) -> float:
        """The share of the run that is done, 0 to 1."""
        return min(1.0, max(clock.step / self.steps, clock.seconds / self.seconds))


def learning_rate(config: OptimisationConfig, step: int, progress: float) -> float:
    """The rate of the step after ``step`` steps, when ``progress`` of the run is done."""
    warm = min(1.0, (step + 1) / config.warmup) if config.warmup else 1.0
    share = 1.0
    if config.schedule == "cosine":
        fall = 0.5 * (1 + math.cos(math.pi * progress))
        share = config.final_lr + (1 - config.final_lr) * fall
    return config.lr * warm * share
