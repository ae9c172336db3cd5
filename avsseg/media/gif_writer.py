"""A short moving preview that every page and chat can show."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from PIL import Image

from avsseg.errors import MediaError
from avsseg.media.clock import time_of
from avsseg.media.colour import to_rgb
from avsseg.media.probe import VideoInfo
from avsseg.media.publish import publish_file

_PALETTE_PICTURES = 16
_COLOURS = 255


@contextmanager
def open_gif_writer(
    path: Path,
    info: VideoInfo,
    *,
    width: int = 360,
    fps: Fraction = Fraction(10),
    seconds: Fraction = Fraction(10),
    overwrite: bool = False,
) -> Iterator["GifWriter"]:
    """Lends a writer of an endlessly repeated GIF of the first ``seconds`` of what it is given.

    Only that many small pictures are held; what comes later is passed over.

    Args:
        path: what to write.
        info: the source, for the shape of its pixels.
        width: pixels of the preview, at most those of the source on a screen.
        fps: at most this many pictures a second are taken.
        seconds: how much is shown.
        overwrite: replace an existing file.

    Raises:
        MediaError: the file cannot be written, or no picture came.
    """
    with publish_file(path, overwrite=overwrite, source=info.path) as temporary:
        writer = GifWriter(info, width=width, fps=fps, seconds=seconds)
        yield writer
        writer.save(temporary)


class GifWriter:
    """One GIF in the making; ``open_gif_writer`` makes it and explains the arguments."""

    def __init__(self, info: VideoInfo, *, width: int, fps: Fraction, seconds: Fraction) -> None:
        shown_width, shown_height = info.display_size
        width = min(width, shown_width)
        self._path = info.path
        self._size = width, max(1, round(shown_height * width / shown_width))
        self._gap, self._seconds = 1 / fps, seconds
        self._pictures: list[Image.Image] = []
        self._times: list[Fraction] = []

    def write(self, frame: av.VideoFrame) -> None:
        """Offer the next picture; it is taken if it is time for one."""
        time = time_of(frame)
        if self._times and time < self._times[-1] + self._gap * Fraction(99, 100):
            return
        if self._times and time >= self._times[0] + self._seconds:
            return
        self._times.append(time)
        self._pictures.append(Image.fromarray(to_rgb(frame, self._size)))

    def save(self, path: Path) -> None:
        """Reduce all pictures to one palette and write them.

        Raises:
            MediaError: there is no picture.
        """
        if not self._pictures:
            raise MediaError(f"{self._path}: there is no picture for a preview")
        palette = self._palette()
        first, *others = [picture.quantize(palette=palette) for picture in self._pictures]
        first.save(
            path,
            "GIF",
            save_all=True,
            append_images=others,
            duration=self._durations(),
            loop=0,
            optimize=False,
        )

    def _palette(self) -> Image.Image:
        """The colours of pictures spread over the whole preview."""
        step = max(1, len(self._pictures) // _PALETTE_PICTURES)
        strip = np.concatenate([np.asarray(p) for p in self._pictures[::step]])
        return Image.fromarray(strip).quantize(_COLOURS, method=Image.Quantize.MEDIANCUT)

    def _durations(self) -> list[int]:
        """Milliseconds, in the hundredths that a GIF counts, without drift."""
        ends = [*self._times[1:], self._times[-1] + self._gap]
        ticks = [round((end - self._times[0]) * 100) for end in [self._times[0], *ends]]
        return [10 * max(2, later - earlier) for earlier, later in pairwise(ticks)]
