"""One video after the other, in this process."""

from collections.abc import Generator, Sequence

from avsseg.engines.attempt import attempt
from avsseg.engines.dispatch import Watch
from avsseg.inputs import Job
from avsseg.media.manifest import FileReport
from avsseg.predict_jobs import DoJob


def in_turn(
    jobs: Sequence[Job], do: DoJob, *, fail_fast: bool = False, watch: Watch | None = None
) -> Generator[FileReport, None, None]:
    """Does jobs in turn and reports each as it ends; a broken one is reported and passed over.

    Args:
        jobs: the videos.
        do: does one of them.
        fail_fast: stop after the first failure.
        watch: told of each job as it begins.

    Raises:
        UsageError: what was asked for cannot be done here for any video.
        CheckpointError: the weights cannot be used.
    """
    for job in jobs:
        progress = None if watch is None else watch(job)
        report = attempt(job, do, progress, alone=len(jobs) == 1)
        yield report
        if fail_fast and report.status == "failed":
            return
