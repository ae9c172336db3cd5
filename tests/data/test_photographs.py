"""Photographs as questions: pictures as they are, and only what all of is marked is asked about."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from avsseg.data.photographs import photographs
from avsseg.data.scene import target
from avsseg.errors import DataError


def _asked(view, count=99, **kwargs):
    return list(photographs(view, seed=3, count=count, size=384, **kwargs))


def _with(view, **changes):
    """The view with these things about each of its natural pictures changed."""
    scenes = {n: tuple(replace(s, **changes) for s in f) for n, f in view.scenes.items()}
    return replace(view, scenes=scenes)


def _recast(view, kinds):
    """The view with things of other kinds in the same places."""
    scenes = {
        name: tuple(
            replace(
                s, instances=tuple(replace(i, category=kinds.get(i.category)) for i in s.instances)
            )
            for s in frames
        )
        for name, frames in view.scenes.items()
    }
    sounds = view.sounds | dict.fromkeys(kinds.values(), view.sounds["guitar"])
    return replace(view, scenes=scenes, sounds=sounds)


@pytest.fixture(scope="module")
def marked(train_view):
    """The view, all of whose pictures have a mask for every object."""
    return _with(train_view, exhaustive=True)


def test_pictures_are_shown_whole(marked):
    """Three of the film's six, each as the bank has it, once for the dog and once for the clock."""
    stills = [s for frames in marked.scenes.values() for s in frames if s.instances]
    pictures = [Image.fromarray(marked.bank.picture(still.path)[0]) for still in stills]
    bilinear = Image.Resampling.BILINEAR
    known = [np.array(picture.resize((384, 384), bilinear)) for picture in pictures]
    asked = _asked(marked)

    found = [next(n for n, k in enumerate(known) if (k == s.frames[0]).all()) for s, _ in asked]
    assert sorted(found) == [0, 0, 2, 2, 4, 4]
    assert [track.heard for _, track in asked].count(("dog",)) == 3


def test_what_is_heard_is_marked_alone(marked):
    """The truth is the mask of the kind that is played, while it sounds."""
    for scene, track in _asked(marked, num_frames=3):
        (name,) = track.heard
        truth, on = target(scene.masks, track.sounding), track.sounding.any(axis=0)
        assert on.any()
        assert (truth[on] == scene.masks[scene.categories.index(name)][on]).all()
        assert truth[on].any(axis=(1, 2)).all()
        assert not truth[~on].any()


def test_the_seed_decides_and_the_count_bounds(marked):
    """The same again, and no more than asked for; other seeds draw other sounds."""
    one, two = _asked(marked, count=3), _asked(marked, count=3)
    other = list(photographs(marked, seed=4, count=3, size=384))

    assert len(one) == 3
    assert all((a.wave == b.wave).all() for (_, a), (_, b) in zip(one, two, strict=True))
    assert any(
        a.wave.shape != b.wave.shape or (a.wave != b.wave).any()
        for (_, a), (_, b) in zip(one, other, strict=True)
    )


def test_a_teachers_masks_are_no_truth(marked):
    """Pictures whose masks a network guessed are left out, and so nothing is left."""
    with pytest.raises(DataError, match="no photograph"):
        _asked(_with(marked, guessed=True))


def test_kinds_that_may_lack_a_mask_are_not_asked_about(marked):
    """Where only some things are marked, cars may stand anywhere; dogs may not."""
    view = _recast(_with(marked, exhaustive=False), {"dog": "car", "clock": "dog"})

    assert {track.heard for _, track in _asked(view)} == {("dog",)}


def test_what_sounds_like_an_unmarked_thing_is_not_asked_about(marked):
    """A motorcycle may be one of the cars that stand there without a mask."""
    view = _recast(marked, {"dog": "motorcycle", "clock": "dog"})
    some = _with(view, exhaustive=False)

    assert {track.heard for _, track in _asked(view)} == {("motorcycle",), ("dog",)}
    assert {track.heard for _, track in _asked(some)} == {("dog",)}


def test_kinds_that_sound_alike_are_not_asked_about(marked):
    """Nobody can tell by ear which of a trumpet and a trombone sounds."""
    with pytest.raises(DataError, match="no photograph"):
        _asked(_recast(marked, {"dog": "trumpet", "clock": "trombone"}))
