"""The films that quality is measured on: their truth is true."""

from fractions import Fraction

import numpy as np
import pytest

from avsseg.media.sound import measure_sound


@pytest.fixture(scope="module")
def scenes(example):
    """The script's own module."""
    return example("quality_scenes")


def test_a_made_film_sounds_when_its_truth_says(scenes, tmp_path):
    """Loud within its stretches for the most part, and never loud outside; about rims no word."""
    film = next(scenes.made_films(tmp_path, 1, np.random.default_rng(0)))
    profile = measure_sound(film.path)
    levels: dict[bool, list[float]] = {True: [], False: []}
    for hop in range(10, 190):
        state = film.state(hop / 10 + 0.05)
        if state is not None:
            levels[state].append(profile.level_at(Fraction(hop, 10)))

    assert len(levels[True]) > 5 and len(levels[False]) > 50
    assert np.median(levels[True]) > max(levels[False]) + 10
    assert film.state(film.sounding[0][0]) is None


def test_outlines_are_of_three_animals_apart(scenes):
    """They lie in the picture and do not cover one another but for a few pixels of rim."""
    masks = {name: scenes.outline_mask(name, (960, 468)) for name in scenes.OUTLINES}

    assert masks.keys() == {"dog", "cat", "sheep"}
    assert all(0.01 < mask.mean() < 0.25 for mask in masks.values())
    assert (sum(mask.astype(int) for mask in masks.values()) > 1).mean() < 0.002
