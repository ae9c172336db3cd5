from fractions import Fraction
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avsseg.media.sampling import SampleSpec, Shown, interleave, moment_at, padded, pick

SECOND = Fraction(1)


def film(times, last=Fraction(1, 25)):
    """Pictures named by their number, on display until the next one."""
    ends = [*times[1:], times[-1] + last] if times else []
    return [
        Shown(time=t, end=e, picture=i) for i, (t, e) in enumerate(zip(times, ends, strict=True))
    ]


def steady(rate, seconds, start=Fraction(0)):
    return film(
        [start + Fraction(i) / rate for i in range(int(rate * seconds))], 1 / Fraction(rate)
    )


def test_moments_lie_in_the_middle_of_equal_steps():
    """t_k = start + (k + 1/2) / fps, exactly."""
    spec = SampleSpec(fps=Fraction(24000, 1001))

    assert moment_at(spec, 0, Fraction(5)).target == 5 + Fraction(1001, 48000)
    assert moment_at(spec, 7, Fraction(5)).target == 5 + Fraction(15, 2) * Fraction(1001, 24000)


def test_the_picture_on_display_at_the_moment_is_taken():
    """At one moment a second of a 25 Hz film that is picture 12, shown from 0.48 s."""
    picks = list(pick(steady(25, 3), SampleSpec(fps=SECOND)))

    assert [p.picture for p in picks] == [12, 37, 62]
    assert [p.time for p in picks] == [Fraction(12, 25), Fraction(37, 25), Fraction(62, 25)]


def test_ntsc_times_stay_exact():
    """A 24000/1001 Hz film keeps fractions of 1001 without rounding."""
    rate = Fraction(24000, 1001)
    picks = list(pick(steady(rate, 2), SampleSpec(fps=SECOND)))

    assert all((p.time * rate).denominator == 1 for p in picks)
    assert picks[0].time == Fraction(11 * 1001, 24000)


def test_variable_rate_takes_what_is_on_display():
    """Irregular pictures are chosen by time, never by number."""
    times = [Fraction(0), Fraction(1, 10), Fraction(9, 10), Fraction(29, 20), Fraction(5, 2)]
    picks = list(pick(film(times), SampleSpec(fps=Fraction(2))))

    assert [p.picture for p in picks] == [1, 1, 2, 3, 3]


def test_a_standing_picture_is_heard_at_each_moment():
    """While the picture stands the moment's own time counts, so sound and time go on."""
    picks = list(pick(film([Fraction(0), Fraction(3)]), SampleSpec(fps=SECOND)))

    assert [p.picture for p in picks] == [0, 0, 0]
    assert [p.time for p in picks] == [0, Fraction(3, 2), Fraction(5, 2)]


def test_a_film_shorter_than_one_step_gives_one_moment():
    """However short a film is, it is looked at once."""
    picks = list(pick(steady(30, Fraction(1, 10)), SampleSpec(fps=SECOND)))

    assert [p.picture for p in picks] == [2]


def test_no_pictures_give_no_moments():
    """An empty film ends at once instead of waiting for its first picture."""
    assert list(pick([], SampleSpec(fps=SECOND))) == []


def test_start_and_end_bound_the_moments():
    """Moments count from start and stop before end."""
    spec = SampleSpec(fps=Fraction(2), start=Fraction(2), end=Fraction(4))
    picks = list(pick(steady(20, 10), spec))

    assert [float(p.time) for p in picks] == [2.25, 2.75, 3.25, 3.75]


def test_start_after_the_last_picture_gives_nothing():
    """A stretch beyond the film is empty, not its last picture."""
    assert list(pick(steady(10, 2), SampleSpec(fps=SECOND, start=Fraction(7)))) == []


def test_a_stretch_shorter_than_a_step_gives_the_picture_on_display():
    """Between 2.0 s and 2.1 s there is one moment, and its picture is not a later one."""
    spec = SampleSpec(fps=SECOND, start=Fraction(2), end=Fraction(21, 10))
    picks = list(pick(steady(20, 10), spec))

    assert len(picks) == 1
    assert 2 <= picks[0].time < Fraction(21, 10)


def test_the_first_timestamp_is_the_origin():
    """A film that begins at 100 s is sampled from there."""
    picks = list(pick(steady(10, 2, start=Fraction(100)), SampleSpec(fps=SECOND)))

    assert [p.time for p in picks] == [Fraction(1005, 10), Fraction(1015, 10)]


def test_a_torn_timestamp_does_not_spin():
    """A jump of a year adds ten minutes of moments, not a year of them."""
    year = Fraction(365 * 86400)
    picks = list(pick(film([Fraction(0), year, year + 1]), SampleSpec(fps=SECOND)))

    assert len(picks) < 605
    assert picks[-1].time >= year


def test_an_absurd_duration_of_the_last_picture_does_not_spin():
    """A last picture said to last a year is looked at for ten minutes."""
    picks = list(pick(film([Fraction(0)], last=Fraction(365 * 86400)), SampleSpec(fps=SECOND)))

    assert len(picks) == 600


def test_a_picture_is_settled_by_the_next_one_only():
    """Nothing is read ahead further than the picture after the moment."""
    seen = []

    def pictures():
        for shown in steady(10, 5):
            seen.append(shown.picture)
            yield shown

    next(pick(pictures(), SampleSpec(fps=SECOND)))

    assert seen[-1] == 6


def test_sound_is_centred_on_the_time_of_the_picture():
    """Half the window lies before the picture's time, half after, moved by the offset."""
    plain = next(pick(steady(10, 1), SampleSpec(fps=SECOND)))
    moved = next(pick(steady(10, 1), SampleSpec(fps=SECOND, audio_offset=Fraction(1, 4))))

    assert plain.first_sample == 8000 - 7800
    assert moved.first_sample == 8000 - 7800 - 4000


@settings(deadline=None)
@given(
    rate=st.fractions(min_value=1, max_value=120, max_denominator=1001),
    fps=st.fractions(min_value=Fraction(1, 2), max_value=60, max_denominator=1001),
    start=st.fractions(min_value=-3, max_value=3, max_denominator=90000),
)
def test_moments_are_complete_rising_and_on_display(rate, fps, start):
    """For any rates as many moments as fit, strictly rising, none a step off the grid."""
    shown = steady(rate, 4, start)
    picks = list(pick(shown, SampleSpec(fps=fps)))
    end = shown[-1].end

    assert len(picks) == max(1, -((-(end - start) * fps + Fraction(1, 2)) // 1))
    assert all(a.time < b.time for a, b in pairwise(picks))
    for k, p in enumerate(picks):
        target = start + (k + Fraction(1, 2)) / fps
        on_display = [s for s in shown if s.time <= target][-1]
        assert p.picture == on_display.picture
        assert 0 <= target - p.time < 1 / fps or len(picks) == 1


def test_benchmark_takes_the_last_sixteenth_of_each_second():
    """AVSBench's frame of second l is number int((l + 15/16) * round(rate))."""
    rate = Fraction(30000, 1001)
    picks = list(pick(steady(rate, 5), SampleSpec(fps=SECOND, benchmark=True), rate))

    assert [p.picture for p in picks] == [28, 58, 88, 118, 148]


def test_benchmark_takes_sound_blocks_every_096_seconds():
    """Block l of a clip begins at sample 15360 l, whatever the frames' times."""
    picks = list(pick(steady(25, 10), SampleSpec(fps=SECOND, benchmark=True), Fraction(25)))

    assert [p.first_sample for p in picks[:5]] == [0, 15360, 30720, 46080, 61440]
    assert [p.first_sample for p in picks[5:]] == [80000 + 15360 * i for i in range(5)]


def test_benchmark_clamps_to_the_last_picture():
    """A film of 4.6 s still has a fifth second, seen through its last picture."""
    picks = list(pick(steady(10, Fraction(46, 10)), SampleSpec(fps=SECOND, benchmark=True)))

    assert [p.picture for p in picks] == [9, 19, 29, 39, 45]


def test_clips_interleave_so_that_their_frames_stay_one_second_apart():
    """At two moments a second, ten moments make two clips of five."""
    spec = SampleSpec(fps=Fraction(2))
    clips = list(interleave(range(20), spec.num_frames, spec.stride))

    assert spec.stride == 2
    assert clips[:2] == [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]
    assert clips[2][0] == 10


@settings(deadline=None)
@given(count=st.integers(0, 60), frames=st.integers(1, 6), stride=st.integers(1, 7))
def test_interleaving_loses_and_repeats_nothing(count, frames, stride):
    """Every moment is in exactly one clip, and no clip is empty or too long."""
    clips = list(interleave(range(count), frames, stride))

    assert sorted(i for clip in clips for i in clip) == list(range(count))
    assert all(1 <= len(clip) <= frames for clip in clips)


def test_overlapping_clips_share_their_rims():
    """The last frames of a clip are the first of the next; no clip repeats only what was seen."""
    assert list(interleave(range(9), 5, 1, 2)) == [[0, 1, 2, 3, 4], [3, 4, 5, 6, 7], [6, 7, 8]]
    assert list(interleave(range(8), 5, 1, 2)) == [[0, 1, 2, 3, 4], [3, 4, 5, 6, 7]]
    assert list(interleave(range(7), 3, 2, 1)) == [[0, 2, 4], [1, 3, 5], [4, 6]]


def test_interleaving_reads_one_block_at_a_time():
    """An endless film is cut into clips lazily."""
    endless = iter(lambda: 0, 1)

    assert len(list(islice(interleave(endless, 5, 4), 9))) == 9
    assert len(list(islice(interleave(endless, 5, 4, 3), 9))) == 9


def test_a_short_clip_repeats_its_last_item():
    """Padding never invents a moment."""
    assert padded([1, 2], 5) == [1, 2, 2, 2, 2]


@pytest.mark.parametrize(
    ("fps", "stride"),
    [(Fraction(1), 1), (Fraction(4), 4), (Fraction(1, 2), 1), (Fraction(5, 2), 2)],
)
def test_stride_keeps_the_spacing_of_one_second(fps, stride):
    """Neighbouring frames of a clip are as near to one second apart as the rate allows."""
    assert SampleSpec(fps=fps).stride == stride


@pytest.mark.parametrize(
    "wrong",
    [
        {"fps": Fraction(0)},
        {"fps": Fraction(2), "benchmark": True},
        {"fps": Fraction(1), "overlap": 5},
    ],
)
def test_an_impossible_spec_is_refused(wrong):
    """A rate of nothing, a denser benchmark, or clips that repeat each other are mistakes."""
    with pytest.raises(ValueError, match=r"positive|one moment|overlap"):
        SampleSpec(**wrong)
