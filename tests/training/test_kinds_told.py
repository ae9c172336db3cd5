"""Truths for a network that tells kinds, out of composed scenes and soundtracks."""

import numpy as np

from avsseg.data.bank import Bank
from avsseg.data.compose import sample_rng
from avsseg.data.options import SoundOptions
from avsseg.data.scene import Cast
from avsseg.data.soundtrack import compose_sound
from avsseg.training.kinds_told import heard_kinds, seen_kinds

NAMES = ("clock", "dog", "guitar")


def test_a_cell_is_of_the_kind_at_its_centre():
    """1 + the place among the names; what has no name among them counts as ground."""
    masks = np.zeros((2, 1, 64, 64), np.bool_)
    masks[0, 0, :16, :32] = True
    masks[1, 0, 48:, 48:] = True

    kinds = seen_kinds(masks, ("guitar", "unicorn"), NAMES)

    expected = np.zeros((1, 4, 4), np.int64)
    expected[0, 0, :2] = 3
    assert np.array_equal(kinds, expected)


def test_what_is_heard_is_told_in_view_or_not(bank_root):
    """A kind that plays is heard, whether the scene shows it; others are not."""
    view = Bank.open(bank_root).split("train")
    for shown in (("dog",), ("clock",)):
        cast = Cast(categories=shown, areas=np.array([0.2]), uncertain=frozenset(), num_frames=3)
        options = SoundOptions(background=0, pause=0, gated=0, floor=0, absent_pair=0)
        kind = "one" if shown == ("dog",) else "none:absent"
        track = compose_sound(view, sample_rng(3, 1), cast, options, kind=kind)

        told = heard_kinds(track, NAMES)

        assert told.shape == (3, 3) and set(np.unique(told)) <= {-1.0, 0.0, 1.0}
        playing = {NAMES.index(name) for name in track.heard}
        assert (told.max(axis=0)[list(playing)] == 1).all()
        assert all((told[:, n] == 0).all() for n in range(3) if n not in playing)
