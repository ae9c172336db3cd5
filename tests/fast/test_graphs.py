"""Recorded sampling: what is replayed says what was recorded, with inputs of every call's own."""

import copy

import numpy as np
import pytest
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.fast.graphs import WANTED, Recorded, graphs_wanted, launch_sampling_as_graph
from avsseg.fast.network import fast_copy
from avsseg.fast.ready import ready_copy


@pytest.fixture
def model(tiny_checkpoint):
    return load_checkpoint(tiny_checkpoint)


def record_eagerly(function, places):
    """Replays as a graph does, by writing to the same place, but with ordinary calls."""
    output = function(*places).clone()
    return (lambda: output.copy_(function(*places))), output


def test_a_recording_is_made_for_each_shape_and_answers_every_call_anew():
    """Earlier results stay as they were, and inputs are not held on to."""
    recorded_with = []

    def record(function, places):
        recorded_with.append(places[0].shape)
        return record_eagerly(function, places)

    twice = Recorded(lambda x, y: 2 * x + y, record)
    first = twice(torch.ones(2), torch.zeros(2))
    second = twice(torch.full((2,), 5.0), torch.ones(2))
    third = twice(torch.ones(3), torch.ones(3))

    assert first.tolist() == [2, 2]
    assert second.tolist() == [11, 11]
    assert third.tolist() == [3, 3, 3]
    assert recorded_with == [(2,), (3,)]


def test_recorded_sampling_gives_the_same_latents(model):
    """Of other conditions and noises than those it was recorded with."""
    fast = fast_copy(model)
    recorded = Recorded(fast.sample_from_condition, record_eagerly)
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        c, noise = (torch.randn(2, 5, model.config.latent_dim, generator=generator) for _ in "cn")
        with torch.inference_mode():
            expected = fast.sample_from_condition(c, noise)
            torch.testing.assert_close(recorded(c, noise), expected)


def test_graphs_are_for_cuda_and_for_those_who_ask(monkeypatch):
    """Neither the variable alone nor the device alone is enough."""
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    monkeypatch.delenv(WANTED, raising=False)
    assert not graphs_wanted(cuda)
    monkeypatch.setenv(WANTED, "1")
    assert graphs_wanted(cuda)
    assert not graphs_wanted(cpu)


def test_the_network_itself_is_left_alone(model):
    """Only the copy samples by a graph."""
    fast = fast_copy(model)
    launch_sampling_as_graph(fast)
    assert "sample_from_condition" in vars(fast)
    assert "sample_from_condition" not in vars(model)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_graph_samples_what_the_loop_samples(model, monkeypatch):
    """On a GPU, for two batch sizes in turn, without waiting for the device once it is made."""
    monkeypatch.setenv(WANTED, "1")
    on_gpu = copy.deepcopy(model).cuda()
    fast = ready_copy(on_gpu)
    for clips in (4, 1, 4):
        c, noise = (torch.randn(clips, 5, model.config.latent_dim, device="cuda") for _ in "cn")
        with torch.inference_mode():
            found = fast.sample_from_condition(c, noise).cpu().numpy()
            expected = on_gpu.sample_from_condition(c, noise).cpu().numpy()
        np.testing.assert_allclose(found, expected, atol=1e-4)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        with torch.inference_mode():
            fast.sample_from_condition(c, noise)
    finally:
        torch.cuda.set_sync_debug_mode("default")
