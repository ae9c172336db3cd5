"""Photographs of a bank as they are: nothing is pasted or cropped, one thing in view sounds."""

from collections.abc import Iterator

import numpy as np

from avsseg.data.bank import BankScene, BankView
from avsseg.data.compose import photographed
from avsseg.data.kinds import confusable
from avsseg.data.probes import COMPOSED, MIN_AREA, draw_clear, held, shown
from avsseg.data.scene import Scene
from avsseg.data.soundtrack import Soundtrack
from avsseg.errors import DataError

_PHOTOGRAPHS = 98
_OF_A_SEQUENCE = 3


def photographs(
    view: BankView, *, seed: int, count: int, num_frames: int = 1, size: int = 224
) -> Iterator[tuple[Scene, Soundtrack]]:
    """Photographs, each once with every one of its kinds alone to be heard, ``count`` in all.

    Composed scenes resemble what a network was trained on; these are what it will be given. A
    kind is heard if it covers 2 % of the picture, all of it is marked, by no network, and nothing
    else that may be in view is taken for it by ear. Of a sequence three pictures are taken.

    Raises:
        DataError: the view has no such photograph.
    """
    number = 0
    stills = list(_stills(view))
    for place in np.random.default_rng((seed, _PHOTOGRAPHS)).permutation(len(stills)):
        scene = photographed(view, stills[place], size=COMPOSED)
        for kind in _told_by_ear(view, scene, stills[place]):
            if number == count:
                return
            rng = np.random.default_rng((seed, _PHOTOGRAPHS, number))
            track = draw_clear(view, rng, held(scene, num_frames).cast, [kind])
            yield held(shown(scene, size), num_frames), track
            number += 1
    if not number:
        raise DataError(f"{view.bank.root}: no photograph shows what could be heard in it")


def _stills(view: BankView) -> Iterator[BankScene]:
    for frames in view.scenes.values():
        step = max(1, len(frames) // _OF_A_SEQUENCE)
        chosen = frames[::step][:_OF_A_SEQUENCE]
        yield from (still for still in chosen if not still.guessed)


def _told_by_ear(view: BankView, scene: Scene, still: BankScene) -> list[str]:
    known = set(view.sounds) - still.unmarked
    rivals = still.unmarked.union(scene.categories)
    return [
        name
        for name, area in zip(scene.categories, scene.cast.areas, strict=True)
        if name in known
        and area >= MIN_AREA
        and not any(confusable(name, other) for other in rivals)
    ]
