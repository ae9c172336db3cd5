"""The order of clips is a function of the position alone."""

from itertools import islice

import pytest

from avsseg.training.sampler import PositionedBatches


def draws(count: int, taken: int, **options):
    return list(islice(PositionedBatches(count, **({"batch": 3, "seed": 1} | options)), taken))


def test_an_epoch_shows_every_clip_once_in_a_new_order():
    """Each epoch is a permutation; the last batch is short."""
    batches = draws(7, 6)
    epochs = [[i for batch in batches[n : n + 3] for _, i in batch] for n in (0, 3)]

    assert [len(batch) for batch in batches] == [3, 3, 1] * 2
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(7))
    assert epochs[0] != epochs[1]
    assert [epoch for batch in batches for epoch, _ in batch] == [0] * 7 + [1] * 7


@pytest.mark.parametrize("start", [1, 3, 5])
def test_a_start_goes_on_as_if_never_stopped(start):
    """Batch n is the same whether it is reached or asked for."""
    assert draws(7, 9)[start:] == draws(7, 9 - start, start=start)


def test_processes_share_an_epoch():
    """Every clip is somebody's, and all have the same number of batches of the same size."""
    shares = [draws(7, 2, rank=rank, world=2, batch=2) for rank in (0, 1)]
    lengths = [[len(batch) for batch in share] for share in shares]

    assert lengths[0] == lengths[1] == [2, 2]
    assert {i for share in shares for batch in share for _, i in batch} == set(range(7))
    assert PositionedBatches(7, batch=2, seed=1, world=2).epoch_batches == 2


def test_seeds_differ():
    """Another seed, another order."""
    assert draws(20, 5) != draws(20, 5, seed=2)
