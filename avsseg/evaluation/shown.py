"""What a film that ``predict`` writes shows at some moments, without writing it."""

from collections import deque
from collections.abc import Iterator
from contextlib import closing

from avsseg.film_masks import FilmMasks
from avsseg.listening import sound_gate
from avsseg.media.blend import Mask
from avsseg.media.clock import time_of
from avsseg.media.cuts import CutFinder
from avsseg.media.output_values import Picture
from avsseg.media.reader import VideoReader
from avsseg.media.sound import SoundProfile
from avsseg.model.segmenter import AVSegmenter
from avsseg.pipeline import predictions
from avsseg.prediction import PredictSettings


def masks_shown(
    reader: VideoReader,
    model: AVSegmenter,
    settings: PredictSettings,
    profile: SoundProfile | None,
    times: list[float],
) -> list[Mask]:
    """The masks of the pictures on display at rising times, in seconds from the first picture.

    Shapes:
        -> one (h, w) float32 each, on the network's grid
    """
    gate, cuts = sound_gate(profile, settings), CutFinder()
    found = predictions(reader, model, settings, profile, gate=gate, cuts=cuts)
    with closing(found):
        masks = FilmMasks(found, gate=gate, cuts=cuts)
        shown = on_display(reader.frames(), [float(reader.info.start) + time for time in times])
        return [masks.of(frame).mask for frame in shown]


def on_display(frames: Iterator[Picture], times: list[float]) -> Iterator[Picture]:
    """The picture on display at each of some rising times, in seconds on the film's clock."""
    waiting = deque(times)
    last = next(frames)
    while waiting:
        following = next(frames, None)
        while waiting and (following is None or time_of(following) > waiting[0]):
            waiting.popleft()
            yield last
        last = following or last
