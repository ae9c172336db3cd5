"""One try at one video, of which everything that comes is a value that another process can take."""

import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from avsseg.errors import AvssegError, CheckpointError, UsageError
from avsseg.inputs import Job
from avsseg.media.manifest import FileReport
from avsseg.media.watchdog import PATIENCE, watch
from avsseg.predict_file import Progress
from avsseg.predict_jobs import DoJob

_log = logging.getLogger(__name__)

FOR_ALL = (UsageError, CheckpointError)
"""What is wrong with the request or the weights is wrong for every video."""

STALLED = 124
"""How a worker ends whose decoder does not come back, as timeout(1) does."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What came of one try.

    Attributes:
        job: what was tried.
        outcome: the report, or the error that ends the whole run.
        remarks: what was logged meanwhile, fit to be handled in another process.
    """

    job: Job
    outcome: FileReport | AvssegError
    remarks: Sequence[logging.LogRecord] = ()


def attempt(job: Job, do: DoJob, progress: Progress | None, *, alone: bool = False) -> FileReport:
    """One video; if it is broken the report says so.

    A bug keeps its traceback: it goes to the log, or up where there is only this one video.

    Raises:
        UsageError: what was asked for cannot be done here for any video.
        CheckpointError: the weights cannot be used.
    """
    try:
        return do(job, progress)
    except FOR_ALL:
        raise
    except AvssegError as error:
        reason = str(error)
    except Exception as error:
        if alone:
            raise
        _log.exception("%s: unexpected failure", job.source)
        reason = f"{job.source}: unexpected {type(error).__name__}: {error}"
    return FileReport(source=job.source, status="failed", reason=reason)


def attempt_apart(job: Job, do: DoJob, progress: Progress | None) -> Ended:
    """One video in a process of its own; nothing is raised or logged here, all of it is told."""
    with _kept_remarks() as remarks:
        try:
            report = attempt(job, do, progress)
        except FOR_ALL as error:
            return Ended(job=job, outcome=error, remarks=remarks)
    facts = {**report.facts, "worker": worker_name()}
    return Ended(job=job, outcome=replace(report, facts=facts), remarks=remarks)


def worker_name() -> str:
    """What tells this process from all others on all machines."""
    return f"{socket.gethostname()}:{os.getpid()}"


class _Keeper(logging.Handler):
    """Keeps records in a form that can be sent: no arguments, no live traceback."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args = record.getMessage(), None
        if record.exc_info:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        record.exc_info = None
        self.records.append(record)


@contextmanager
def _kept_remarks() -> Iterator[list[logging.LogRecord]]:
    logger, keeper = logging.getLogger("avsseg"), _Keeper()
    logger.addHandler(keeper)
    try:
        yield keeper.records
    finally:
        logger.removeHandler(keeper)


def end_where_stalled() -> None:
    """Has this process end with ``STALLED`` when a decoder no longer answers."""
    watch(PATIENCE, lambda file: os._exit(STALLED))
