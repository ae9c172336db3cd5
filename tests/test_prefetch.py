"""A prefetched chain gives the same items, in bounded memory, and leaves no thread behind."""

import threading
import time

import pytest

from avsseg.prefetch import prefetch


def running() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "avsseg-prefetch"]


def fetched(items, max_bytes=10, size_of=lambda item: 1):
    return prefetch(items, size_of=size_of, max_bytes=max_bytes)


def test_items_come_in_order_through_a_chain_of_stages():
    """Two stages in a row change nothing."""
    assert list(fetched(fetched(range(1000)))) == list(range(1000))
    assert not running()


def test_the_source_waits_when_the_queue_holds_its_bytes():
    """A stalled consumer stops the producer; memory stays bounded."""
    made = []

    def source():
        for n in range(100):
            made.append(n)
            yield n

    items = fetched(source(), max_bytes=10, size_of=lambda n: 4)
    next(items)
    time.sleep(0.1)

    assert len(made) <= 4
    items.close()
    assert not running()


def test_an_item_larger_than_the_bound_passes_alone():
    """A single huge frame cannot lock the chain."""
    assert list(fetched(range(3), max_bytes=1, size_of=lambda n: 100)) == [0, 1, 2]


def test_an_exception_arrives_after_the_items_before_it():
    """What was made is not lost, and the failure keeps its type."""

    def source():
        yield 1
        raise ValueError("torn")

    items = fetched(source())
    assert next(items) == 1
    with pytest.raises(ValueError, match="torn"):
        next(items)
    assert not running()


def test_closing_ends_the_source_in_its_own_thread():
    """Files opened by the source are closed when the consumer leaves."""
    ended = []

    def source():
        try:
            while True:
                yield 0
        finally:
            ended.append(threading.current_thread().name)

    items = fetched(source())
    next(items)
    items.close()

    assert ended == ["avsseg-prefetch"]
    assert not running()


def test_nothing_is_pulled_before_the_first_item_is_asked_for():
    """A chain that is built and dropped costs nothing."""
    pulled = []
    fetched(pulled.append(n) for n in range(3))

    assert pulled == []
    assert not running()
