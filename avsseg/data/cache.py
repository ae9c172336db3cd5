"""A memory of decoded arrays that never outgrows its budget of bytes."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from numpy.typing import NDArray

Arrays = tuple[NDArray[Any], ...]
T = TypeVar("T", bound=Arrays)


class ArrayCache(Generic[T]):
    """Keeps the arrays used last, at most ``max_bytes`` of them together."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.num_bytes = 0
        self._entries: OrderedDict[str, T] = OrderedDict()

    def get(self, key: str, make: Callable[[], T]) -> T:
        """Return the arrays of ``key``, made on first use; they are marked read-only."""
        found = self._entries.get(key)
        if found is not None:
            self._entries.move_to_end(key)
            return found
        made = make()
        for array in made:
            array.flags.writeable = False
        self._entries[key] = made
        self.num_bytes += _size(made)
        while self.num_bytes > self.max_bytes and len(self._entries) > 1:
            self.num_bytes -= _size(self._entries.popitem(last=False)[1])
        return made

    def __len__(self) -> int:
        return len(self._entries)


def _size(arrays: Arrays) -> int:
    return sum(array.nbytes for array in arrays)
