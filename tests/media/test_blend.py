"""Masks between the moments of prediction."""

from fractions import Fraction

import numpy as np
import pytest

from avsseg.media.blend import MaskTimeline, TimedMask


def steps(*values: float) -> list[TimedMask]:
    return [flat(second, value) for second, value in enumerate(values)]


def flat(time: Fraction | int, value: float) -> TimedMask:
    return TimedMask(time=Fraction(time), mask=np.full((2, 3), value, np.float32))


def at(timeline: MaskTimeline, *times: float | Fraction) -> list[float]:
    return [float(timeline.at(Fraction(time)).flat[0]) for time in times]


def test_masks_are_blended_linearly_in_time():
    """Half way between two predictions lies their mean; on a prediction, the prediction."""
    timeline = MaskTimeline([flat(0, 0), flat(1, 1), flat(3, 0)])

    assert at(timeline, 0, 0.25, 0.5, 1, 2, 3) == [0, 0.25, 0.5, 1, 0.5, 0]


def test_the_ends_are_held():
    """Frames outside the predictions take the nearest one."""
    timeline = MaskTimeline([flat(1, 0.25), flat(2, 0.75)])

    assert at(timeline, -5, 0, 2, 100) == [0.25, 0.25, 0.75, 0.75]


def test_nothing_is_blended_over_a_cut():
    """Frames before the cut hold the old mask, frames from the cut on the new one."""
    timeline = MaskTimeline(steps(0, 1), breaks=[Fraction("0.6")])

    assert at(timeline, 0, 0.5, Fraction("0.6"), 0.9, 1) == [0, 0, 1, 1, 1]


def test_a_prediction_on_the_cut_belongs_to_the_new_scene():
    """A cut is the time of the first frame of its scene."""
    timeline = MaskTimeline(steps(0, 1), breaks=[Fraction(1)])

    assert at(timeline, 0.5, 1) == [0, 1]


def test_a_scene_without_a_prediction_is_empty():
    """No mask is borrowed from a neighbouring scene, at the ends neither."""
    cuts = [Fraction("0.2"), Fraction("1.4"), Fraction("1.6"), Fraction("2.5")]
    timeline = MaskTimeline([flat(1, 1), flat(2, 0.5)], breaks=cuts)

    assert at(timeline, 0, 0.2, 1.3, 1.5, 1.6, 2.4, 2.5, 9) == [0, 1, 1, 0, 0.5, 0.5, 0, 0]
    assert timeline.at(Fraction(10)).shape == (2, 3)


def test_cuts_may_be_found_while_the_film_runs():
    """The list of cuts is read live."""
    cuts: list[Fraction] = []

    def predictions():
        yield flat(0, 0)
        yield flat(1, 1)
        cuts.append(Fraction("1.5"))
        yield flat(2, 0)

    timeline = MaskTimeline(predictions(), breaks=cuts)

    assert at(timeline, 0.5, 1.25, 1.75) == [0.5, 1, 0]


def test_predictions_are_pulled_only_when_frames_reach_them():
    """One prediction ahead of the frame on show, however long the film."""
    pulled = []

    def predictions():
        for second in range(100):
            pulled.append(second)
            yield flat(second, second / 100)

    timeline = MaskTimeline(predictions())
    timeline.at(Fraction(0))
    assert pulled == [0, 1]

    timeline.at(Fraction("4.5"))

    assert pulled == [0, 1, 2, 3, 4, 5]


def test_without_predictions_the_mask_is_empty():
    """A film in which nothing could be predicted is still written."""
    assert at(MaskTimeline([]), 0, 1) == [0, 0]


def test_time_never_goes_back():
    """A frame older than the predictions that are still held is a bug."""
    timeline = MaskTimeline(steps(0, 1))
    timeline.at(Fraction(1))

    with pytest.raises(ValueError, match="time goes back"):
        timeline.at(Fraction("0.5"))


def test_exact_times_do_not_drift():
    """At 24000/1001 frames a second the thousandth prediction meets its own frame exactly."""
    step = Fraction(1001, 24000)
    timeline = MaskTimeline(flat(index * step, index % 2) for index in range(1001))

    assert at(timeline, 1000 * step) == [0]


def test_after_a_pause_the_mask_returns_at_once():
    """A prediction made in the pause has no say in the sound; without any other it is used."""
    predictions = [flat(n, n == 2) for n in range(4)]
    pauses = [Fraction(3, 2), Fraction(5, 2)]
    timeline = MaskTimeline(iter(predictions), pauses=pauses)
    shown = [timeline.at(Fraction(n, 4))[0, 0] for n in (4, 5, 6, 8, 9, 10, 12)]
    assert shown == [0, 0, 1, 1, 1, 0, 0]

    lone = MaskTimeline(iter(predictions), pauses=[Fraction(9, 4), Fraction(11, 4)])
    assert lone.at(Fraction(5, 2))[0, 0] == pytest.approx(0.5)
