"""Recorded passes: what is replayed says what was recorded, with inputs of every call's own."""

import copy
import gc
import weakref
from fractions import Fraction

import numpy as np
import pytest
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.clip import Clip
from avsseg.fast.graphs import SWITCH, Recorder, Recording, graphs_wanted, recorder_of
from avsseg.fast.ready import ready_copy
from avsseg.inference import _Network, segment_clips
from avsseg.log_mel import PATCH_SAMPLES

SIZE, T = 64, 5

on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture
def model(tiny_checkpoint):
    return load_checkpoint(tiny_checkpoint)


def make_clip(index):
    random = np.random.default_rng(index)
    return Clip(
        frames=random.integers(0, 256, (T, SIZE, SIZE, 3), np.uint8),
        waveform=random.uniform(-0.3, 0.3, (T, PATCH_SAMPLES)).astype(np.float32),
        times=tuple(Fraction(T * index + n) for n in range(T)),
        num_valid=T,
        index=index,
    )


def record_eagerly(function, inputs):
    """Replays as a graph does, by writing to the same places, but with ordinary calls."""
    outputs = function(*inputs)

    def replay():
        for name, value in function(*inputs).items():
            outputs[name].copy_(value)

    return Recording(inputs, replay, outputs)


def test_a_recording_is_made_for_each_shape_and_kind_and_answers_every_call_anew():
    """Earlier results stay as they were, and inputs are not held on to."""
    recorded_with = []

    def record(function, inputs):
        recorded_with.append(inputs[0].shape)
        return record_eagerly(function, inputs)

    def twice(x, y):
        return {"sum": 2 * x + y}

    recorder = Recorder(record)
    first = recorder.call("a", twice, torch.ones(2), torch.zeros(2))
    second = recorder.call("a", twice, torch.full((2,), 5.0), torch.ones(2))
    third = recorder.call("a", twice, torch.ones(3), torch.ones(3))
    fourth = recorder.call("b", lambda x, y: {"sum": x - y}, torch.ones(3), torch.ones(3))

    assert first["sum"].tolist() == [2, 2]
    assert second["sum"].tolist() == [11, 11]
    assert third["sum"].tolist() == [3, 3, 3]
    assert fourth["sum"].tolist() == [0, 0, 0]
    assert recorded_with == [(2,), (3,), (3,)]


def test_what_no_graph_holds_is_called_as_it_is(caplog):
    """It is told once, and tried once."""
    tries = []

    def record(function, inputs):
        tries.append(inputs)
        raise RuntimeError("operation not permitted when stream is capturing")

    recorder = Recorder(record)
    for value in (1.0, 2.0):
        found = recorder.call("a", lambda x: {"same": x}, torch.full((2,), value))
        assert found["same"].tolist() == [value, value]
    assert len(tries) == 1
    assert caplog.text.count("not permitted") == 1


def test_memory_that_runs_out_while_recording_is_told():
    """So that the batch can be halved, as without graphs."""

    def record(function, inputs):
        raise torch.OutOfMemoryError("full")

    with pytest.raises(torch.OutOfMemoryError):
        Recorder(record).call("a", lambda x: {"same": x}, torch.ones(2))


def test_graphs_are_for_cuda_and_can_be_switched_off(monkeypatch):
    """On unless the variable says 0."""
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    monkeypatch.delenv(SWITCH, raising=False)
    assert graphs_wanted(cuda)
    assert not graphs_wanted(cpu)
    monkeypatch.setenv(SWITCH, "0")
    assert not graphs_wanted(cuda)


def test_recordings_live_as_long_as_their_network(tiny_checkpoint):
    """The same for every run of it, and gone with it."""
    model = load_checkpoint(tiny_checkpoint)
    recorder = weakref.ref(recorder_of(model))
    assert recorder_of(model) is recorder()
    del model
    gc.collect()
    assert recorder() is None


@pytest.mark.parametrize(("samples", "with_muted"), [(1, False), (3, True)])
@pytest.mark.parametrize("count", [1, 3, 5])
def test_recorded_passes_find_the_same(model, count, samples, with_muted):
    """A batch that is not full is filled up, and what fills it is not handed out."""
    clips = [make_clip(index) for index in range(count)]
    options = {
        "seed": 3,
        "batch_size": 2,
        "precision": "fp32",
        "samples": samples,
        "with_muted": with_muted,
    }
    expected = list(segment_clips(model, clips, **options))
    network = _Network(model, **options)
    network.recorder = Recorder(record_eagerly)
    launched = [
        one for start in range(0, count, 2) for one in network.launch(clips[start : start + 2])
    ]

    assert [clip.index for group, _ in launched for clip in group] == list(range(count))
    masks = np.concatenate([found.masks[: len(group)].numpy() for group, found in launched])
    wanted = np.stack([one.masks for one in expected])
    np.testing.assert_allclose(masks, wanted, atol=1e-5)
    names = set(launched[0][1].tensors())
    assert ("muted" in names) == with_muted
    assert ("spread" in names) == (samples > 1)


@pytest.mark.gpu
@on_cuda
@pytest.mark.parametrize(("samples", "with_muted"), [(1, False), (3, True)])
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_graph_finds_what_single_launches_find(
    model, monkeypatch, samples, with_muted, precision
):
    """On a GPU, in full and in smaller batches, in two runs of the same network."""
    clips = [make_clip(index) for index in range(7)]
    on_gpu = copy.deepcopy(model).cuda()
    options = {
        "batch_size": 3,
        "samples": samples,
        "with_muted": with_muted,
        "precision": precision,
    }
    monkeypatch.setenv(SWITCH, "0")
    expected = list(segment_clips(on_gpu, clips, **options))
    monkeypatch.delenv(SWITCH)
    for _ in range(2):
        found = list(segment_clips(on_gpu, clips, **options))
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one.masks, other.masks, atol=2e-2)
            assert (one.muted is None) == (not with_muted)
    known = recorder_of(ready_copy(on_gpu))._known
    assert len(known) == 1
    assert None not in known.values()
