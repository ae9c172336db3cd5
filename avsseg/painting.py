"""Every picture of a film with what sounds in it at its own time."""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from avsseg.film_masks import FilmMask, FilmMasks
from avsseg.gate import SoundGate
from avsseg.media.clock import time_of
from avsseg.media.cuts import CutFinder
from avsseg.media.guided import GuidedUpsampler
from avsseg.media.labels import Label
from avsseg.media.output_values import Picture, Shown
from avsseg.media.outputs import OpenOutputs, OutputSettings
from avsseg.media.planes import plane_view
from avsseg.media.upsample import BilinearUpsampler, Upsampler
from avsseg.prediction import LEAST_SOUNDING, Prediction

Luma = NDArray[np.uint8]
Painted = tuple[Fraction, list[Picture]]
WriteFound = Callable[[Prediction, Luma], None]


def make_upsampler(settings: OutputSettings) -> Upsampler:
    """Edge-aware or plain, as the settings say."""
    return GuidedUpsampler() if settings.refine else BilinearUpsampler()


class Painter:
    """Paints the pictures of every film that is being written, in step with the predictions.

    Args:
        opened: the outputs.
        settings: how they look.
        gate: says how much of a sound is on; None if always.
        cuts: knows the cuts ahead of the predictions.
        write: is handed each prediction with the luma of the picture on display at its time, for
            outputs that need it; None if none do.
    """

    def __init__(
        self,
        opened: OpenOutputs,
        settings: OutputSettings,
        *,
        gate: SoundGate | None,
        cuts: CutFinder,
        write: WriteFound | None = None,
    ) -> None:
        self._opened, self._gate, self._cuts, self._write = opened, gate, cuts, write
        self._upsample, self._plain = make_upsampler(settings), BilinearUpsampler()
        self._captions = Captions() if settings.labels else None
        self._waiting: deque[Prediction] = deque()

    def paint(
        self,
        frames: Generator[Picture, None, None],
        moments: Generator[Prediction, None, None],
    ) -> Iterator[Painted]:
        """The time of every picture, with a picture for every film."""
        with closing(moments), closing(frames):
            masks = FilmMasks(self._noted(moments), gate=self._gate, cuts=self._cuts)
            luma = np.zeros((1, 1), np.uint8)
            for frame in frames:
                time, luma = time_of(frame), plane_view(frame)
                yield time, self._pictures(frame, time, masks.of(frame))
                self._write_until(time, luma)
            for found in moments:  # that fall after the last picture
                self._waiting.append(found)
                self._write_until(found.time, luma)

    def _noted(self, moments: Iterator[Prediction]) -> Iterator[Prediction]:
        """The predictions, each on its way to the captions and to who writes it."""
        for found in moments:
            if self._captions is not None:
                self._captions.add(found)
            if self._write is not None:
                self._waiting.append(found)
            yield found

    def _pictures(self, frame: Picture, time: Fraction, found: FilmMask) -> list[Picture]:
        luma = plane_view(frame)
        doubt = None if found.spread is None else np.minimum(2 * found.spread, 1)
        captions = self._captions if found.sounding >= LEAST_SOUNDING else None
        shown = Shown(
            levels=self._upsample(found.mask, luma),
            spread=None if doubt is None else self._plain(doubt, luma),
            labels=() if captions is None else captions.at(time),
        )
        return self._opened.paint(frame, shown)

    def _write_until(self, time: Fraction, luma: Luma) -> None:
        while self._write is not None and self._waiting and self._waiting[0].time <= time:
            self._write(self._waiting.popleft(), luma)


class Captions:
    """The names of what is heard, for each picture those of the nearest prediction."""

    def __init__(self) -> None:
        self._times: list[Fraction] = []
        self._texts: list[str] = []

    def add(self, found: Prediction) -> None:
        """Take in a prediction; times must rise."""
        self._times.append(found.time)
        self._texts.append("; ".join(map(str, found.heard)))

    def at(self, time: Fraction) -> tuple[Label, ...]:
        """One line of text, or none where nothing has a name."""
        if not self._times:
            return ()
        index = bisect_left(self._times, time)
        near = range(max(0, index - 1), min(index + 1, len(self._times)))
        text = self._texts[min(near, key=lambda n: abs(self._times[n] - time))]
        return (Label(text=text),) if text else ()
