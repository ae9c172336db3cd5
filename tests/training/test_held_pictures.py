"""Clips that hold one picture pass the encoder once, and nothing else changes."""

import pytest
import torch

from avsseg.training.held_pictures import encode_once


@pytest.fixture
def clips():
    """Three clips of four frames: one held, one moving, one that comes back to its first."""
    frames = torch.rand(3, 4, 3, 8, 8)
    frames[0] = frames[0, :1]
    frames[2, 3] = frames[2, 0]
    return frames


class Counting(torch.nn.Module):
    """An encoder of two maps that notes how many frames it saw."""

    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 5, 3, stride=2, padding=1)
        self.seen = []

    def forward(self, frames):
        self.seen.append(frames.shape[1] * frames.shape[0])
        fine = self.conv(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        return [fine, fine.flatten(0, 1).mean((2, 3), keepdim=True).unflatten(0, frames.shape[:2])]


def test_held_frames_pass_once_and_every_map_is_in_its_place(clips):
    """1 + 4 + 3 of 12 frames are distinct from their clip's first."""
    encode = Counting()

    once, each = encode_once(encode, clips), encode(clips)

    assert encode.seen == [8, 12]
    for a, b in zip(once, each, strict=True):
        torch.testing.assert_close(a, b)


def test_the_gradient_is_that_of_every_frame(clips):
    """Each place of a held picture adds to the gradient, as if it had passed by itself."""
    encode, weights = Counting(), torch.rand(3, 4, 5, 4, 4)

    def gradient(maps):
        return torch.autograd.grad((weights * maps[0]).sum(), encode.conv.weight)[0]

    torch.testing.assert_close(gradient(encode_once(encode, clips)), gradient(encode(clips)))


def test_moving_clips_pass_as_they_are(clips):
    """Where no frame repeats its clip's first, the encoder sees the clips themselves."""
    seen = []

    def encode(frames):
        seen.append(frames)
        return [frames]

    moving = clips[1:2]

    assert encode_once(encode, moving)[0] is moving
    assert seen[0] is moving
