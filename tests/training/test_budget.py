"""The end of a run and the learning rate on the way there."""

import math

import pytest

from avsseg.training.budget import Budget, Clock, learning_rate
from avsseg.training.config import OptimisationConfig


def test_first_limit_ends_the_run():
    """Epochs, steps and minutes each can; progress is that of the nearest one."""
    config = OptimisationConfig(epochs=2, steps=30, minutes=1, accumulate=2)
    budget = Budget.of(config, epoch_batches=20)

    assert (budget.steps, budget.seconds) == (20, 60)
    assert budget.progress(Clock(step=5, seconds=3)) == 0.25
    assert budget.progress(Clock(step=5, seconds=45)) == 0.75
    assert budget.progress(Clock(step=50)) == 1


def test_limits_that_are_not_set_are_no_limits():
    """Time alone can end a run."""
    budget = Budget.of(OptimisationConfig(minutes=2), epoch_batches=20)

    assert budget.steps == math.inf
    assert budget.progress(Clock(step=10**6, seconds=60)) == 0.5


def test_warmup_rises_in_steps_to_the_full_rate():
    """Step n of N has (n + 1) / N of the rate."""
    config = OptimisationConfig(steps=100, lr=0.4, warmup=4)

    assert [learning_rate(config, n, 0.0) for n in range(6)] == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.4, 0.4]
    )


def test_cosine_falls_to_its_end():
    """The rate is whole at the start, half way at the middle and ``final_lr`` at the end."""
    config = OptimisationConfig(steps=100, lr=2.0, schedule="cosine", final_lr=0.1)

    rates = [learning_rate(config, 50, progress) for progress in (0, 0.5, 1)]

    assert rates == pytest.approx([2.0, 1.1, 0.2])
