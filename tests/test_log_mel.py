"""The sound's front end in closed form; golden numbers are in model/test_golden_sound.py."""

import math

import numpy as np
import pytest
import torch

from avsseg.log_mel import (
    MAX_HZ,
    MIN_HZ,
    PATCH_SAMPLES,
    benchmark_patches,
    log_mel,
    mel_matrix,
)

BIN_HZ = 16_000 / 512


@pytest.mark.parametrize("offset", [0.01, 0.001])
def test_silence_is_the_logarithm_of_the_offset(offset):
    """Not zero: an all-zero patch is no silence."""
    patch = log_mel(torch.zeros(2, PATCH_SAMPLES), offset)

    torch.testing.assert_close(patch, torch.full((2, 1, 96, 64), math.log(offset)))


@pytest.mark.parametrize("hz", [440.0, 1000.0, 3520.0])
def test_tone_lights_its_own_band(hz):
    """The loudest band is the one whose triangle is highest at the tone."""
    time = torch.arange(PATCH_SAMPLES, dtype=torch.float64) / 16_000
    patch = log_mel(torch.sin(2 * math.pi * hz * time), 0.01)
    edges = np.linspace(*(1127 * np.log1p(np.array([MIN_HZ, MAX_HZ]) / 700)), 66)
    band = int(np.abs(edges[1:-1] - 1127 * np.log1p(hz / 700)).argmin())

    assert set(patch[0].argmax(dim=1).tolist()) <= {band - 1, band, band + 1}


def test_magnitudes_not_powers():
    """Twice the sound is twice the mel value, not four times."""
    noise = torch.randn(PATCH_SAMPLES, generator=torch.Generator().manual_seed(0)).double()

    once, twice = (log_mel(gain * noise, 0.0).exp() for gain in (1.0, 2.0))

    torch.testing.assert_close(twice, 2 * once)


def test_shift_by_one_hop_shifts_one_row():
    """Frames are cut every 10 ms without padding, so rows move with the sound."""
    noise = torch.randn(PATCH_SAMPLES + 160, generator=torch.Generator().manual_seed(0)).double()

    early, late = log_mel(noise[:-160], 0.01), log_mel(noise[160:], 0.01)

    torch.testing.assert_close(late[:, :-1], early[:, 1:])


@pytest.mark.parametrize("samples", [PATCH_SAMPLES - 1, PATCH_SAMPLES + 1, 0])
def test_other_lengths_are_refused(samples):
    """A patch is 0.975 s, nothing is padded in silence."""
    with pytest.raises(ValueError, match="15600 samples"):
        log_mel(torch.zeros(samples), 0.01)


@pytest.mark.parametrize(("seconds", "patches"), [(5.0, 5), (10.0, 10), (4.815, 5), (0.975, 1)])
def test_benchmark_blocks_of_a_clip(seconds, patches):
    """AVSBench: five of five seconds, and still five of the shortest that gives them."""
    sound = torch.arange(round(seconds * 16_000), dtype=torch.float32)

    blocks = benchmark_patches(sound)

    assert blocks.shape == (patches, PATCH_SAMPLES)
    assert blocks[:, 0].tolist() == [15_360.0 * n for n in range(patches)]


def test_mel_bands_are_unit_triangles_between_their_ends():
    """No area normalisation, nothing at DC, nothing outside 125 to 7500 Hz."""
    matrix = mel_matrix()
    hz = np.arange(257) * BIN_HZ

    assert matrix.shape == (257, 64)
    assert matrix.min() == 0.0 and 0.9 < matrix.max() <= 1.0
    assert not matrix[(hz < MIN_HZ) | (hz > MAX_HZ)].any()
    between_outer_centres = (hz > 160) & (hz < 7150)
    covered = matrix[between_outer_centres].sum(axis=1)
    np.testing.assert_allclose(covered, 1.0, atol=1e-12)


def test_batches_of_any_shape_are_mapped_alike():
    """Leading axes pass through."""
    sound = torch.randn(2, 3, PATCH_SAMPLES, generator=torch.Generator().manual_seed(0))

    patches = log_mel(sound, 0.001)

    assert patches.shape == (2, 3, 1, 96, 64)
    torch.testing.assert_close(patches[1, 2], log_mel(sound[1, 2], 0.001))
