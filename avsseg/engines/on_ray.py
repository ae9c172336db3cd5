"""Workers on a Ray cluster: on as many machines as it has, each with a network of its own.

All machines must see videos, outputs and weights under the same paths, and have avsseg installed.
"""

import logging
import os
import re
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import import_module
from types import ModuleType
from typing import Any

from avsseg.engines.attempt import Ended, attempt_apart, end_where_stalled, worker_name
from avsseg.engines.dispatch import Lost
from avsseg.errors import UsageError
from avsseg.inputs import Job
from avsseg.media.manifest import FileReport
from avsseg.predict_file import Progress
from avsseg.predict_jobs import Plan, Predictor

_log = logging.getLogger(__name__)

_FAILED_STARTS = 3
_SECONDS_TO_WONDER = 30.0
_SECONDS_TO_CLEAR_UP = 15.0
_SECONDS_TO_KNOCK = 10.0
_CPUS = (4, 2, 1)
"""What a worker without a GPU asks for, if the cluster has it: the first that lets all begin."""


class _Stopped(BaseException):
    """Unwinds a job that nobody wants any more; no failure of the video."""


class VideoWorker:
    """What lives on the cluster: does one video at a time, and loads the network once."""

    def __init__(self, plan: Plan) -> None:
        end_where_stalled()
        self._predictor = Predictor(plan)
        self._unwanted = threading.Event()

    def name(self) -> str:
        """Host and process, told as soon as the worker has room on the cluster."""
        return worker_name()

    def do(self, job: Job) -> Ended | None:
        """One video; None if the run was stopped meanwhile."""
        with suppress(_Stopped):
            return attempt_apart(job, self._predictor.do, self._check)
        return None

    def stop(self) -> None:
        """Has the job that is under way unwind, so that it leaves nothing half written."""
        self._unwanted.set()

    def _check(self, _done: Fraction, _length: Fraction | None) -> None:
        if self._unwanted.is_set():
            raise _Stopped


@dataclass
class _Worker:
    actor: Any
    waits_for: Any  # the answer to name() at first, then to do(); None between jobs
    name: str | None = None
    job: Job | None = None


class RayWorkers:
    """Actors of a Ray cluster, each given a job only when it is up and idle.

    Ray itself retries nothing here: a job goes to another worker only after its own has died.
    """

    def __init__(self, plan: Plan, *, address: str | None, count: int | None, most: int) -> None:
        """Connects to a cluster and asks it for workers.

        Args:
            plan: what is done with each video.
            address: of the cluster; None for ``RAY_ADDRESS``, else one is started here.
            count: how many workers; None for what the cluster has room for.
            most: no more are of use.

        Raises:
            UsageError: Ray is not installed, the cluster is not there, or has no such device.
        """
        if plan.device not in ("auto", "cpu", "cuda"):
            raise UsageError(f"device {plan.device}: Ray chooses it; use auto, cpu or cuda.")
        self._ray: Any = _installed_ray()
        self._failed_starts = 0
        self._own = not self._ray.is_initialized()
        if self._own:
            _connect(self._ray, address)
        try:
            found, needs = workers_that_fit(self._ray.nodes(), plan.device, count)
        except UsageError:
            self._leave()
            raise
        # Two threads: one does a job, the other hears that it is to stop.
        kind = self._ray.remote(max_concurrency=2, max_restarts=0, **needs)(VideoWorker)
        self._kind, self._plan = kind, replace(plan, weights=plan.weights.absolute())
        self._workers = [self._start() for _ in range(min(found, most))]

    @property
    def has_room(self) -> bool:
        """Whether a worker is up and waits for a job."""
        return any(worker.waits_for is None for worker in self._workers)

    def give(self, job: Job, _progress: Progress | None) -> None:
        """Has a waiting worker begin a job; how far it is cannot be told from afar."""
        worker = next(worker for worker in self._workers if worker.waits_for is None)
        elsewhere = replace(job, source=job.source.absolute(), folder=job.folder.absolute())
        worker.job, worker.waits_for = job, worker.actor.do.remote(elsewhere)

    def next_end(self) -> Ended | Lost | None:
        """Waits until a job has ended, or (None) a worker is up or was replaced."""
        worker = self._next_to_answer()
        job, exceptions = worker.job, self._ray.exceptions
        try:
            answer = self._ray.get(worker.waits_for)
        except exceptions.RayActorError as error:
            self._replace(worker, error)
            return None if job is None else Lost(job=job, how=f"{worker.name} {_how(error)}")
        except exceptions.RayTaskError as error:
            if job is None:
                raise _cannot_start(error) from error
            raise
        worker.waits_for = worker.job = None
        if job is None:
            worker.name = answer
            return None
        return _as_asked(answer, job)

    def _next_to_answer(self) -> _Worker:
        asked = {w.waits_for: w for w in self._workers if w.waits_for is not None}
        patience = _SECONDS_TO_WONDER
        while True:
            done, _ = self._ray.wait(list(asked), num_returns=1, timeout=patience)
            if done:
                return asked[done[0]]
            if all(worker.name is None for worker in self._workers):
                _log.warning("no worker is up yet; the cluster may have no room for one")
                patience *= 4

    def _start(self) -> _Worker:
        actor = self._kind.remote(self._plan)
        return _Worker(actor, actor.name.remote())

    def _replace(self, worker: _Worker, error: Exception) -> None:
        with suppress(Exception):  # it may only be out of reach, and must not come back
            self._ray.kill(worker.actor)
        self._failed_starts = 0 if worker.name else self._failed_starts + 1
        if self._failed_starts >= _FAILED_STARTS:
            raise _cannot_start(error)
        self._workers[self._workers.index(worker)] = self._start()

    def close(self) -> None:
        """Ends all workers; those at work clear up behind themselves first."""
        busy = [worker for worker in self._workers if worker.job is not None]
        with suppress(Exception):  # what is dead or out of reach needs no end
            for worker in busy:
                worker.actor.stop.remote()
            if busy:
                answers = [worker.waits_for for worker in busy]
                self._ray.wait(answers, num_returns=len(busy), timeout=_SECONDS_TO_CLEAR_UP)
            for worker in self._workers:
                self._ray.kill(worker.actor)
        self._leave()

    def _leave(self) -> None:
        if self._own:
            self._ray.shutdown()


def workers_that_fit(
    nodes: Sequence[dict[str, Any]], device: str, count: int | None
) -> tuple[int, dict[str, int]]:
    """How many workers, and what each asks Ray for.

    One for each GPU where they may be used, else one for every four cores of a machine.

    Args:
        nodes: as ``ray.nodes()`` tells of them.
        device: ``auto``, ``cpu`` or ``cuda``.
        count: as many as were asked for; more than there is room for wait until there is.

    Raises:
        UsageError: CUDA was ordered, and no machine of the cluster has a GPU.
    """
    machines = [node["Resources"] for node in nodes if node["Alive"]]
    gpus = sum(int(machine.get("GPU", 0)) for machine in machines)
    if device == "cuda" and not gpus:
        raise UsageError("device cuda: the Ray cluster has no GPU; use --device cpu.")
    if gpus and device != "cpu":
        return count or gpus, {"num_gpus": 1, "num_cpus": 1}
    room = {need: sum(int(m.get("CPU", 0)) // need for m in machines) for need in _CPUS}
    need = next((need for need in _CPUS if room[need] >= (count or 1)), _CPUS[-1])
    return count or max(1, room[need]), {"num_gpus": 0, "num_cpus": need}


def _as_asked(ended: Ended, job: Job) -> Ended:
    """With the paths that this side knows the outputs by."""
    report = ended.outcome
    if isinstance(report, FileReport):
        outputs = {kind: job.folder / path.name for kind, path in report.outputs.items()}
        report = replace(report, source=job.source, outputs=outputs)
    return replace(ended, job=job, outcome=report)


def _installed_ray() -> ModuleType:
    try:
        return import_module("ray")
    except ImportError as error:
        raise UsageError(
            "engine ray: Ray is not installed; pip install 'avsseg[ray]' on every machine."
        ) from error


def _connect(ray: ModuleType, address: str | None) -> None:
    # Ray's own default would knock at the address of a cluster here that was killed long ago.
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    try:
        _knock(address)
        ray.init(
            address=address,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(
            f"engine ray: no cluster at {address} ({_first_line(error)}); "
            "see whether 'ray status' finds it, and set RAY_AUTH_MODE=token if it wants one."
        ) from error


def _knock(address: str) -> None:
    """Finds at once what Ray would try for ten minutes.

    Raises:
        OSError: nobody listens there.
    """
    place = re.fullmatch(r"(?:ray://)?\[?([^/]+?)\]?:(\d+)", address)
    if place is not None:
        socket.create_connection((place[1], int(place[2])), timeout=_SECONDS_TO_KNOCK).close()


def _cannot_start(error: Exception) -> UsageError:
    reason = _first_line(getattr(error, "cause", None) or error)
    return UsageError(
        f"engine ray: workers cannot start ({reason}); "
        "every machine of the cluster needs the same avsseg."
    )


def _how(error: Exception) -> str:
    lost = type(error).__name__ == "ActorUnavailableError"
    return "is out of reach" if lost else "died"


def _first_line(error: object) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason")
