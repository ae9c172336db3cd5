"""A local Ray cluster of two workers, one of which is killed; and what is asked of any cluster."""

import importlib.util
import os
import signal
import socket

import pytest

from avsseg.engines.choice import Engine, run_jobs
from avsseg.engines.on_ray import workers_that_fit
from avsseg.errors import UsageError

RAY = importlib.util.find_spec("ray") is not None


def machine(alive=True, **resources):
    return {"Alive": alive, "Resources": resources}


@pytest.mark.parametrize(
    ("machines", "device", "count", "workers", "needs"),
    [
        ([machine(CPU=64.0)], "auto", None, 16, {"num_gpus": 0, "num_cpus": 4}),
        ([machine(CPU=6.0), machine(CPU=6.0)], "cpu", None, 2, {"num_gpus": 0, "num_cpus": 4}),
        ([machine(CPU=2.0)], "auto", None, 1, {"num_gpus": 0, "num_cpus": 2}),
        ([machine(CPU=2.0)], "auto", 2, 2, {"num_gpus": 0, "num_cpus": 1}),
        ([machine(CPU=2.0)], "auto", 9, 9, {"num_gpus": 0, "num_cpus": 1}),
        ([machine(CPU=8.0, GPU=2.0), machine(CPU=4.0)], "auto", None, 2, None),
        ([machine(CPU=8.0, GPU=2.0), machine(False, GPU=8.0)], "cuda", None, 2, None),
        ([machine(CPU=8.0, GPU=2.0)], "cpu", None, 2, {"num_gpus": 0, "num_cpus": 4}),
        ([machine(CPU=8.0, GPU=2.0)], "cuda", 5, 5, None),
    ],
)
def test_workers_fit_the_cluster(machines, device, count, workers, needs):
    """One for each GPU; else four cores each, or what lets as many as were asked for begin."""
    needs = needs or {"num_gpus": 1, "num_cpus": 1}

    assert workers_that_fit(machines, device, count) == (workers, needs)


def test_an_order_for_cuda_is_refused_where_no_machine_has_it():
    """Only auto falls back."""
    with pytest.raises(UsageError, match="no GPU"):
        workers_that_fit([machine(CPU=8.0)], "cuda", None)


@pytest.mark.skipif(RAY, reason="Ray is installed")
def test_without_ray_the_error_says_what_to_install(films, plan):
    """One line, and the name of the extra."""
    with pytest.raises(UsageError, match=r"avsseg\[ray\]"):
        run_jobs(films(2), plan, Engine(name="ray"))


@pytest.mark.skipif(not RAY, reason="Ray is not installed")
def test_an_address_where_nobody_listens_is_one_line(films, plan):
    """It is said at once."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        engine = Engine(name="ray", ray_address=f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(UsageError, match=r"no cluster at 127\.0\.0\.1"):
            run_jobs(films(2), plan, engine)


@pytest.mark.slow
@pytest.mark.skipif(not RAY, reason="Ray is not installed")
def test_a_killed_worker_of_a_cluster_costs_nothing(films, longer, plan, check_done, caplog):
    """Its film is done again by another one; every film is done once, and none is lost."""
    import ray

    jobs, reports, workers = films(6, **longer), [], set()
    ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        for report in run_jobs(jobs, plan, Engine(name="ray", jobs=2)):
            reports.append(report)
            workers.add(report.facts["worker"])
            if len(workers) == 2 and "done again" not in caplog.text:
                (busy,) = workers - {report.facts["worker"]}
                os.kill(int(busy.rpartition(":")[2]), signal.SIGKILL)
                workers.add("killed")
    finally:
        ray.shutdown()

    check_done(reports, 6)
    assert "died; it is done again" in caplog.text
