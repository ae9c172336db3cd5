"""Ctrl-C and SIGTERM as a wish that is granted between two steps."""

import signal
import sys
import threading
import time
from collections.abc import Iterable
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any, Self

_PATIENCE = 1.0


class Interruption:
    """Notes a request to stop; a second Ctrl-C, a second or more later, stops at once.

    Launchers pass a terminal's Ctrl-C on, so one press may arrive twice in a moment.
    """

    def __init__(self) -> None:
        self.wanted = False
        self._since = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        if self.wanted and number == signal.SIGINT and now - self._since > _PATIENCE:
            raise KeyboardInterrupt
        if not self.wanted:
            self.wanted, self._since = True, now


def leave_signals_to_parent(_: int) -> None:
    """For loader processes: a signal to the whole group is the trainer's business.

    They end when the trainer tells them to (:func:`end_helpers`), or soon after it is gone.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def end_helpers(helpers: Iterable[BaseProcess]) -> None:
    """Kills loader processes that are not needed any more.

    Deaf to SIGTERM, one that is still there when the program ends would be waited for without end.
    """
    main = threading.current_thread() is threading.main_thread()
    if sys.platform == "win32" or not main:  # where it is deaf to nothing, or no handler can be set
        return
    handler = signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # torch's takes it for a failure
    for helper in helpers:
        helper.kill()
        helper.join()
    signal.signal(signal.SIGCHLD, handler or signal.SIG_DFL)
