"""How long each stage of a run works and waits; costs nothing unless a timer is handed on."""

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

NETWORK = ("network", "audio encoder", "backbone", "neck", "TPAVI", "DDIM", "decoder")
"""What one thread computes with the network; ``network`` is what no part of it accounts for."""

STAGES = (
    *("decode", "convert", "sound", *NETWORK, "outputs"),
    *("second decode", "second convert", "overlay", "encode"),
)
"""The stages of ``predict`` in the order in which a film passes them."""


@dataclass
class StageTime:
    """What one stage took, in seconds.

    Attributes:
        busy: it worked, by the clock on the wall.
        cpu: its own thread computed meanwhile; libraries' further threads are not in it.
        wait: it waited for its input, or for room for its output.
        threads: the most that were at it at once; what they took is added up.
    """

    busy: float = 0.0
    cpu: float = 0.0
    wait: float = 0.0
    threads: int = 1


@dataclass(frozen=True, kw_only=True)
class RunTimes:
    """What one run took, start-up apart.

    Attributes:
        wall: seconds from begin to end.
        cpu: seconds that all threads computed.
        cores: how many of them this process may use.
        stages: by name.
    """

    wall: float
    cpu: float
    cores: int
    stages: dict[str, StageTime] = field(default_factory=dict)

    @property
    def floor(self) -> float:
        """F: seconds that no arrangement of this work can beat.

        The slowest stage, or all CPU-seconds shared by all cores, whichever is more. A stage
        counts with what each of its own threads computed, so that a busy machine cannot raise the
        floor; the parts of the network are one stage.
        """
        parts = [self.stages[name] for name in NETWORK if name in self.stages]
        network = sum(part.cpu for part in parts) / max((part.threads for part in parts), default=1)
        others = [stage.cpu for name, stage in self.stages.items() if name not in NETWORK]
        return max(network, *others, self.cpu / self.cores)


class NoTimer:
    """Times nothing and hands everything back as it is: what runs without ``--profile`` get."""

    is_on = False

    def working(self, stage: str) -> AbstractContextManager[None]:
        """Counts a block as work of a stage; a stage within is not counted for the outer one."""
        return nullcontext()

    def waiting(self, stage: str | None = None) -> AbstractContextManager[None]:
        """Counts a block as waiting of a stage: by default of the one whose work it interrupts."""
        return nullcontext()

    def running(self) -> AbstractContextManager[None]:
        """Counts a block as part of the whole run."""
        return nullcontext()

    def each(self, stage: str, items: Iterable[Item]) -> Iterable[Item]:
        """The items; making each counts as work of a stage."""
        return items

    def call(self, stage: str, function: Callable[..., Result]) -> Callable[..., Result]:
        """The function; calling it counts as work of a stage."""
        return function


NO_TIMER = NoTimer()


class StageTimer(NoTimer):
    """Adds up what the stages of one run, in whatever thread, take."""

    is_on = True

    def __init__(self) -> None:
        self._stages: dict[str, StageTime] = {}
        self._at_it: Counter[str] = Counter()
        self._wall = self._cpu = 0.0
        self._lock = threading.Lock()
        self._mine = threading.local()

    def result(self) -> RunTimes:
        """All that was counted so far, stages in the order of ``STAGES``."""
        names = [*STAGES, *(self._stages.keys() - set(STAGES))]
        stages = {name: self._stages[name] for name in names if name in self._stages}
        return RunTimes(wall=self._wall, cpu=self._cpu, cores=num_cores(), stages=stages)

    @contextmanager
    def working(self, stage: str) -> Iterator[None]:
        """See ``NoTimer``."""
        self.begin(stage)
        try:
            yield
        finally:
            self.end()

    @contextmanager
    def waiting(self, stage: str | None = None) -> Iterator[None]:
        """See ``NoTimer``."""
        stack = self._stack()
        name = stage or next((entry.stage for entry in reversed(stack) if entry.works), None)
        self.begin(name or "outputs", works=False)
        try:
            yield
        finally:
            self.end()

    @contextmanager
    def running(self) -> Iterator[None]:
        """See ``NoTimer``."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self._wall += time.perf_counter() - wall
            self._cpu += time.process_time() - cpu

    def each(self, stage: str, items: Iterable[Item]) -> Iterator[Item]:
        """See ``NoTimer``; closing it closes the items."""
        iterator = iter(items)
        try:
            while True:
                with self.working(stage):
                    try:
                        item = next(iterator)
                    except StopIteration:
                        return
                yield item
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    def call(self, stage: str, function: Callable[..., Result]) -> Callable[..., Result]:
        """See ``NoTimer``."""

        def timed(*arguments: object, **options: object) -> Result:
            with self.working(stage):
                return function(*arguments, **options)

        return timed

    def begin(self, stage: str, *, works: bool = True) -> None:
        """Something of a stage begins in this thread; ``end`` must follow."""
        stack = self._stack()
        if stack:
            self._count(stack[-1])
        stack.append(_Open(stage, works, time.perf_counter(), time.thread_time()))
        if works:
            with self._lock:
                self._at_it[stage] += 1
                entry = self._stages.setdefault(stage, StageTime())
                entry.threads = max(entry.threads, self._at_it[stage])

    def end(self) -> None:
        """What began last in this thread ends."""
        stack = self._stack()
        ended = stack.pop()
        self._count(ended)
        with self._lock:
            self._at_it[ended.stage] -= ended.works
        if stack:
            stack[-1].wall, stack[-1].cpu = time.perf_counter(), time.thread_time()

    def _count(self, entry: "_Open") -> None:
        wall, cpu = time.perf_counter() - entry.wall, time.thread_time() - entry.cpu
        with self._lock:
            stage = self._stages.setdefault(entry.stage, StageTime())
            if entry.works:
                stage.busy, stage.cpu = stage.busy + wall, stage.cpu + cpu
            else:
                stage.wait += wall

    def _stack(self) -> list["_Open"]:
        if not hasattr(self._mine, "stack"):
            self._mine.stack = []
        stack: list[_Open] = self._mine.stack
        return stack


@dataclass
class _Open:
    """Work or waiting that has begun, since when it counts."""

    stage: str
    works: bool
    wall: float
    cpu: float


def num_cores() -> int:
    """Cores that this process may use."""
    with suppress(AttributeError):  # not known everywhere
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
