"""Which other clip lends its sound or its latent, whatever the batch size."""

from collections import deque
from dataclasses import dataclass

from torch import Tensor

_REMEMBERED = 64


@dataclass(frozen=True, kw_only=True)
class Partner:
    """What one clip can lend to a later one.

    Shapes:
        log_mel (T, 1, 96, 64); latent (T, D), None for a network without latents
    """

    category: str
    log_mel: Tensor
    latent: Tensor | None


class Partners:
    """The last clips that went by; the nearest of another category is lent.

    Without categories, or with one alone, it is the clip just before. The very first clip has no
    partner, so it has no part in the probes that need one.
    """

    def __init__(self) -> None:
        self._seen: deque[Partner] = deque(maxlen=_REMEMBERED)

    def exchange(self, clip: Partner) -> Partner | None:
        """The partner of a clip, which then joins those that can be lent."""
        others = [p for p in self._seen if not p.category or p.category != clip.category]
        usable = others or list(self._seen)
        self._seen.append(clip)
        return usable[-1] if usable else None
