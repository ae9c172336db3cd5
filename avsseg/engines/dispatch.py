"""Hands videos to workers that may die, so that each is done once and none is lost."""

import logging
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Protocol

from avsseg.engines.attempt import Ended
from avsseg.errors import AvssegError
from avsseg.inputs import Job
from avsseg.media.manifest import FileReport
from avsseg.predict_file import Progress
from avsseg.run_record import clear_after

_log = logging.getLogger(__name__)

ATTEMPTS = 3
"""How many workers a video may cost before it is given up."""

Watch = Callable[[Job], Progress | None]
"""Told of each job as it begins; what it returns is told how far that job is."""


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A worker died over a job.

    Attributes:
        job: what it was doing.
        how: how it died, as the end of "its worker ...".
    """

    job: Job
    how: str


class Workers(Protocol):
    """Workers that do one job at a time each, and are replaced when they die."""

    @property
    def has_room(self) -> bool:
        """Whether a worker waits for a job."""
        ...

    def give(self, job: Job, progress: Progress | None) -> None:
        """Has a waiting worker begin a job."""
        ...

    def next_end(self) -> Ended | Lost | None:
        """Waits until a job has ended, or (None) there may be room where there was none."""
        ...

    def close(self) -> None:
        """Ends all workers; those at work leave nothing half written."""
        ...


def dispatch(
    jobs: Sequence[Job], workers: Workers, *, fail_fast: bool = False, watch: Watch | None = None
) -> Generator[FileReport, None, None]:
    """Reports each job as it ends, in whatever order that is.

    No more jobs are under way than there are workers. A job whose worker died is given to
    another one, first of all that wait; a job that has cost ``ATTEMPTS`` workers has failed.

    Args:
        jobs: the videos.
        workers: closed here in the end, however it comes.
        fail_fast: begin nothing after the first failure; what is under way is brought to its end.
        watch: told of each job as it begins for the first time.

    Raises:
        UsageError: what was asked for cannot be done for any video.
        CheckpointError: the weights cannot be used.
    """
    waiting, deaths, told = deque(jobs), Counter[Job](), dict[Job, Progress | None]()
    with closing(workers):
        while waiting or told:
            while waiting and workers.has_room:
                job = waiting.popleft()
                if job not in told:
                    told[job] = None if watch is None else watch(job)
                workers.give(job, told[job])
            end = workers.next_end()
            if end is None:
                continue
            if isinstance(end, Lost):
                deaths[end.job] += 1
                if deaths[end.job] < ATTEMPTS:
                    _log.warning("%s: its worker %s; it is done again", end.job.source, end.how)
                    waiting.appendleft(end.job)
                    continue
            del told[end.job]
            if deaths[end.job]:
                clear_after(end.job.folder)
            report = _given_up(end) if isinstance(end, Lost) else _report_of(end)
            if fail_fast and report.status == "failed":
                waiting = deque(job for job in waiting if job in told)
            yield report


def _report_of(end: Ended) -> FileReport:
    for record in end.remarks:
        logging.getLogger(record.name).handle(record)
    if isinstance(end.outcome, AvssegError):
        raise end.outcome
    return end.outcome


def _given_up(end: Lost) -> FileReport:
    reason = f"{end.job.source}: {ATTEMPTS} workers died over it; the last one {end.how}"
    return FileReport(source=end.job.source, status="failed", reason=reason)
