"""Many videos by one plan, on whatever does the work."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal

from avsseg.engines.dispatch import Watch, dispatch
from avsseg.engines.in_turn import in_turn
from avsseg.engines.on_ray import RayWorkers
from avsseg.engines.processes import Processes
from avsseg.errors import UsageError
from avsseg.inputs import Job
from avsseg.media.manifest import FileReport
from avsseg.predict_jobs import Plan, Predictor
from avsseg.stage_timer import NO_TIMER, NoTimer


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What does the work.

    Attributes:
        name: ``local`` for this machine, ``ray`` for a Ray cluster.
        jobs: videos at a time; None for one here, and on a cluster for what it has room for.
        ray_address: of the cluster; None for ``RAY_ADDRESS``, else one is started for this run.
    """

    name: Literal["local", "ray"] = "local"
    jobs: int | None = None
    ray_address: str | None = None

    def __post_init__(self) -> None:
        if self.jobs is not None and self.jobs < 1:
            raise UsageError("jobs must be at least 1.")

    @property
    def apart(self) -> bool:
        """Whether the work is done in other processes than this one."""
        return self.name == "ray" or (self.jobs or 1) > 1


def run_jobs(
    jobs: Sequence[Job],
    plan: Plan,
    engine: Engine,
    *,
    fail_fast: bool = False,
    watch: Watch | None = None,
    timer: NoTimer = NO_TIMER,
) -> Generator[FileReport, None, None]:
    """Reports each video as it ends; a broken one is reported and passed over.

    Args:
        jobs: the videos.
        plan: what is done with each.
        engine: what does it.
        fail_fast: begin nothing after the first failure.
        watch: told of each job as it begins.
        timer: told what each stage takes, where the work is done in this process.

    Raises:
        UsageError: what was asked for cannot be done here for any video.
        CheckpointError: the weights cannot be used.
    """
    if engine.name == "ray" and jobs:
        workers = RayWorkers(plan, address=engine.ray_address, count=engine.jobs, most=len(jobs))
        return dispatch(jobs, workers, fail_fast=fail_fast, watch=watch)
    count = min(engine.jobs or 1, len(jobs))
    if count > 1:
        return dispatch(jobs, Processes(plan, count), fail_fast=fail_fast, watch=watch)
    return in_turn(jobs, Predictor(plan, timer).do, fail_fast=fail_fast, watch=watch)
