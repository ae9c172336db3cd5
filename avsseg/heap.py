"""How much freed memory the C library keeps for itself, on systems that have the GNU one."""

import ctypes
import os
import sys
from contextlib import suppress

_M_ARENA_MAX = -8  # of glibc's malloc.h


def share_heap() -> None:
    """Lets all threads of this process allocate from one heap, as far as they have none yet.

    glibc gives every thread a heap of its own, and each of them keeps what was freed in it. A
    film passes through a dozen threads whose peaks come one by one as it goes on, so they would
    add up with its length. Nothing happens on other systems, nor where ``MALLOC_ARENA_MAX`` says
    what is wanted.
    """
    if sys.platform == "linux" and "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(OSError, AttributeError):  # a C library without mallopt, such as musl
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
