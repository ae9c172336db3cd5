"""Clips become moments: in order of time, each picture once, what several clips say blended."""

from fractions import Fraction
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsseg.clip import ClipMasks
from avsseg.joining import in_time_order
from avsseg.media.sampling import interleave


def result(index, times, level=None):
    levels = [float(time) if level is None else level for time in times]
    masks = np.stack([np.full((2, 2), one, np.float32) for one in levels])
    return ClipMasks(masks=masks, times=tuple(map(Fraction, times)), index=index)


def levels(moments):
    return [float(moment.mask[0, 0]) for moment in moments]


def test_interleaved_clips_come_out_in_order_of_time():
    """Two clips a second apart within, half a second from each other, and a short last block."""
    clips = [result(0, [0, 1, 2]), result(1, [0.5, 1.5, 2.5]), result(2, [3, 4]), result(3, [3.5])]
    ordered = list(in_time_order(clips, stride=2, num_frames=3))

    assert [moment.time for moment in ordered] == [Fraction(n, 2) for n in range(9)]
    assert all(moment.mask[0, 0] == moment.time for moment in ordered)


def test_no_more_than_one_block_of_clips_is_waited_for():
    """The first block comes out when the second begins, whatever follows."""
    pulled = []

    def clips():
        for index in range(10):
            pulled.append(index)
            yield result(index, [index])

    next(in_time_order(clips(), stride=2, num_frames=1))
    assert pulled == [0, 1, 2]


def test_a_block_that_shares_nothing_comes_with_its_last_clip():
    """Where no later clip can hold its moments, nothing more is pulled for them."""
    pulled = []

    def clips():
        for index in range(10):
            pulled.append(index)
            yield result(index, [index])

    moments = in_time_order(clips(), stride=2, num_frames=1, overlap=0)
    assert [next(moments).time, next(moments).time] == [0, 1]
    assert pulled == [0, 1]


def test_overlapping_clips_are_let_go_as_films_go_on():
    """However long the film is, each moment comes out as soon as no later clip can hold it."""
    pulled = []

    def clips():
        for index, times in enumerate(interleave(count(), 5, 1, 3)):
            pulled.append(index)
            yield result(index, times)

    moments = in_time_order(clips(), stride=1, num_frames=5)
    for number in range(200):
        assert next(moments).time == number
        assert pulled[-1] == number // 2 + 1


def test_moments_on_the_same_picture_count_once():
    """Asking more often than the film has pictures gives each picture once, their mean."""
    clips = [result(0, [0, 1], 0.2), result(1, [0, 1], 0.6), result(2, [2, 2], 0.5)]
    moments = list(in_time_order(clips, stride=2, num_frames=2))

    assert [moment.time for moment in moments] == [0, 1, 2]
    assert levels(moments) == pytest.approx([0.4, 0.4, 0.5])


def test_overlapping_clips_are_blended_by_a_window():
    """Five frames, two of them shared: 2 to 1, then 1 to 2; the rest is one clip's alone."""
    clips = [result(0, range(5), 0.0), result(1, range(3, 8), 0.9)]
    blended = levels(in_time_order(clips, stride=1, num_frames=5))

    assert blended == pytest.approx([0, 0, 0, 0.3, 0.6, 0.9, 0.9, 0.9])


def test_all_that_is_known_of_a_moment_is_blended():
    """Spread, disagreement, the muted answer and the sounds, with the mask's own weights."""

    def told(index, times, level):
        maps = np.full((len(times), 1, 1), level, np.float32)
        return ClipMasks(
            masks=maps,
            times=tuple(map(Fraction, times)),
            index=index,
            spread=maps,
            disagreement=maps[:, 0, 0],
            muted=maps,
            heard=maps[:, 0],
        )

    clips = [told(0, range(5), 0.0), told(1, range(3, 8), 0.9)]
    fourth = list(in_time_order(clips, stride=1, num_frames=5))[3]

    for value in (fourth.mask, fourth.spread, fourth.muted, fourth.heard, fourth.disagreement):
        assert np.asarray(value).item() == pytest.approx(0.3)


@given(
    length=st.integers(0, 50),
    frames=st.integers(1, 5),
    stride=st.integers(1, 4),
    data=st.data(),
)
def test_however_clips_overlap_each_moment_comes_once_and_constant_masks_stay(
    length, frames, stride, data
):
    """A law of the window: what all clips agree on is not changed."""
    overlap = data.draw(st.integers(0, frames - 1))
    clips = enumerate(interleave(range(length), frames, stride, overlap))
    results = [result(index, times, 0.7) for index, times in clips]
    moments = list(in_time_order(results, stride=stride, num_frames=frames))

    assert [moment.time for moment in moments] == list(range(length))
    assert levels(moments) == pytest.approx([0.7] * length)
