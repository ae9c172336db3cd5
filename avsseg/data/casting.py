"""Who is heard: things in view, things known to be absent, or nobody."""

from typing import Literal

import numpy as np

from avsseg.data.bank import BankView
from avsseg.data.choice import pick, pick_category, pick_weighted
from avsseg.data.kinds import INSTRUMENTS, confusable, same_family
from avsseg.data.options import SoundOptions
from avsseg.data.scene import Cast

Kind = Literal[
    "one", "several", "none:silence", "none:noise", "none:offscreen", "none:music", "none:absent"
]


class Casting:
    """Chooses the voices of one soundtrack.

    Attributes:
        audible: categories in view that may be made to sound.
        absent: categories with sounds that are surely not in view.
    """

    def __init__(
        self, view: BankView, rng: np.random.Generator, cast: Cast, options: SoundOptions
    ) -> None:
        self.view, self.rng, self.cast, self.options = view, rng, cast, options
        self.audible = self._audible()
        self.absent = self._absent()

    def draw_kind(self, wanted: Kind | None) -> Kind:
        """``wanted``, or a drawn kind; where the scene cannot serve it, a lesser one."""
        o, able = self.options, len(self.audible)
        if wanted is None:
            chances = (o.one, o.several, max(0.0, 1 - o.one - o.several))
            drawn = pick_weighted(self.rng, ("one", "several", "none"), chances)
        else:
            drawn = wanted
        if drawn == "several" and able >= 2:
            return "several"
        if drawn in ("one", "several") and able:
            return "one"
        return wanted if wanted and self._may_play(wanted) else self._draw_negative()

    def _may_play(self, negative: Kind) -> bool:
        """Whether the scene and the bank have what a kind of negative needs."""
        needs: dict[Kind, bool] = {
            "none:silence": True,
            "none:noise": True,
            "none:offscreen": bool(self.view.offscreen),
            "none:music": len(self._musical) >= 2,
            "none:absent": bool(self.absent),
        }
        return needs.get(negative, False)

    def draw_voices(self, kind: Kind) -> tuple[str, ...]:
        """The categories to play for a kind, in view or absent."""
        rng, o = self.rng, self.options
        if kind == "one":
            return (pick(rng, self.audible),)
        if kind == "several":
            return self._draw_some(self.audible, 2 + (rng.random() < o.third))
        if kind == "none:music":
            return self._draw_some(self._musical, int(rng.integers(2, 4)))
        if kind == "none:absent":
            voices = 1 + (rng.random() < o.absent_pair)
            return tuple(dict.fromkeys(self.draw_absent() for _ in range(voices)))
        return ()

    def draw_absent(self) -> str:
        """A category that is not in view, often one that looks like something that is."""
        rng, names = self.rng, self.absent
        hard = [n for n in names if any(same_family(n, o) for o in self.cast.categories)]
        offers = hard if hard and rng.random() < self.options.hard_absent else names
        return pick_category(rng, self.view.sounds, offers)

    def _audible(self) -> list[str]:
        """Large enough, with recordings, and with nothing alike beside them."""
        cast, o = self.cast, self.options
        large = [n for n, a in zip(cast.categories, cast.areas, strict=True) if a >= o.min_area]
        names = [name for name in large if name in self.view.sounds]
        if self.rng.random() < o.confusable:
            return names
        return [n for n in names if not any(confusable(n, other) for other in cast.categories)]

    def _absent(self) -> list[str]:
        """Neither in view nor perhaps in view, nor like anything that is."""
        seen = {*self.cast.categories, *self.cast.uncertain}
        names = [name for name in self.view.sounds if name not in seen]
        return [name for name in names if not any(confusable(name, other) for other in seen)]

    @property
    def _musical(self) -> list[str]:
        return [name for name in self.absent if name in INSTRUMENTS]

    def _draw_negative(self) -> Kind:
        o = self.options
        weights: dict[Kind, float] = {
            "none:silence": o.silence,
            "none:noise": o.noise,
            "none:offscreen": o.offscreen,
            "none:music": o.music,
            "none:absent": o.absent,
        }
        able = {kind: weight for kind, weight in weights.items() if self._may_play(kind)}
        return pick_weighted(self.rng, list(able), list(able.values()))

    def _draw_some(self, names: list[str], count: int) -> tuple[str, ...]:
        return tuple(names[place] for place in self.rng.permutation(len(names))[:count])
