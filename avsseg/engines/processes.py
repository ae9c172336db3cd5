"""Worker processes on this machine, each with a network of its own.

Processes and not threads: Python's part of the work on every picture would otherwise take turns,
and a film that brings a decoder down takes one worker with it instead of the whole run.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess

import torch

from avsseg.engines.attempt import STALLED, Ended, attempt_apart, end_where_stalled
from avsseg.engines.dispatch import Lost
from avsseg.inputs import Job
from avsseg.media.watchdog import PATIENCE
from avsseg.predict_file import Progress
from avsseg.predict_jobs import Plan, Predictor

_SECONDS_BETWEEN_NEWS = 0.25
_SECONDS_TO_CLEAR_UP = 30.0


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    job: Job | None = None
    progress: Progress | None = None


class Processes:
    """Up to ``count`` worker processes, started as there is work for them.

    Memory is ``count`` times that of one video and one network. The cores are shared out between
    the workers, and so are the devices of ``cuda`` where there are several.
    """

    def __init__(self, plan: Plan, count: int) -> None:
        self._plan, self._threads = plan, max(1, torch.get_num_threads() // count)
        self._workers: list[_Worker | None] = [None] * count

    @property
    def has_room(self) -> bool:
        """Whether a worker waits for a job, or may still be started."""
        return any(worker is None or worker.job is None for worker in self._workers)

    def give(self, job: Job, progress: Progress | None) -> None:
        """Has a waiting worker begin a job, or a new one if none waits."""
        worker = next((w for w in self._workers if w is not None and w.job is None), None)
        worker = worker or self._start(self._workers.index(None))
        worker.job, worker.progress = job, progress
        with suppress(OSError):  # it has died meanwhile, which next_end will find
            worker.pipe.send(job)

    def next_end(self) -> Ended | Lost:
        """Waits until a job has ended, and passes on how far the others are."""
        while True:
            busy = {w.pipe: w for w in self._workers if w is not None and w.job is not None}
            for pipe in wait(list(busy)):
                end = self._hear(busy[pipe])  # type: ignore[index]
                if end is not None:
                    return end

    def _hear(self, worker: _Worker) -> Ended | Lost | None:
        try:
            message = worker.pipe.recv()
        except (EOFError, OSError):
            return self._bury(worker)
        if isinstance(message, Ended):
            worker.job = None
            return message
        if worker.progress is not None:
            worker.progress(*message)
        return None

    def _bury(self, worker: _Worker) -> Lost:
        worker.pipe.close()
        worker.process.join()
        self._workers[self._workers.index(worker)] = None
        assert worker.job is not None
        return Lost(job=worker.job, how=_how_it_ended(worker.process.exitcode))

    def _start(self, number: int) -> _Worker:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        plan = replace(self._plan, device=device_of(self._plan.device, number))
        process = context.Process(
            target=_work, args=(there, plan, self._threads), name=f"avsseg-{number}", daemon=True
        )
        with _deaf_to_interrupts():
            process.start()
        there.close()
        worker = self._workers[number] = _Worker(process, here)
        return worker

    def close(self) -> None:
        """Ends all workers; those at work clear up behind themselves first."""
        workers = [worker for worker in self._workers if worker is not None]
        for worker in workers:
            worker.pipe.close()
            if worker.job is not None:
                worker.process.terminate()
        deadline = time.monotonic() + _SECONDS_TO_CLEAR_UP
        for worker in workers:
            worker.process.join(max(0.0, deadline - time.monotonic()))
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def device_of(device: str, number: int) -> str:
    """The device of a worker: all that CUDA has here, in turn, unless one is named."""
    count = torch.cuda.device_count() if device == "cuda" else 0
    return f"cuda:{number % count}" if count > 1 else device


def _how_it_ended(status: int | None) -> str:
    if status == STALLED:
        return f"waited {PATIENCE:g} s for a decoder that did not answer"
    if status is not None and status < 0:
        with suppress(ValueError):
            return f"was killed ({signal.Signals(-status).name})"
    return f"ended with status {status}"


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """What is started meanwhile does not hear Ctrl-C, which reaches all of a terminal's processes.

    The run that was interrupted tells its workers itself, once each.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heard)


def _work(pipe: Connection, plan: Plan, threads: int) -> None:
    """The life of a worker."""
    signal.signal(signal.SIGTERM, _interrupted)
    threading.Thread(target=_outlive_nobody, daemon=True).start()
    end_where_stalled()
    torch.set_num_threads(threads)
    predictor = Predictor(plan)
    with suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            pipe.send(attempt_apart(pipe.recv(), predictor.do, _news(pipe)))


def _interrupted(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # clearing up is not to be interrupted
    raise KeyboardInterrupt


def _outlive_nobody() -> None:
    """Ends this worker with the run that it works for, even if that was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    else:
        os._exit(1)


def _news(pipe: Connection) -> Progress:
    """Tells the run now and then how far a job is."""
    last = 0.0

    def tell(done: Fraction, length: Fraction | None) -> None:
        nonlocal last
        if time.monotonic() - last >= _SECONDS_BETWEEN_NEWS:
            last = time.monotonic()
            pipe.send((done, length))

    return tell
