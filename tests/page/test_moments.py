"""What a table of moments amounts to."""

from avsseg.page.moments import (
    Moment,
    key_moments,
    most_heard,
    read_moments,
    spacing,
    stretches,
)
from avsseg.page.words import clock, percent, size


def moments(*areas, **more):
    return [Moment(time=n + 0.5, score=0.5, area=a, **more) for n, a in enumerate(areas)]


def test_stretches_are_runs_of_marked_moments():
    """Each lasts from half a moment before its first to half a moment after its last."""
    found = stretches(moments(0, 0.1, 0.3, 0, 0, 0.2))

    assert [(s.start, s.end) for s in found] == [(1, 3), (5, 6)]
    assert [s.best.time for s in found] == [2.5, 5.5]


def test_key_moments_are_the_best_of_each_stretch_then_others():
    """In order of time, without neighbours, and no more than asked for."""
    film = moments(*[0, 0.1, 0.3, 0, 0, 0, 0.2, 0.1, *[0] * 8])
    keys = [moment.time for moment in key_moments(film)]

    assert keys == sorted(keys)
    assert {2.5, 6.5} <= set(keys)
    assert len(keys) == 4
    assert len(key_moments(moments(*[0, 0.1] * 40))) == 8
    assert key_moments([]) == []
    assert len(key_moments(moments(0.5))) == 1


def test_the_table_is_read_with_all_that_it_may_hold(tmp_path):
    """Columns that are not there are None; sounds come apart into names and scores."""
    table = tmp_path / "frames.csv"
    head = "index,pts,time_s,score,area,x0,y0,x1,y1,loudness_db"
    table.write_text(f"{head}\n0,1,1.500000,0.7,0.25,0,0,1,1,-20.5\n1,2,2.5,0,0,,,,,\n")
    first, second = read_moments(table, shift=1.0)

    assert first == Moment(time=0.5, score=0.7, area=0.25, loudness_db=-20.5)
    assert second.loudness_db is None

    names = '"Dog 0.93; Inside, small room 0.40; odd"'
    table.write_text(f"{head},sounding,disagreement,heard\n0,1,1,0,0,,,,,-9,0.5,0.03,{names}\n")
    (moment,) = read_moments(table)

    assert (moment.sounding, moment.doubt) == (0.5, 0.03)
    assert moment.heard == (("Dog", 0.93), ("Inside, small room", 0.4), ("odd", 1.0))
    assert most_heard([moment] * 3, most=2) == ["odd", "Dog"]


def test_the_spacing_is_the_usual_gap():
    """One gap that differs does not count; a single moment stands for a second."""
    times = [0.0, 0.25, 0.5, 2.0, 2.25]

    assert spacing([Moment(time=t, score=0, area=0) for t in times]) == 0.25
    assert spacing(moments(0)) == 1.0


def test_figures_are_written_for_people():
    """Times carry over, small shares keep a decimal, sizes have units."""
    assert [clock(t) for t in (0, 3.96, 59.97, 3600, -1)] == [
        "0:00.0",
        "0:04.0",
        "1:00.0",
        "1:00:00.0",
        "0:00.0",
    ]
    assert [percent(s) for s in (0, 0.004, 0.1, 1)] == ["0 %", "0.4 %", "10 %", "100 %"]
    assert [size(n) for n in (12, 1500, 15_400, 2e9, 3e12)] == [
        "12 bytes",
        "1.5 kB",
        "15 kB",
        "2.0 GB",
        "3.0 TB",
    ]
