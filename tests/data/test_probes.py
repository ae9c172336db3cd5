import numpy as np
import pytest

from avsseg.data.probes import PROBE_KINDS, probe_scenes
from avsseg.errors import DataError

SIZE = 48


def _probes(view, kind, count=4, **kwargs):
    return list(probe_scenes(view, seed=5, kind=kind, count=count, size=SIZE, **kwargs))


@pytest.mark.parametrize("kind", PROBE_KINDS)
def test_probes_are_fixed_by_their_seed(train_view, kind):
    """Asked again, the same questions come."""
    for one, other in zip(_probes(train_view, kind, 2), _probes(train_view, kind, 2), strict=True):
        assert np.array_equal(one.scene.frames, other.scene.frames)
        assert np.array_equal(one.tracks[0].wave, other.tracks[0].wave)


def test_two_objects_come_with_a_sound_for_each(train_view):
    """Track i plays category i alone, so that sounds can be swapped."""
    for probe in _probes(train_view, "two"):
        assert len(probe.scene.categories) == 2
        for place, track in enumerate(probe.tracks):
            assert track.sounding[:, 0].tolist() == [place == 0, place == 1]


def test_two_of_three_leaves_one_silent(train_view):
    """Three in view, two heard."""
    for probe in _probes(train_view, "two_of_three"):
        assert len(probe.scene.categories) == 3
        assert probe.tracks[0].sounding.sum() == 2


@pytest.mark.parametrize("kind", ["silence", "noise", "offscreen", "absent"])
def test_negatives_mark_nothing_though_something_is_in_view(train_view, kind):
    """An object is there, its sound is not."""
    for probe in _probes(train_view, kind):
        assert probe.scene.masks.any()
        assert not probe.tracks[0].sounding.any()
        assert probe.tracks[0].kind == f"none:{kind}"


def test_stills_hold_for_a_whole_clip(train_view):
    """For five frames the picture stands still and the truth follows the sound."""
    for probe in _probes(train_view, "one", num_frames=5):
        assert probe.scene.frames.shape[0] == probe.scene.masks.shape[1] == 5
        assert (probe.scene.frames == probe.scene.frames[:1]).all()
        assert probe.tracks[0].waveform.shape == (5, 15_600)
        assert not probe.tracks[0].ignored.any()


def test_a_bank_that_cannot_serve_a_probe_says_so(bank, monkeypatch, train_view):
    """A view with two kinds only has no scene of three."""
    from dataclasses import replace

    few = {name: train_view.sounds[name] for name in ("dog", "guitar")}
    view = replace(train_view, sounds=few)
    monkeypatch.setattr("avsseg.data.probes._TRIES", 3)

    with pytest.raises(DataError, match="3 sounding categories"):
        next(probe_scenes(view, seed=0, kind="two_of_three", count=1, size=SIZE))


def test_scenes_are_the_same_in_pictures_of_every_size(train_view):
    """A network that looks at more pixels is asked about the same things in the same places."""
    for small, large in zip(
        *(probe_scenes(train_view, seed=5, kind="two", count=3, size=n) for n in (96, 384)),
        strict=True,
    ):
        assert small.scene.categories == large.scene.categories
        assert small.scene.frames.shape == (1, 96, 96, 3)
        for one, other in zip(small.tracks, large.tracks, strict=True):
            np.testing.assert_array_equal(one.wave, other.wave)
        np.testing.assert_allclose(
            small.scene.masks.mean(axis=(2, 3)), large.scene.masks.mean(axis=(2, 3)), atol=0.01
        )
        shrunk = large.scene.frames.reshape(1, 96, 4, 96, 4, 3).mean(axis=(2, 4))
        assert np.abs(shrunk - small.scene.frames).mean() < 6
