"""The names of what is heard."""

import numpy as np

from avsseg.sound_classes import class_names, event_score, heard_events, silence_score


def scores_of(**named):
    scores = np.zeros(521, np.float32)
    for name, score in named.items():
        scores[class_names().index(name)] = score
    return scores


def test_there_is_a_name_for_every_score_of_yamnet():
    """521 names, all different, the known ones in their places."""
    names = class_names()
    assert len(names) == len(set(names)) == 521
    assert (names[0], names[132], names[494]) == ("Speech", "Music", "Silence")


def test_the_surest_things_are_named_and_rooms_are_not():
    """Two names at most, the surest first; rooms, noise and what is unsure are left out."""
    scores = scores_of(Dog=0.93, Bark=0.8, Growling=0.7, Silence=1.0, Noise=0.95, Speech=0.1)
    assert [str(event) for event in heard_events(scores)] == ["Dog 0.93", "Bark 0.80"]
    assert [event.name for event in heard_events(scores, most=9, least=0.75)] == ["Dog", "Bark"]
    assert heard_events(scores_of(Silence=1.0, Static=0.9)) == ()


def test_a_dog_is_named_before_an_animal():
    """A general name is used only where no special one is nearly as sure."""
    assert heard_events(scores_of(Animal=0.98, Dog=0.9), most=1)[0].name == "Dog"
    assert heard_events(scores_of(Animal=0.98, Dog=0.4), most=1)[0].name == "Animal"


def test_things_and_silence_are_scored_apart():
    """Silence is no event, and no event is silence."""
    scores = scores_of(Dog=0.6, Silence=0.9)
    assert event_score(scores) == np.float32(0.6)
    assert silence_score(scores) == np.float32(0.9)
