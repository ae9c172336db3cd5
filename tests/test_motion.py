"""Masks carried from one picture to another: known shifts, light that changes, things that go."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from PIL import Image

from avsseg.media.blend import TimedMask, mean
from avsseg.motion import blended, flow

SIDE = 64


def texture(seed=0, size=4 * SIDE):
    """Large, middling and small soft spots, as pictures have them, in [0, 255]."""
    unrest, picture = np.random.default_rng(seed), np.zeros((size, size))
    for cell, share in ((64, 0.5), (32, 0.3), (12, 0.2)):
        spots = Image.fromarray(unrest.integers(0, 256, (size // cell + 1,) * 2, np.uint8))
        picture += share * np.asarray(spots.resize((size, size), Image.Resampling.BICUBIC))
    return picture.clip(0, 255).astype(np.uint8)


def small(picture):
    return np.asarray(Image.fromarray(picture).resize((SIDE, SIDE), Image.Resampling.BOX))


def moved(picture, right, down):
    """The picture, its content shifted by pixels; what leaves comes in on the other side."""
    return np.roll(picture, (down, right), (0, 1))


def scene(left, top, ground=None, side=80):
    """A square thing before a still ground: its grey picture, and its mask (128, 128)."""
    picture = np.array(texture(1) if ground is None else ground)
    picture[top : top + side, left : left + side] = texture(2)[:side, :side]
    mask = np.zeros(picture.shape, np.float32)
    mask[top : top + side, left : left + side] = 1
    return small(picture), mask.reshape(128, 2, 128, 2).mean(axis=(1, 3))


def seen(grey, mask, time=0):
    return TimedMask(time=Fraction(time), mask=mask, grey=grey)


def iou(one, other):
    a, b = one > 0.5, other > 0.5
    return (a & b).sum() / (a | b).sum()


def as_maps(picture):
    return torch.from_numpy(np.array(picture))[None, None].float() / 255


@pytest.mark.parametrize(("right", "down"), [(0, 0), (2, 1), (-10, 6), (24, -20)])
def test_the_flow_of_a_shifted_picture_is_its_shift(right, down):
    """In cells of four pixels, to a tenth of one, up to six cells."""
    here, there = texture(), moved(texture(), right, down)
    found = flow(as_maps(small(here)), as_maps(small(there)))[0, :, 12:-12, 12:-12]
    middle = found.flatten(1).median(dim=1).values
    assert middle.tolist() == pytest.approx([right / 4, down / 4], abs=0.1)


def test_a_thing_between_two_places_is_marked_where_it_is():
    """Half way between, where the mean of both masks marks a little of either side or nothing."""
    near = [(seen(*scene(at, 90)), 0.5) for at in (68, 92)]
    grey, truth = scene(80, 90)
    assert iou(blended(near, to=grey), truth) > 0.93
    assert iou(mean(near), truth) < 0.75


def test_a_lone_neighbour_follows_too():
    """Before the first prediction and after the last one."""
    grey, truth = scene(72, 84)
    lone = seen(*scene(60, 90))
    assert iou(blended([(lone, 1.0)], to=grey), truth) > 0.9
    assert iou(lone.mask, truth) < 0.7


def test_what_stands_still_keeps_its_mask():
    """Grain is no motion."""
    grey, mask = scene(60, 90)
    noise = np.random.default_rng(0).integers(-2, 3, grey.shape)
    near = [(seen(grey, mask), 0.3), (seen(grey, mask), 0.7)]
    np.testing.assert_allclose(blended(near, to=np.clip(grey + noise, 0, 255)), mask, atol=1e-6)


def test_what_stands_still_beside_a_thing_that_moves_keeps_its_mask():
    """Something dark comes by, close to it."""
    grey, mask = scene(60, 90)
    other = np.array(grey)
    other[44:54, 40:60] = 0
    assert blended([(seen(grey, mask), 1.0)], to=other) == pytest.approx(mask, abs=0.2)


def test_a_light_that_is_dimmed_moves_nothing():
    """Brightness that changes everywhere is no motion."""
    grey, truth = scene(80, 90)
    dimmed = (grey * 0.8 + 20).astype(np.uint8)
    near = [(seen(*scene(at, 90)), 0.5) for at in (68, 92)]
    assert iou(blended(near, to=dimmed), truth) > 0.92


def test_the_neighbour_that_looks_like_the_picture_counts_more():
    """A thing that is gone in the nearer neighbour is marked as in the other one."""
    ground = texture(1)
    gone = seen(small(ground), np.zeros((128, 128), np.float32))
    grey, truth = scene(64, 90)
    there = seen(*scene(60, 90))
    assert iou(blended([(there, 0.4), (gone, 0.6)], to=grey), truth) > 0.75
    assert not (mean([(there, 0.4), (gone, 0.6)]) > 0.5).any()


def test_layers_move_together():
    """Mask and spread are stacked; each comes out as it would alone."""
    grey, truth = scene(80, 90)
    near = [(seen(*scene(at, 90)), 0.5) for at in (68, 92)]
    stacked = [(seen(s.grey, np.stack([s.mask, s.mask / 2])), share) for s, share in near]
    both = blended(stacked, to=grey)
    assert both.shape == (2, *truth.shape)
    assert both[0] == pytest.approx(blended(near, to=grey), abs=1e-6)
    assert both[1] == pytest.approx(both[0] / 2, abs=1e-6)


def test_without_pictures_masks_stay_where_they_are():
    """One that is not known is enough."""
    grey, mask = scene(60, 90)
    near = [(seen(grey, mask), 0.25), (seen(None, 0 * mask), 0.75)]
    for to in (None, grey):
        assert blended(near, to=to) == pytest.approx(mask / 4)


@pytest.mark.parametrize("grid", [28, 96, 384])
def test_masks_of_any_grid_can_be_carried(grid):
    """Finer or coarser than the pictures' one, it is the same before and after."""
    (left, a), (grey, truth), (right, b) = (scene(at, 90) for at in (68, 80, 92))
    a, truth, b = (
        np.asarray(Image.fromarray(mask).resize((grid, grid), Image.Resampling.BILINEAR))
        for mask in (a, truth, b)
    )
    carried = blended([(seen(left, a), 0.5), (seen(right, b), 0.5)], to=grey)
    assert carried.shape == (grid, grid)
    assert iou(carried, truth) > 0.9
