"""Parts of a job array: together they are everything, and no two hold the same."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsseg.errors import UsageError
from avsseg.shard import Shard, parse_shard

names = st.text(st.characters(blacklist_characters="/\0", blacklist_categories=("Cs",)), min_size=1)


@given(st.sets(names), st.integers(1, 12))
def test_each_video_is_in_exactly_one_part(found, count):
    """Whatever the videos are called and however many parts there are."""
    shards = [Shard(number=number, count=count) for number in range(1, count + 1)]

    for name in found:
        assert sum(shard.holds(Path("films") / name) for shard in shards) == 1


def test_parts_are_the_same_on_every_machine_and_day():
    """The place alone decides; a known answer holds it still."""
    places = [Path(f"season/{number}.mp4") for number in range(12)]
    held = [[p.stem for p in places if Shard(number=n, count=3).holds(p)] for n in (1, 2, 3)]

    assert held == [["0", "2", "5", "9", "11"], ["3", "4", "10"], ["1", "6", "7", "8"]]


def test_parts_are_of_about_one_size():
    """Of 3000 videos each of ten parts holds a tenth, give or take a sixth of that."""
    places = [Path(f"{number:04d}.mp4") for number in range(3000)]
    sizes = [sum(map(Shard(number=n, count=10).holds, places)) for n in range(1, 11)]

    assert all(250 <= size <= 350 for size in sizes)


def test_a_name_that_is_no_text_has_its_part_too():
    """File systems hold any bytes."""
    assert Shard(number=1, count=1).holds(Path("film-\udcff.mp4"))


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/0", "3", "a/b", "1/3/5", "-1/3", " 1/3"])
def test_what_is_no_part_is_named(text):
    """Arrays that count from 0 are told what to count."""
    with pytest.raises(UsageError, match="shard"):
        parse_shard(text)


def test_a_part_is_written_as_users_do():
    """``I/N``, from 1."""
    assert parse_shard("3/10") == Shard(number=3, count=10)
