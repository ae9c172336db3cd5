"""Masks carried from the picture that they were predicted from to another one of its scene.

Optical flow by Lucas and Kanade (1981), dense and from coarse to fine: where in the earlier or
later picture is what is seen here? On small grey pictures it takes a few milliseconds, and is
accurate to a part of a cell, which is what the rim of a mask needs.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
import torch.nn.functional as F
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor

from avsseg.media.blend import Mask, Near, mean
from avsseg.media.grey import Grey

_LEVELS, _STEPS = 3, 2
_NOISE = (2 / 255) ** 2  # squared difference that is in no place exceeded if all stands still
_LIGHT = 9.0  # cells: brightness that varies more slowly than this is light, not things
_WINDOW = 2.5  # cells in which everything is taken to move alike
_FLAT = 1e-3  # squared slope (brightness of 1 a cell) below which nothing can be followed
_LONGEST = 2.0  # cells of a level in one step
_RIM, _DOUBT = 2.0, 1e-2  # cells; squared difference at which a match counts half
_FINER = 3  # the finest grid on which masks are carried, against that of the pictures


def blended(near: Near, *, to: Grey | None) -> Mask:
    """The mean of masks, each carried to where the things of its picture are in another one.

    Of two masks that disagree the one counts more whose picture, carried likewise, looks more like
    the other picture at that place.

    Args:
        near: predictions from pictures of one scene, and how much each counts where all match
            equally well.
        to: the picture whose mask is wanted. Where it or one of theirs is not known, masks stay
            where they are.

    Shapes:
        masks (..., h, w) float32, greys and to (S, S) uint8, S a multiple of 4 -> (..., h, w)
    """
    known = [seen.grey for seen, _ in near if seen.grey is not None]
    if to is None or len(known) < len(near):
        return mean(near)
    return _carried(near, np.stack(known), to)


@torch.inference_mode()
def _carried(near: Near, greys: NDArray[np.uint8], to: Grey) -> Mask:
    there, here = _without_light(greys), _without_light(to[None])
    stayed = _blurred((here - there).square(), _RIM)
    if stayed.max() <= _NOISE:
        return mean(near)
    moved = flow(here, there)
    followed = _blurred((here - _taken(there, moved)).square(), _RIM)
    moved = moved * _blurred((followed < stayed).float(), 1.0)  # else it is no match but a guess
    unlike = torch.minimum(followed, stayed)
    masks = np.stack([seen.mask for seen, _ in near])
    shares = torch.tensor([share for _, share in near])
    weights = shares[:, None, None, None] / (unlike + _DOUBT)
    stack = torch.from_numpy(masks.reshape(len(masks), -1, *masks.shape[-2:]))
    grid = [min(size, _FINER * to.shape[-1]) for size in stack.shape[-2:]]
    moved = _regridded(moved, grid) * (grid[0] / to.shape[-1])
    weights = _regridded(weights, grid)
    carried = (weights * _taken(stack, moved)).sum(dim=0, keepdim=True) / weights.sum(dim=0)
    result: Mask = _regridded(carried, stack.shape[-2:]).reshape(masks.shape[1:]).numpy()
    return result


def flow(here: Tensor, there: Tensor) -> Tensor:
    """Where to find in others what is ``here``: at x here is what is at x + flow there, in cells.

    Shapes:
        here (1, 1, S, S), there (N, 1, S, S) float32, S a multiple of 4 -> (N, 2, S, S): to the
        right, down
    """
    levels = [(here, there)]
    for _ in range(_LEVELS - 1):
        levels.append((F.avg_pool2d(levels[-1][0], 2), F.avg_pool2d(levels[-1][1], 2)))
    moved = torch.zeros_like(levels[-1][1]).repeat(1, 2, 1, 1)
    for near, far in reversed(levels):
        if moved.shape[-1] != near.shape[-1]:
            moved = 2 * _regridded(moved, near.shape[-2:])
        moved = _followed(near, far, moved)
    return moved


def _followed(here: Tensor, there: Tensor, moved: Tensor) -> Tensor:
    """The flow of one level, from a first guess: Gauss-Newton steps in windows."""
    slopes = torch.cat(torch.gradient(here, dim=(3, 2)), dim=1)
    squares = torch.cat([slopes.square(), slopes.prod(dim=1, keepdim=True)], dim=1)
    xx, yy, xy = _blurred(squares, _WINDOW).chunk(3, dim=1)
    xx, yy = xx + _FLAT, yy + _FLAT
    inverse = torch.cat([yy, -xy, -xy, xx], dim=1) / (xx * yy - xy * xy)
    inverse = rearrange(inverse, "1 (to of) h w -> 1 to of h w", to=2)
    for _ in range(_STEPS):
        wanted = _blurred(slopes * (here - _taken(there, moved)), _WINDOW)
        step = (inverse * wanted[:, None]).sum(dim=2)
        moved = moved + step.clamp(-_LONGEST, _LONGEST)
    return _blurred(moved, 1.0)


def _taken(there: Tensor, moved: Tensor) -> Tensor:
    """``there``, seen from where it moved to."""
    height, width = moved.shape[-2:]
    scale = torch.tensor([2 / width, 2 / height])[:, None, None]
    places = torch.addcmul(_centres(height, width), moved, scale)
    places = rearrange(places, "n xy h w -> n h w xy")
    return F.grid_sample(there, places, padding_mode="border", align_corners=False)


def _regridded(maps: Tensor, size: Sequence[int]) -> Tensor:
    """Maps on another grid; as one picture of many channels, which is faster than many."""
    together = rearrange(maps, "n c h w -> 1 (n c) h w")
    regridded = F.interpolate(together, size=tuple(size), mode="bilinear")
    return rearrange(regridded, "1 (n c) h w -> n c h w", n=len(maps))


@cache
def _centres(height: int, width: int) -> Tensor:
    """Places (1, 2, h, w) of the cells' centres, from -1 to 1 across the picture."""
    rows, columns = ((torch.arange(n) * 2 + 1) / n - 1 for n in (height, width))
    return torch.stack(torch.meshgrid(columns, rows, indexing="xy"))[None]


def _without_light(greys: NDArray[np.uint8]) -> Tensor:
    """Small pictures (N, S, S) as (N, 1, S, S), less their slow changes of brightness."""
    pictures = torch.tensor(greys)[:, None].float() / 255
    return pictures - _blurred(pictures, _LIGHT)


def _blurred(maps: Tensor, width: float) -> Tensor:
    """Square maps under a Gaussian of a standard deviation in cells."""
    spread = _spread(maps.shape[-1], width)
    return spread @ maps @ spread.T


@cache
def _spread(size: int, width: float) -> Tensor:
    """A row's blur as a matrix (size, size); nothing is lost at its ends."""
    apart = (torch.arange(size)[:, None] - torch.arange(size)).square()
    weights = torch.exp(-apart / (2 * width**2)) * (apart <= (3 * width) ** 2)
    return weights / weights.sum(dim=1, keepdim=True)
