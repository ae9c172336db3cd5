"""A scene in the making: what has been drawn so far, shared by the steps of composing."""

from dataclasses import dataclass, field

import numpy as np

from avsseg.data.bank import BankView
from avsseg.data.kinds import confusable
from avsseg.data.options import SceneOptions
from avsseg.data.paste import Layer


@dataclass(kw_only=True)
class Draft:
    """The state of one scene while its parts are drawn in a fixed order.

    Attributes:
        aspect: width over height of the imagined camera; frames are squeezed to a square.
        names: the categories met so far; a category's number is its place, from 1.
        uncertain: categories that may be in view without a mask.
        layers: what will be pasted, back to front.
    """

    view: BankView
    rng: np.random.Generator
    options: SceneOptions
    num_frames: int
    size: int
    aspect: float
    names: list[str] = field(default_factory=list)
    uncertain: set[str] = field(default_factory=set)
    layers: list[Layer] = field(default_factory=list)

    def number(self, category: str) -> int:
        """The number of a category, a new one on first sight."""
        if category not in self.names:
            self.names.append(category)
        return self.names.index(category) + 1

    def may_join(self, category: str) -> bool:
        """Tell whether a category is new and not (or for once) like one already there."""
        if category in self.names:
            return False
        lenient = self.rng.random() < self.options.confusable
        return lenient or not any(confusable(category, other) for other in self.names)
