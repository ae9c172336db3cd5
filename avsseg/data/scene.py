"""A scene: pictures of things that could sound, before anybody has decided which do."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who is in a scene: all that a soundtrack needs to know, without pixels.

    Shapes:
        areas (N,): the largest share of a frame that each category covers.
    """

    categories: tuple[str, ...]
    areas: NDArray[np.float64]
    uncertain: frozenset[str]
    num_frames: int


@dataclass(frozen=True, kw_only=True)
class Scene:
    """T moments of one picture with the visible part of every category that could sound.

    All objects of one category share one mask: two dogs both count when a dog is heard.

    Shapes:
        frames (T, H, W, 3) uint8 RGB; masks (N, T, H, W) bool, disjoint over N.

    Attributes:
        categories: the N categories in view, each once.
        uncertain: categories that may be in view without a mask; never play them as absent.
        kind: how the scene was made: ``natural``, ``whole``, ``collage`` or ``pasted``.
    """

    frames: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    categories: tuple[str, ...]
    uncertain: frozenset[str]
    kind: str

    @property
    def cast(self) -> Cast:
        """Who is in view and how large."""
        shares = self.masks.mean(axis=(2, 3), dtype=np.float64)
        return Cast(
            categories=self.categories,
            areas=shares.max(axis=1, initial=0.0),
            uncertain=self.uncertain,
            num_frames=self.masks.shape[1],
        )


def target(masks: NDArray[np.bool_], sounding: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The truth of a scene with a soundtrack: the union of the masks of what sounds.

    Shapes:
        masks (N, T, H, W), sounding (N, T) -> (T, H, W).
    """
    return np.asarray((masks & sounding[:, :, None, None]).any(axis=0))
