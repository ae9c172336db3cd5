"""Pictures that a first pass over a film keeps for the second, so that they are decoded once."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from fractions import Fraction
from typing import TypeVar

from avsseg.media.orientation import UPRIGHT
from avsseg.media.output_values import Picture
from avsseg.media.pictures import FullPictures
from avsseg.media.probe import VideoInfo
from avsseg.media.sampling import Shown
from avsseg.stage_timer import NO_TIMER, NoTimer

Item = TypeVar("Item")
Again = Callable[[Fraction | None], Iterator[Picture]]

MAX_KEPT_BYTES = 256 * 1024 * 1024
_MARGIN = Fraction(1)  # sound is interleaved with pictures about that coarsely
_STAGES = 2  # the network waits for clips, and who shows the pictures for predictions
_FORMATS = ("yuv420p", "yuvj420p")


def room_for(info: VideoInfo, seconds: Fraction) -> int | None:
    """Bytes that a stretch of a film takes, with a margin; None if they are not to be kept.

    They are not where they take too much, where their number is unknown, or where they are no
    upright SDR yuv420p, so that to convert them is work for a thread of its own.
    """
    plain = info.pix_fmt in _FORMATS and info.orientation == UPRIGHT and not info.colour.hdr
    if info.rate is None or not plain:
        return None
    room = int((seconds + _MARGIN) * info.rate * info.width * info.height * 3 / 2)
    return room if room <= MAX_KEPT_BYTES else None


class KeptPictures:
    """Takes in what the first pass sees, and hands it out to whoever shows it.

    What finds something in the pictures runs ahead of what shows them by the length of a clip.
    ``see`` holds the first pass back while ``room`` is full, but not while everybody behind it
    waits for it; if half as much again is kept then, it keeps no more, and the rest of the film
    is decoded again. So neither side can wait for the other for ever, whatever the film is like.

    Args:
        info: facts of the film.
        room: bytes to keep, as ``room_for`` tells.
        start, end: the stretch to be shown, on the film's clock.
        timer: told how long the first pass is held back.
    """

    def __init__(
        self,
        info: VideoInfo,
        room: int,
        *,
        start: Fraction | None,
        end: Fraction | None,
        timer: NoTimer = NO_TIMER,
    ) -> None:
        self._whole = timer.call("second convert", FullPictures(info))
        self._room, self._most = room, room + room // 2
        self._start, self._end, self._timer = start, end, timer
        self._kept: deque[tuple[Picture, int]] = deque()
        self._held = 0
        self._last: Fraction | None = None
        self._waiting = 0
        self._complete = False
        self._stopped = False  # nothing more is kept
        self._changed = threading.Condition()

    def see(self, pictures: Iterable[Shown[Picture]]) -> Iterator[Shown[Picture]]:
        """The pictures of the first pass, in order of time; each is kept before it goes on."""
        for shown in pictures:
            if self._end is not None and shown.time >= self._end:
                self._complete = True
            elif self._start is None or shown.time >= self._start:
                self._keep(shown)
            yield shown
        self._complete = True

    def awaited(self, items: Generator[Item, None, None]) -> Generator[Item, None, None]:
        """What one of the two stages behind the first pass takes in: clips, or what they told.

        It counts as waiting while it asks for the next, so work of its own does not belong in it.
        """
        with closing(items):
            while True:
                self._wait(1)
                item = next(items, None)
                self._wait(-1)
                if item is None:
                    return
                yield item

    def pictures(self, again: Again) -> Generator[Picture, None, None]:
        """Every picture of the stretch, in order.

        A picture is there before anything that was found after it, so nothing is waited for.

        Args:
            again: decodes the pictures after a time (None: all), for what was not kept.
        """
        try:
            while (picture := self._next()) is not None:
                yield picture
            if self._stopped:
                yield from again(self._last)
        finally:
            with self._changed:
                self._stopped = True
                self._kept.clear()
                self._changed.notify_all()

    def _keep(self, shown: Shown[Picture]) -> None:
        picture = self._whole(shown.picture)
        size = picture.width * picture.height * 3 // 2
        with self._changed:
            with self._timer.waiting():
                while self._held + size > self._room and not (self._wanted or self._stopped):
                    self._changed.wait()
            self._stopped |= self._held + size > self._most
            if not self._stopped:
                self._kept.append((picture, size))
                self._held, self._last = self._held + size, shown.time

    @property
    def _wanted(self) -> bool:
        return self._waiting == _STAGES

    def _next(self) -> Picture | None:
        with self._changed:
            if not self._kept:
                self._stopped |= not self._complete
                return None
            picture, size = self._kept.popleft()
            self._held -= size
            self._changed.notify_all()
            return picture

    def _wait(self, more: int) -> None:
        with self._changed:
            self._waiting += more
            self._changed.notify_all()
