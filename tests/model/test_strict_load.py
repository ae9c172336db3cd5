"""Strict loading: one line that names what does not fit."""

import pytest
import torch
from torch import nn

from avsseg.errors import CheckpointError
from avsseg.model.strict_load import load_strictly


@pytest.fixture
def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


@pytest.fixture
def state(net) -> dict[str, torch.Tensor]:
    return {name: torch.ones_like(value) for name, value in net.state_dict().items()}


def test_matching_weights_are_copied(net, state):
    """Every tensor arrives, in the network's precision."""
    load_strictly(net, {k: v.half() for k, v in state.items()}, source="w.pth")

    assert all(bool((v == 1).all()) for v in net.state_dict().values())
    assert net[0].weight.dtype == torch.float32


def test_faults_are_told_in_one_line(net, state):
    """Missing, unexpected and misshapen keys are all named."""
    del state["0.bias"]
    state |= {"2.weight": torch.ones(1), "0.weight": torch.ones(3, 5)}

    with pytest.raises(CheckpointError) as caught:
        load_strictly(net, state, source="w.pth")

    assert str(caught.value).startswith(
        "w.pth does not fit this network: 1 missing (0.bias); 1 unexpected (2.weight); "
        "1 of another shape (0.weight (3, 5) for (3, 2));"
    )


def test_nothing_is_loaded_when_something_is_wrong(net, state):
    """A refused file leaves the network as it was."""
    before = net[0].weight.clone()
    del state["1.weight"]

    with pytest.raises(CheckpointError):
        load_strictly(net, state, source="w.pth")

    assert torch.equal(net[0].weight, before)


def test_only_the_first_few_are_named(net):
    """A wholly different file does not print a thousand names."""
    with pytest.raises(CheckpointError, match=r"6 missing \(0\.weight, 0\.bias, 1\.weight, \.\.\)"):
        load_strictly(net, {}, source="w.pth")


def test_parts_that_come_from_elsewhere_may_be_absent(net, state):
    """Keys set apart are neither demanded nor accepted."""
    without = {k: v for k, v in state.items() if not k.startswith("0.")}

    load_strictly(net, without, source="w.pth", apart=("0.",))
    with pytest.raises(CheckpointError, match="2 unexpected"):
        load_strictly(net, state, source="w.pth", apart=("0.",))


def test_batch_counters_may_be_absent(net, state):
    """Weights older than torch 0.4.1 have none."""
    del state["1.num_batches_tracked"]

    load_strictly(net, state, source="old.pth")

    assert bool((net[1].weight == 1).all())
