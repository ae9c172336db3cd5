"""Tables and subtitles."""

import csv
from fractions import Fraction

import pytest

from avsseg.media.table_writer import (
    FrameRow,
    Segment,
    clock_text,
    open_frame_table,
    seconds_text,
    write_segments,
    write_subtitles,
)


def row(**changes):
    facts = {"index": 0, "pts": 5, "time": Fraction(1, 3), "score": 0.91234, "area": 0.125}
    return FrameRow(**facts | {"box": (1, 2, 30, 40), "loudness_db": -23.456} | changes)


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_moment_is_one_line(tmp_path):
    """Columns in their order, figures rounded, further columns at the end."""
    with open_frame_table(tmp_path / "frames.csv", extra=("label",)) as table:
        table.write(row(extra={"label": 'Dog, "bark"'}))
        table.write(row(index=1, box=None, loudness_db=None))

    header, first, second = read(tmp_path / "frames.csv")
    assert ",".join(header) == "index,pts,time_s,score,area,x0,y0,x1,y1,loudness_db,label"
    assert ",".join(first[:-1]) == "0,5,0.333333,0.9123,0.125,1,2,30,40,-23.46"
    assert first[-1] == 'Dog, "bark"'
    assert second == ["1", "5", "0.333333", "0.9123", "0.125", *[""] * 6]


def test_a_column_that_the_table_lacks_is_a_bug(tmp_path):
    """No value is dropped in silence."""
    with (
        pytest.raises(ValueError, match="no such columns: lable"),
        open_frame_table(tmp_path / "frames.csv", extra=("label",)) as table,
    ):
        table.write(row(extra={"lable": 1}))


def test_segments_and_subtitles_tell_the_same(tmp_path):
    """One for programs, one for players."""
    segments = [
        Segment(start=Fraction(1, 2), end=Fraction(5, 4), label="Dog", score=0.93),
        Segment(start=Fraction(3661), end=Fraction(3662)),
    ]

    write_segments(tmp_path / "segments.csv", segments)
    write_subtitles(tmp_path / "segments.srt", segments)

    assert read(tmp_path / "segments.csv") == [
        ["start_s", "end_s", "label", "score"],
        ["0.500000", "1.250000", "Dog", "0.93"],
        ["3661.000000", "3662.000000", "sounding", ""],
    ]
    assert (tmp_path / "segments.srt").read_text(encoding="utf-8") == (
        "1\n00:00:00,500 --> 00:00:01,250\nDog\n\n2\n01:01:01,000 --> 01:01:02,000\nsounding\n\n"
    )


def test_exact_times_are_rounded_once():
    """The nearest microsecond or millisecond; a player's clock has no negative times."""
    assert seconds_text(Fraction(1001, 24000)) == "0.041708"
    assert seconds_text(Fraction(-1, 3)) == "-0.333333"
    assert clock_text(Fraction(59_9996, 10_000)) == "00:01:00,000"
    assert clock_text(Fraction(-1, 3)) == "00:00:00,000"
