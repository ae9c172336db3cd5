"""What is new in a film's sound: the laws of distance from its own background."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from avsseg.novelty import Novelty

SILENCE = np.array([1, 0, 0, 0], np.float32)
VECTORS = stn.arrays(np.float32, 4, elements=st.floats(0, 100, width=32))


def noisy(rng, middle, unrest=0.05):
    return (np.asarray(middle) + rng.normal(0, unrest, 4)).astype(np.float32)


@pytest.fixture
def known():
    """Twenty moments of a background that wavers a little."""
    rng, novelty = np.random.default_rng(0), Novelty(SILENCE)
    for _ in range(20):
        novelty.learn(noisy(rng, [0, 1, 1, 0]))
    return novelty


def test_background_is_not_new_and_another_sound_is(known):
    """However loud either is: only the direction counts."""
    rng = np.random.default_rng(1)
    assert max(known.event(noisy(rng, [0, 1, 1, 0])) for _ in range(50)) == 0
    assert known.event(np.array([0, 1, 1, 0], np.float32) * 30) == 0
    assert known.event(np.array([1, 1, 0, 1], np.float32)) == 1


def test_nothing_is_new_before_a_background_is_known():
    """Of the first moments no more is said than that they are there."""
    novelty = Novelty(SILENCE)
    for _ in range(7):
        novelty.learn(np.array([0, 1, 1, 0], np.float32))
    assert novelty.event(np.array([1, 0, 0, 1], np.float32)) == 0
    novelty.learn(np.array([0, 1, 1, 0], np.float32))
    assert novelty.event(np.array([1, 0, 0, 1], np.float32)) == 1


def test_what_stands_out_does_not_become_the_background(known):
    """A call that comes again and again stays an event."""
    call = np.array([1, 1, 0, 1], np.float32)
    for _ in range(100):
        known.learn(call)
    assert known.event(call) == 1


def test_silence_is_what_the_encoder_makes_of_no_sound():
    """Exactly that is silence; a slight difference is less, another sound is none."""
    novelty = Novelty(SILENCE)
    assert novelty.silence(SILENCE) == novelty.silence(3 * SILENCE) == 1
    assert 0 < novelty.silence(np.array([1, 0.1, 0, 0], np.float32)) < 1
    assert novelty.silence(np.array([0, 1, 0, 0], np.float32)) == 0


@given(st.lists(VECTORS, max_size=20), VECTORS, VECTORS)
def test_scores_are_shares_whatever_is_heard(background, sound, silence):
    """Also where an encoder gives nothing but zeros."""
    novelty = Novelty(silence)
    for heard in background:
        novelty.learn(heard)
    assert 0 <= novelty.event(sound) <= 1 and 0 <= novelty.silence(sound) <= 1
