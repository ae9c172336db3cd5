"""Keeps a thread's place in the system's queue while a codec is opened that would change it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def priority_kept() -> Iterator[None]:
    """Gives the calling thread back its scheduling afterwards, on systems that have such.

    SVT-AV1 makes the thread that opens it a real-time one where it may, that is for root, and every
    thread that it begins later inherits that: the network's would then starve all else.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, param = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != policy:
            with suppress(OSError):
                os.sched_setscheduler(0, policy, param)
