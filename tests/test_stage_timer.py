"""Where the time of a run goes: stages within stages, threads, waiting, and the floor."""

import threading
import time

import pytest

from avsseg.prefetch import prefetch
from avsseg.stage_timer import NO_TIMER, RunTimes, StageTime, StageTimer

STEP = 0.2


def busy_loop(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_a_stage_within_a_stage_is_not_counted_twice():
    """The outer one keeps what is its own."""
    timer = StageTimer()
    with timer.working("overlay"):
        time.sleep(STEP)
        with timer.working("sound"):
            time.sleep(2 * STEP)
        time.sleep(STEP)
    stages = timer.result().stages

    assert 2 * STEP <= stages["sound"].busy < stages["overlay"].busy + stages["sound"].busy
    assert stages["overlay"].busy >= 2 * STEP
    assert stages["overlay"].cpu < STEP
    assert list(stages) == ["sound", "overlay"]


def test_waiting_is_no_work_and_belongs_to_whom_it_keeps_waiting():
    """Without a name it is the stage around it that waits."""
    timer = StageTimer()
    with timer.working("encode"), timer.waiting():
        time.sleep(STEP)
    stage = timer.result().stages["encode"]

    assert stage.wait >= STEP
    assert stage.busy < STEP


def test_each_counts_the_making_and_not_the_use():
    """What is done with an item between two of them is somebody else's time."""

    def items():
        for n in range(3):
            time.sleep(STEP)
            yield n

    timer, seen = StageTimer(), []
    for item in timer.each("decode", items()):
        seen.append(item)
        time.sleep(4 * STEP)

    assert seen == [0, 1, 2]
    assert 3 * STEP <= timer.result().stages["decode"].busy < 9 * STEP


def test_leaving_early_closes_what_was_timed():
    """A timed generator lets go of its source as the source itself would."""
    closed = []

    def items():
        try:
            yield from range(10)
        finally:
            closed.append(True)

    timed = StageTimer().each("decode", items())
    next(timed)
    timed.close()

    assert closed == [True]


def test_two_threads_count_into_one_timer():
    """A queue between them shows who made whom wait."""
    timer, before = StageTimer(), set(threading.enumerate())

    def slow():
        for n in range(4):
            time.sleep(STEP)
            yield n

    ahead = prefetch(slow(), size_of=lambda _: 1, max_bytes=9, timer=timer, stage="decode")
    assert list(timer.each("encode", ahead)) == [0, 1, 2, 3]
    stages = timer.result().stages

    assert stages["decode"].busy >= 4 * STEP
    assert stages["encode"].wait >= 2 * STEP
    assert stages["encode"].busy < stages["encode"].wait
    made = set(threading.enumerate()) - before
    for thread in made:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in made)


def test_a_failing_stage_is_closed():
    """An exception leaves no stage open for the next one to be counted within."""
    timer = StageTimer()
    with pytest.raises(ZeroDivisionError), timer.working("overlay"):
        raise ZeroDivisionError
    with timer.waiting():
        pass

    assert set(timer.result().stages) == {"overlay", "outputs"}


def test_the_run_holds_the_work_of_all_threads():
    """CPU-seconds are those of the process."""
    timer = StageTimer()
    with timer.running():
        threads = [threading.Thread(target=busy_loop, args=(STEP,)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    times = timer.result()

    assert times.cpu >= 2 * STEP
    assert times.wall >= STEP
    assert times.cores >= 1


@pytest.mark.parametrize(
    ("cores", "floor"), [(1, 12.0), (2, 6.0), (16, 4.5)], ids=["one core", "two", "many"]
)
def test_the_floor_is_the_slowest_stage_or_all_work_shared_by_all_cores(cores, floor):
    """The parts of the network are one stage; waiting and other programs have no part in it."""
    stages = {
        "decode": StageTime(busy=9, cpu=3, wait=50),
        "backbone": StageTime(busy=5, cpu=4),
        "TPAVI": StageTime(busy=1, cpu=0.5),
    }

    assert RunTimes(wall=20, cpu=12, cores=cores, stages=stages).floor == floor


def test_workers_side_by_side_share_the_floor_of_their_stage():
    """Of two threads at the network at once, neither has to do all of it."""
    timer = StageTimer()
    both = threading.Barrier(2)

    def work():
        with timer.working("backbone"):
            both.wait()
            busy_loop(STEP)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stages = timer.result().stages

    assert stages["backbone"].threads == 2
    shared = RunTimes(wall=9, cpu=0, cores=2, stages={"backbone": StageTime(cpu=8, threads=2)})
    assert shared.floor == 4


def test_without_a_timer_everything_is_handed_back_as_it_is():
    """Not even a wrapper is left in the way."""
    items = iter([1])

    assert NO_TIMER.each("decode", items) is items
    assert NO_TIMER.call("convert", len) is len
    assert not NO_TIMER.is_on
