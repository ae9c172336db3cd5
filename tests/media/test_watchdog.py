"""Calls that do not come back are noticed, others are left alone."""

import threading

from avsseg.media.reader import open_video
from avsseg.media.watchdog import answering, watch


def test_a_call_that_does_not_end_is_told_once():
    """With the file that it is about."""
    told, first = [], threading.Event()

    def stalled(file):
        told.append(file)
        first.set()

    watch(0.2, stalled)
    with answering("film.mp4"):
        assert first.wait(60)
        first.clear()
        assert not first.wait(0.5)

    assert told == ["film.mp4"]


def test_many_calls_that_end_are_no_stall(make_film):
    """However long they last together."""
    told = []
    watch(60, told.append)
    with open_video(make_film("film.mp4")) as film:
        assert sum(1 for _ in film.frames()) == 20
    with answering("other.mp4"):
        pass

    assert told == []
