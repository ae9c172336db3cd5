"""The copy that computes is made once, and anew when its network has changed."""

import copy
import dataclasses
import gc
import weakref

import pytest
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.fast.ready import ready_copy


@pytest.fixture
def model(tiny_checkpoint):
    return load_checkpoint(tiny_checkpoint)


def test_the_same_network_has_one_copy(model):
    """Also asked again, and of two equal networks each has its own."""
    assert ready_copy(model) is ready_copy(model)
    assert ready_copy(copy.deepcopy(model)) is not ready_copy(model)


def scaled(model):
    with torch.no_grad():
        next(model.necks.parameters()).mul_(2)


def exchanged(model):
    conv = next(module for module in model.decoder.modules() if isinstance(module, torch.nn.Conv2d))
    conv.weight = torch.nn.Parameter(conv.weight.detach().clone())


def configured(model):
    model.config = dataclasses.replace(model.config, num_steps=2)


@pytest.mark.parametrize("change", [scaled, exchanged, configured, torch.nn.Module.train])
def test_a_changed_network_has_a_new_copy(model, change):
    """Weights written to or exchanged, other settings, training mode."""
    before = ready_copy(model)
    change(model)
    assert ready_copy(model) is not before


def test_the_copy_goes_with_its_network(tiny_checkpoint):
    """Nothing is kept of networks that are no longer used."""
    model = load_checkpoint(tiny_checkpoint)
    gone = weakref.ref(ready_copy(model))
    del model
    gc.collect()
    assert gone() is None
