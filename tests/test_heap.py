"""Threads of the program share a heap, so what each of them frees serves the others."""

import json
import os
import subprocess
import sys
import types

import pytest

from avsseg import heap

RUN = """
import ctypes, json, re, sys, tempfile, threading
from avsseg.heap import share_heap
libc = ctypes.CDLL(None)
if sys.argv[1] == "shared":
    share_heap()
done = threading.Barrier(7)
def work():
    block = ctypes.create_string_buffer(100_000)
    done.wait()
threads = [threading.Thread(target=work) for _ in range(6)]
for thread in threads: thread.start()
done.wait()
libc.fopen.restype = ctypes.c_void_p
with tempfile.NamedTemporaryFile() as file:
    out = ctypes.c_void_p(libc.fopen(file.name.encode(), b"w"))
    libc.malloc_info(0, out), libc.fclose(out)
    print(json.dumps(len(re.findall(b"<heap ", file.read()))))
"""

glibc = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.confstr("CS_GNU_LIBC_VERSION") is None,
    reason="needs the GNU C library",
)


def heaps_of_seven_threads(how, **variables):
    """Heaps in a process in which six threads and the main one allocate at once."""
    kept = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    run = subprocess.run(
        [sys.executable, "-c", RUN, how],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env=kept | variables,
    )
    return json.loads(run.stdout)


@glibc
def test_threads_share_one_heap():
    """Else each would keep its own peak, which the first case shows."""
    assert heaps_of_seven_threads("apart") > 2
    assert heaps_of_seven_threads("shared") == 1


@glibc
def test_what_the_user_set_is_left_alone():
    """The variable of the C library wins."""
    assert heaps_of_seven_threads("shared", MALLOC_ARENA_MAX="3") == 3


def test_a_system_without_that_setting_is_no_error(monkeypatch):
    """Other C libraries have no mallopt, and other systems are not asked."""
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(heap.ctypes, "CDLL", lambda name: types.SimpleNamespace())
    heap.share_heap()

    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr(heap.ctypes, "CDLL", None)
    heap.share_heap()
