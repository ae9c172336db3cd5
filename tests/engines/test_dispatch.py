"""Handing out jobs: each is done once, whatever becomes of the workers."""

from collections import Counter, deque
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsseg.engines.attempt import Ended
from avsseg.engines.dispatch import ATTEMPTS, Lost, dispatch
from avsseg.errors import CheckpointError
from avsseg.inputs import Job
from avsseg.media.manifest import FileReport


class Imagined:
    """Workers without processes: what becomes of each try is written down beforehand.

    One that died is replaced only when there is nothing else to wait for.
    """

    def __init__(self, count, fates):
        self.count, self.fates = count, fates
        self.busy, self.tries, self.most, self.closed = deque(), Counter(), 0, 0
        self.dead = 0

    @property
    def has_room(self):
        return len(self.busy) + self.dead < self.count

    def give(self, job, progress):
        assert self.has_room
        assert job not in self.busy
        self.busy.append(job)
        self.tries[job] += 1
        self.most = max(self.most, len(self.busy))

    def next_end(self):
        assert self.busy or self.dead
        if not self.busy:
            self.dead -= 1
            return None
        job = self.busy.popleft()
        fate = self.fates.get(job.source.name, {}).get(self.tries[job], "done")
        if fate == "dies":
            self.dead += 1
            return Lost(job=job, how="died")
        if isinstance(fate, Exception):
            return Ended(job=job, outcome=fate)
        return Ended(job=job, outcome=FileReport(source=job.source, status=fate, reason="so"))

    def close(self):
        self.closed += 1


def jobs(count):
    return [Job(source=Path(f"/in/{n}"), folder=Path(f"/out/{n}")) for n in range(count)]


fates = st.dictionaries(
    st.integers(0, 11).map(str),
    st.dictionaries(st.integers(1, ATTEMPTS), st.sampled_from(["dies", "failed", "done"])),
)


@given(st.integers(0, 12), st.integers(1, 5), fates)
def test_every_job_is_reported_once_and_few_are_under_way(count, workers, written):
    """However often workers die: no more jobs are under way than there are workers."""
    imagined = Imagined(workers, written)
    reports = list(dispatch(jobs(count), imagined))

    assert sorted(r.source.name for r in reports) == sorted(str(n) for n in range(count))
    assert imagined.most <= workers
    assert max(imagined.tries.values(), default=0) <= ATTEMPTS
    assert imagined.closed == 1
    for report in reports:
        deaths = [written.get(report.source.name, {}).get(n) for n in range(1, ATTEMPTS + 1)]
        assert ("workers died" in str(report.reason)) == (deaths == ["dies"] * ATTEMPTS)


def test_a_lost_job_is_told_of_and_done_next(caplog):
    """It does not wait behind all the others, and its beginning is told once."""
    begun = []
    imagined = Imagined(1, {"0": {1: "dies"}})
    reports = list(dispatch(jobs(3), imagined, watch=lambda job: begun.append(job.source.name)))

    assert [r.source.name for r in reports] == ["0", "1", "2"]
    assert begun == ["0", "1", "2"]
    assert "/in/0: its worker died; it is done again" in caplog.text


def test_after_a_failure_nothing_is_begun_where_that_is_asked_for():
    """What is under way is brought to its end."""
    imagined = Imagined(2, {"1": {1: "failed"}})
    reports = list(dispatch(jobs(9), imagined, fail_fast=True))

    assert [(r.source.name, r.status) for r in reports] == [
        ("0", "done"),
        ("1", "failed"),
        ("2", "done"),
    ]


def test_after_a_failure_what_was_lost_before_is_still_brought_to_its_end():
    """It had been begun."""
    imagined = Imagined(2, {"0": {1: "dies"}, "1": {1: "failed"}})
    reports = list(dispatch(jobs(9), imagined, fail_fast=True))

    assert [(r.source.name, r.status) for r in reports] == [("1", "failed"), ("0", "done")]


def test_what_is_wrong_for_all_ends_the_run():
    """The workers are closed all the same."""
    imagined = Imagined(2, {"1": {1: CheckpointError("bad weights")}})
    with pytest.raises(CheckpointError, match="bad weights"):
        list(dispatch(jobs(9), imagined))

    assert imagined.closed == 1
