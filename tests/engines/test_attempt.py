"""One try: what comes of it, and that it can be sent to another process."""

import logging
import pickle
from pathlib import Path

import pytest

from avsseg.engines.attempt import attempt, attempt_apart
from avsseg.errors import MediaError, UsageError
from avsseg.inputs import Job
from avsseg.media.manifest import FileReport

JOB = Job(source=Path("film.mp4"), folder=Path("out"))


def failing(error):
    def do(job, progress):
        logging.getLogger("avsseg.somewhere").warning("about to fail over %s", job.source)
        raise error

    return do


def test_a_broken_video_is_a_report():
    """Its reason is the error's line."""
    report = attempt(JOB, failing(MediaError("film.mp4: is broken")), None)

    assert (report.status, report.reason) == ("failed", "film.mp4: is broken")


def test_a_bug_ends_one_video_and_keeps_its_traceback(caplog):
    """It goes up where there is no other video."""
    report = attempt(JOB, failing(ZeroDivisionError("oh")), None)

    assert report.reason == "film.mp4: unexpected ZeroDivisionError: oh"
    assert "Traceback" in caplog.text
    with pytest.raises(ZeroDivisionError):
        attempt(JOB, failing(ZeroDivisionError("oh")), None, alone=True)


def test_an_impossible_request_ends_all():
    """No other video would fare better."""
    with pytest.raises(UsageError):
        attempt(JOB, failing(UsageError("no such device")), None)


@pytest.mark.parametrize("error", [ZeroDivisionError("oh"), UsageError("no such device")])
def test_what_happens_apart_can_be_sent(error):
    """The outcome, what was logged and the traceback survive pickling; nothing is raised."""
    ended = pickle.loads(pickle.dumps(attempt_apart(JOB, failing(error), None)))
    said = [record.getMessage() for record in ended.remarks]

    assert said[0] == "about to fail over film.mp4"
    if isinstance(error, UsageError):
        assert str(ended.outcome) == "no such device"
    else:
        assert "ZeroDivisionError: oh" in ended.remarks[1].exc_text
        assert ended.outcome.status == "failed"


def test_a_report_says_which_worker_it_came_from():
    """By machine and process."""

    def do(job, progress):
        return FileReport(source=job.source, status="done", facts={"moments": 3})

    facts = attempt_apart(JOB, do, None).outcome.facts

    assert facts["moments"] == 3
    assert facts["worker"].count(":") == 1
