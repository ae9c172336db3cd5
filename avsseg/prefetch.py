"""Lets two stages of a chain of generators work at the same time."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

from avsseg.stage_timer import NO_TIMER, NoTimer

Item = TypeVar("Item")


def prefetch(
    items: Iterable[Item],
    *,
    size_of: Callable[[Item], int],
    max_bytes: int,
    timer: NoTimer = NO_TIMER,
    stage: str = "",
) -> Generator[Item, None, None]:
    """The same items, made in a thread of their own, ahead by at most ``max_bytes``.

    One item is always let through, however large. An exception of the source is raised here in
    its place. Closing this generator stops the source at its next item, closes it in its own
    thread and waits for that, so nothing runs on behind the caller's back.

    Args:
        items: the source.
        size_of: bytes of an item.
        max_bytes: how much may wait for the caller.
        timer: told how long making items takes and how long each side waits for the other.
        stage: the name under which the making counts.
    """
    queue = _Stage(timer.each(stage, items), size_of, max_bytes, timer, stage)
    thread = threading.Thread(target=queue.produce, name="avsseg-prefetch", daemon=True)
    thread.start()
    try:
        yield from queue.consume()
    finally:
        queue.stop()
        thread.join()


class _Stage(Generic[Item]):
    """The queue between a producing thread and its consumer, bounded by bytes."""

    def __init__(
        self,
        items: Iterable[Item],
        size_of: Callable[[Item], int],
        max_bytes: int,
        timer: NoTimer,
        stage: str,
    ) -> None:
        self._timer, self._stage = timer, stage
        self._items, self._size_of, self._max_bytes = items, size_of, max_bytes
        self._queue: deque[tuple[Item, int]] = deque()
        self._held = 0
        self._changed = threading.Condition()
        self._stopped = self._finished = False
        self._error: BaseException | None = None

    def produce(self) -> None:
        """Fill the queue until the source ends, fails or is no longer wanted."""
        try:
            for item in self._items:
                if not self._put(item):
                    break
        except BaseException as error:
            self._error = error
        finally:
            self._close_source()
            with self._changed:
                self._finished = True
                self._changed.notify_all()

    def consume(self) -> Iterator[Item]:
        """Hand out what comes, then the source's exception if it ended with one."""
        while True:
            with self._changed:
                with self._timer.waiting():
                    while not self._queue and not self._finished:
                        self._changed.wait()
                if not self._queue:
                    break
                item, size = self._queue.popleft()
                self._held -= size
                self._changed.notify_all()
            yield item
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Say that no more items are wanted."""
        with self._changed:
            self._stopped = True
            self._queue.clear()
            self._changed.notify_all()

    def _put(self, item: Item) -> bool:
        size = self._size_of(item)
        with self._changed:
            with self._timer.waiting(self._stage):
                while self._queue and self._held + size > self._max_bytes and not self._stopped:
                    self._changed.wait()
            if self._stopped:
                return False
            self._queue.append((item, size))
            self._held += size
            self._changed.notify_all()
        return True

    def _close_source(self) -> None:
        close = getattr(self._items, "close", None)
        if close is not None:
            with suppress(Exception):
                close()
