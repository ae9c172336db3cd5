"""The laws of running the network: lazy, ordered, decided by the seed alone."""

import copy
import dataclasses
import logging
from contextlib import contextmanager
from fractions import Fraction

import numpy as np
import pytest
import torch

from avsseg.checkpoint import load_checkpoint
from avsseg.clip import Clip
from avsseg.errors import UsageError
from avsseg.fast.ready import ready_copy
from avsseg.inference import _Network, segment_clips
from avsseg.log_mel import PATCH_SAMPLES
from avsseg.model.build import build_model
from avsseg.noise import clip_noise
from avsseg.transforms import stack_clips

SIZE, T = 64, 5


def make_clip(index: int, num_valid: int = T) -> Clip:
    random = np.random.default_rng(index)
    return Clip(
        frames=random.integers(0, 256, (T, SIZE, SIZE, 3), np.uint8),
        waveform=random.uniform(-0.3, 0.3, (T, PATCH_SAMPLES)).astype(np.float32),
        times=tuple(Fraction(T * index + n) for n in range(T)),
        num_valid=num_valid,
        index=index,
    )


def with_config(model, **changes):
    """The same network under a changed config."""
    changed = build_model(dataclasses.replace(model.config, **changes)).eval()
    changed.load_state_dict(model.state_dict())
    return changed


def masks_of(model, clips, **options):
    return np.concatenate([result.masks for result in segment_clips(model, clips, **options)])


@pytest.fixture(scope="module")
def model(tiny_checkpoint):
    """The tiny network with a latent that is heard out: D_tau's whisper made loud."""
    model = load_checkpoint(tiny_checkpoint)
    with torch.no_grad():
        model.expansion.fuse.weight.mul_(3)
    return model


@pytest.fixture(scope="module")
def clips():
    return [make_clip(index) for index in range(4)]


@contextmanager
def torch_threads(count):
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_clip_is_read_only_when_its_masks_are_asked_for(model, threads):
    """Memory stays that of as many batches as are computed at once, however long the video."""
    pulled = []

    def source():
        for index in range(8):
            pulled.append(index)
            yield make_clip(index)

    with torch_threads(threads):
        results = segment_clips(model, source())
        assert pulled == []
        first = next(results)
        results.close()

    assert pulled == ([0] if threads == 1 else [0, 1, 2, 3])
    assert first.masks.shape == (T, SIZE, SIZE)
    assert first.masks.dtype == np.float32
    assert 0 <= first.masks.min() <= first.masks.max() <= 1


def test_a_group_of_clips_is_worked_off_before_the_next_is_pulled(model):
    """A source that cannot run ahead gets its masks group by group, in the same order."""
    pulled, known = [], []

    def source():
        for index in range(5):
            pulled.append(index)
            yield make_clip(index)

    with torch_threads(3):
        for result in segment_clips(model, source(), at_once=2):
            known.append(result.index)
            assert len(pulled) <= 2 * (result.index // 2 + 1)

    assert known == pulled == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("scope", ["frame", "clip", "video"])
def test_masks_do_not_depend_on_the_batch_size(model, clips, scope):
    """Noise belongs to the clip, not to the batch it happens to sit in."""
    changed = with_config(model, noise_scope=scope)
    alone = masks_of(changed, clips, batch_size=1)

    together = masks_of(changed, clips, batch_size=3)

    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_masks_do_not_depend_on_the_number_of_threads(model, clips):
    """Rounding apart, one core says what two say, and the number stays as it was set."""
    with torch_threads(1):
        one = masks_of(model, clips)
    with torch_threads(2):
        two = masks_of(model, clips)
        assert torch.get_num_threads() == 2

    np.testing.assert_allclose(one, two, atol=1e-4)


def test_a_sampler_with_noise_of_its_own_keeps_to_the_seed_too(model, clips):
    """DDPM and stochastic DDIM give the same masks for every batch size."""
    for changes in ({"sampler": "ddpm"}, {"eta": 1.0}):
        changed = with_config(model, **changes)
        alone = masks_of(changed, clips[:3], batch_size=1)
        together = masks_of(changed, clips[:3], batch_size=3)

        np.testing.assert_allclose(together, alone, atol=1e-4)


def test_the_seed_decides(model, clips):
    """The same seed repeats; another one differs."""
    first, again = masks_of(model, clips[:1], seed=1), masks_of(model, clips[:1], seed=1)

    assert np.array_equal(first, again)
    assert not np.array_equal(first, masks_of(model, clips[:1], seed=2))


def test_results_carry_their_clips_times_and_drop_the_padding(model):
    """A short last clip gives as many masks as it has real moments."""
    clips = [make_clip(0), make_clip(1, num_valid=2)]
    results = list(segment_clips(model, clips, batch_size=2))

    assert [r.index for r in results] == [0, 1]
    assert results[0].times == clips[0].times
    assert results[1].times == clips[1].times[:2]
    assert results[1].masks.shape == (2, SIZE, SIZE)


def full_cuda():
    raise torch.OutOfMemoryError("CUDA out of memory")


def full_cpu():
    torch.empty(2**55, dtype=torch.uint8)


@pytest.mark.parametrize("fill", [full_cuda, full_cpu])
def test_a_full_device_halves_the_batch_and_the_result_is_the_same(
    fill, model, clips, monkeypatch, caplog
):
    """Running out of memory costs time, not the film."""
    expected = masks_of(model, clips, batch_size=1)
    whole, sizes = ready_copy(model).encode_frames, []

    def small_device(frames):
        sizes.append(len(frames))
        if len(frames) > 1:
            fill()
        return whole(frames)

    monkeypatch.setattr(ready_copy(model), "encode_frames", small_device)
    with caplog.at_level(logging.WARNING):
        masks = masks_of(model, clips, batch_size=4)

    np.testing.assert_allclose(masks, expected, atol=1e-4)
    assert sizes == [4, 2, 1, 1, 1, 1]
    assert "going on with 2" in caplog.text


def test_a_device_too_small_for_one_clip_is_one_line(model, clips, monkeypatch):
    """There is nothing left to halve."""

    def no_room(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(ready_copy(model), "encode_frames", no_room)
    with pytest.raises(UsageError, match="single clip"):
        masks_of(model, clips)


def test_a_failure_among_several_workers_arrives_in_its_place(model, clips, monkeypatch):
    """What came before it is not lost, and no thread is left behind."""
    import threading

    def refuse(clip_list, log_offset):
        if clip_list[0].index == 2:
            raise ValueError("torn")
        return stack_clips(clip_list, log_offset)

    monkeypatch.setattr("avsseg.inference.stack_clips", refuse)
    seen = []
    with torch_threads(2), pytest.raises(ValueError, match="torn"):
        for result in segment_clips(model, clips):
            seen.append(result.index)

    assert seen == [0, 1]
    assert not [t for t in threading.enumerate() if t.name.startswith("avsseg-network")]


def test_half_precision_says_nearly_the_same(model, clips):
    """bf16 changes the third decimal, not the mask."""
    full, half = masks_of(model, clips[:1]), masks_of(model, clips[:1], precision="bf16")

    assert 0 < np.abs(full - half).max() < 0.1


def test_an_unknown_precision_is_an_error_of_usage(model, clips):
    """The known ones are listed."""
    with pytest.raises(UsageError, match="bf16"):
        masks_of(model, clips, precision="fp8")


def test_every_kind_of_network_runs(tiny_config, clips):
    """The baseline needs no noise, the CVAE and several classes take the same way."""
    for kind in ("ed", "cvae"):
        config = dataclasses.replace(tiny_config, kind=kind, num_classes=3)
        masks = masks_of(build_model(config).eval(), clips[:1])

        assert masks.shape == (T, SIZE, SIZE)


@pytest.mark.parametrize(
    ("scope", "rows", "same_for_clips"),
    [("frame", T, False), ("clip", 1, False), ("video", 1, True)],
)
def test_the_scope_of_noise_is_what_its_name_says(tiny_config, scope, rows, same_for_clips):
    """Fresh for each frame, one for a clip, or one for the whole video."""
    config = dataclasses.replace(tiny_config, noise_scope=scope)
    first, second = clip_noise(config, 0, 0), clip_noise(config, 0, 1)

    assert first.shape == (T, config.latent_dim)
    assert len(torch.unique(first, dim=0)) == rows
    assert torch.equal(first, second) == same_for_clips


on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")


@pytest.fixture
def watched():
    """Lends a block in which it is an error to make the host wait for the device."""

    @contextmanager
    def without_waiting():
        torch.cuda.synchronize()
        torch.cuda.set_sync_debug_mode("error")
        try:
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")

    return without_waiting


@pytest.mark.gpu
@on_cuda
def test_setting_a_batch_to_work_never_waits_for_the_device(model, clips, watched):
    """Nothing is read back, in the sampling loop or elsewhere, before the masks are asked for."""
    network = _Network(
        copy.deepcopy(model).cuda(),
        seed=0,
        batch_size=4,
        precision="auto",
        samples=2,
        with_muted=True,
    )
    network.launch(clips)
    with watched():
        launched = network.launch(clips)

    assert launched[0][1].masks.is_cuda


@pytest.mark.gpu
@on_cuda
@pytest.mark.parametrize(("precision", "tolerance"), [("fp32", 1e-2), ("bf16", 0.1)])
def test_cuda_says_what_the_cpu_says(model, clips, precision, tolerance):
    """Up to TF32's rounding in float32, nearly so in bf16."""
    expected = masks_of(model, clips)
    found = masks_of(copy.deepcopy(model).cuda(), clips, precision=precision)

    np.testing.assert_allclose(found, expected, atol=tolerance)
