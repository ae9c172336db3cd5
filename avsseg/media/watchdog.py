"""Notices a call into the codec libraries that does not come back, which nothing can interrupt."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

PATIENCE = 300.0
"""Seconds after which a decoder that does not answer is given up."""

_LOOKS = 10


class _Call:
    """One call that is under way, and on which file."""

    def __init__(self, file: str) -> None:
        self.file = file


_under_way: dict[int, _Call] = {}


@contextmanager
def answering(file: str) -> Iterator[None]:
    """Marks a block as one call on a file, which is to end soon. Blocks do not nest."""
    thread = threading.get_ident()
    _under_way[thread] = _Call(file)
    try:
        yield
    finally:
        del _under_way[thread]


def watch(seconds: float, stalled: Callable[[str], None]) -> None:
    """Calls ``stalled`` with the file, in a thread of its own, when a call lasts so long.

    Time in which this process is stopped as a whole does not count.
    """
    arguments = seconds / _LOOKS, stalled
    threading.Thread(target=_look, args=arguments, name="avsseg-watchdog", daemon=True).start()


def _look(pause: float, stalled: Callable[[str], None]) -> None:
    seen: dict[_Call, int] = {}
    while True:
        time.sleep(pause)
        seen = {call: seen.get(call, 0) + 1 for call in _under_way.copy().values()}
        for call, times in seen.items():
            if times == _LOOKS + 1:
                stalled(call.file)
