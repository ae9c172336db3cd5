"""Worker processes as they are: real ones, killed for good."""

import multiprocessing
import os
import signal

import pytest

from avsseg.engines.choice import Engine, run_jobs
from avsseg.engines.in_turn import in_turn
from avsseg.engines.processes import device_of
from avsseg.errors import CheckpointError, UsageError
from avsseg.predict_jobs import Predictor


def workers_alive():
    children = multiprocessing.active_children()
    return {child.pid for child in children if child.name.startswith("avsseg-")}


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_a_killed_worker_costs_nothing(films, longer, plan, check_done, caplog):
    """Its film is done again by another one; every film is done once, and none is lost."""
    jobs, reports, killed = films(5, **longer), [], None
    for report in run_jobs(jobs, plan, Engine(jobs=2)):
        reports.append(report)
        if killed is None and report.status == "done":
            reporter = int(report.facts["worker"].rpartition(":")[2])
            (killed,) = workers_alive() - {reporter}
            os.kill(killed, signal.SIGKILL)

    check_done(reports, 5)
    assert "its worker was killed (SIGKILL); it is done again" in caplog.text
    assert workers_alive() == set()


def test_weights_that_cannot_be_used_end_the_run_at_once(films, without_weights):
    """With one line, not one for each film."""
    (film,) = (job for job in films(2) if job.source.stem == "1")
    with pytest.raises(CheckpointError):
        list(in_turn([film, film], Predictor(without_weights).do))


def test_workers_share_the_devices_of_cuda(monkeypatch):
    """A device that is named is everybody's; one of several is taken in turn."""
    monkeypatch.setattr("torch.cuda.device_count", lambda: 2)

    assert [device_of("cuda", number) for number in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert device_of("cuda:1", 2) == "cuda:1"
    assert device_of("cpu", 1) == "cpu"


def test_no_jobs_is_no_number_of_jobs():
    """At least one video at a time."""
    with pytest.raises(UsageError, match="jobs"):
        Engine(jobs=0)
