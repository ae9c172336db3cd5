"""What crosses the border between arrays and tensors keeps its meaning."""

from fractions import Fraction

import numpy as np
import torch

from avsseg.clip import Clip
from avsseg.log_mel import PATCH_SAMPLES, log_mel
from avsseg.transforms import stack_clips, to_arrays, to_frames, to_probabilities


def make_clip(index: int = 0, num_frames: int = 2) -> Clip:
    random = np.random.default_rng(index)
    return Clip(
        frames=random.integers(0, 256, (num_frames, 6, 8, 3), np.uint8),
        waveform=random.uniform(-1, 1, (num_frames, PATCH_SAMPLES)).astype(np.float32),
        times=tuple(Fraction(n) for n in range(num_frames)),
        num_valid=num_frames,
        index=index,
    )


def test_clips_stack_without_loss():
    """Every byte of every picture is in the batch, in its place."""
    clips = [make_clip(0), make_clip(1)]
    batch = stack_clips(clips, 0.01)

    assert batch.pixels.dtype == torch.uint8
    for row, clip in zip(batch.pixels, clips, strict=True):
        assert np.array_equal(row.numpy(), clip.frames)


def test_the_sound_becomes_the_log_mel_of_the_given_offset():
    """The audio encoder's own offset is used, for each frame's own sound."""
    clip = make_clip()
    batch = stack_clips([clip], 0.25)

    for frame, waveform in zip(batch.log_mel[0], clip.waveform, strict=True):
        torch.testing.assert_close(frame, log_mel(torch.from_numpy(waveform), 0.25))


def test_pixels_become_channels_between_zero_and_one():
    """Red stays the first channel; 255 becomes exactly 1."""
    pixels = torch.zeros(1, 1, 2, 3, 3, dtype=torch.uint8)
    pixels[0, 0, 1, 2] = torch.tensor([255, 51, 0])
    frames = to_frames(pixels)

    assert frames.shape == (1, 1, 3, 2, 3)
    assert frames[0, 0, :, 1, 2].tolist() == [1.0, torch.tensor(51 / 255).item(), 0.0]


def test_binary_logits_become_their_sigmoid():
    """Zero is even odds."""
    logits = torch.tensor([0.0, 100.0, -100.0]).view(1, 1, 1, 1, 3)

    assert to_probabilities(logits).flatten().tolist() == [0.5, 1.0, 0.0]


def test_of_several_classes_all_but_the_background_sound():
    """The probabilities of the named classes add up."""
    logits = torch.log(torch.tensor([0.5, 0.3, 0.2])).view(1, 1, 3, 1, 1)

    torch.testing.assert_close(to_probabilities(logits), torch.full((1, 1, 1, 1), 0.5))


def test_arrays_are_single_precision_whatever_the_network_computed_in():
    """bfloat16 has no numpy; writers never see it."""
    assert to_arrays(torch.ones(2, dtype=torch.bfloat16)).dtype == np.float32
