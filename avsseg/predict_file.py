"""One video from file to outputs: its pictures are seen small to predict, and whole to show."""

import math
import time as clock
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from avsseg.blips import NEAR
from avsseg.heap import share_heap
from avsseg.listening import is_audible, listen, sound_gate
from avsseg.media.coverage import level_of
from avsseg.media.cuts import CutFinder
from avsseg.media.kept import KeptPictures, room_for
from avsseg.media.manifest import FileReport
from avsseg.media.output_values import Picture, SoundingMoment
from avsseg.media.outputs import OpenOutputs, OutputSettings, open_outputs
from avsseg.media.probe import VideoInfo
from avsseg.media.reader import VideoReader, open_video
from avsseg.media.sound import SoundProfile, TakeSamples
from avsseg.media.upsample import Levels
from avsseg.model.segmenter import AVSegmenter
from avsseg.painting import Luma, Painted, Painter, make_upsampler
from avsseg.pipeline import predictions, sample_spec
from avsseg.prediction import Prediction, PredictSettings
from avsseg.prefetch import prefetch
from avsseg.stage_timer import NO_TIMER, NoTimer

_FRAME_BYTES = 48 * 1024 * 1024

Progress = Callable[[Fraction, Fraction | None], None]
"""Told how many seconds of the video are done, and of how many, if that is known."""


@dataclass
class Tally:
    """What came of the predictions of one video."""

    moments: int = 0
    sounding: int = 0
    pictures: int = 0


def predict_file(
    path: Path,
    folder: Path,
    model: AVSegmenter,
    settings: PredictSettings,
    outputs: OutputSettings,
    *,
    audio_track: int | None = None,
    hardware: str | None = None,
    silent_ok: bool = False,
    progress: Progress | None = None,
    also: TakeSamples | None = None,
    timer: NoTimer = NO_TIMER,
) -> FileReport:
    """Predicts one video and writes its outputs into ``folder``, which is made if it must be.

    Predictions run ahead of what is shown by the network's look into the future. The pictures
    between are kept where they are few bytes; else they are decoded twice, in step. So memory
    does not depend on length, and hardly on size.

    Raises:
        MediaError: the video cannot be read, has no sound where it must, or an output cannot
            be written; then nothing of it is there.
    """
    share_heap()
    begin, tally = clock.monotonic(), Tally()
    with (
        timer.running(),
        open_video(path, audio_track=audio_track, hardware=hardware, timer=timer) as reader,
    ):
        profile = listen(reader, silent_ok=silent_ok, also=also)
        start, end = _stretch(reader.info, settings)
        folder.mkdir(parents=True, exist_ok=True)
        with open_outputs(folder, reader.info, outputs, start=start, end=end) as opened:
            gate, cuts = sound_gate(profile, settings), CutFinder()
            writer = Writer(reader.info, opened, tally, outputs)
            look_again = opened.moving or outputs.refine
            kept = _kept(reader, model, settings, profile, timer) if look_again else None
            moments = predictions(reader, model, settings, profile, gate=gate, cuts=cuts, kept=kept)
            frames = _pictures(reader, kept, start, end, timer) if look_again else None
            late = writer.write if outputs.refine else None
            painter = Painter(opened, outputs, gate=gate, cuts=cuts, write=late)
            written = moments if outputs.refine else writer.at_once(moments, timer)
            for time in _worked_through(written, frames, opened, painter, tally, timer):
                if progress is not None:
                    progress(time - (start or reader.info.start), _length(reader.info, settings))
        notes = [*reader.notes, *opened.notes]
        if not is_audible(profile):
            notes.append(f"{path}: there is nothing to hear in it, so all masks are empty")
        elif gate is not None and gate.threshold_db == math.inf:
            notes.append(f"{path}: is too quiet to mark anything; --gate off marks it anyway")
        if reader.partial:
            notes.append(f"{path}: is damaged; what could be read was kept")
        return FileReport(
            source=path,
            status="partial" if reader.partial else "done",
            outputs=opened.paths,
            notes=notes,
            facts=_facts(tally, clock.monotonic() - begin),
        )


def _kept(
    reader: VideoReader,
    model: AVSegmenter,
    settings: PredictSettings,
    profile: SoundProfile | None,
    timer: NoTimer,
) -> KeptPictures | None:
    """What keeps the pictures between prediction and showing, if they are to be kept."""
    spec = sample_spec(reader, model, settings, profile)
    ahead = spec.num_frames * spec.stride / spec.fps * (2 if spec.overlap else 1)
    room = room_for(reader.info, ahead + NEAR + Fraction(str(settings.smooth)))
    if room is None or reader.hardware is not None:
        return None
    kept = KeptPictures(reader.info, room, start=spec.start, end=spec.end, timer=timer)
    reader.keep(kept)
    return kept


def _pictures(
    reader: VideoReader,
    kept: KeptPictures | None,
    start: Fraction | None,
    end: Fraction | None,
    timer: NoTimer,
) -> Generator[Picture, None, None]:
    """Every picture to be shown: those that were kept, the others decoded in a thread."""

    def decoded(after: Fraction | None) -> Generator[Picture, None, None]:
        return prefetch(
            reader.frames_after(after, start=start, end=end),
            size_of=_frame_bytes,
            max_bytes=_FRAME_BYTES,
            timer=timer,
            stage="second decode",
        )

    return decoded(None) if kept is None else kept.pictures(decoded)


def _worked_through(
    written: Generator[Prediction, None, None],
    frames: Generator[Picture, None, None] | None,
    opened: OpenOutputs,
    painter: Painter,
    tally: Tally,
    timer: NoTimer,
) -> Iterator[Fraction]:
    """Writes everything; gives the time of each moment or picture that is done."""
    if frames is None:
        with closing(written):
            for found in timer.each("outputs", written):
                yield found.time
        return
    painted = prefetch(
        painter.paint(frames, written),
        size_of=_painted_bytes,
        max_bytes=_FRAME_BYTES,
        timer=timer,
        stage="overlay",
    )
    with closing(painted):
        for time, pictures in timer.each("encode", painted):
            with timer.working("encode"):
                opened.show(pictures)
            tally.pictures += 1
            yield time


class Writer:
    """Hands predictions to the outputs that hold moments, in the source's geometry."""

    def __init__(
        self, info: VideoInfo, opened: OpenOutputs, tally: Tally, outputs: OutputSettings
    ) -> None:
        self._info, self._opened, self._tally = info, opened, tally
        self._upsample = make_upsampler(outputs)
        self._sounds = level_of(outputs.threshold)

    def write(self, found: Prediction, luma: Luma) -> None:
        """One prediction, with the luma of its picture, or anything of that size."""
        levels = self._upsample(found.mask, luma)
        self._opened.write(_in_geometry_of(self._info, found, levels))
        self._tally.moments += 1
        self._tally.sounding += bool(levels.max() >= self._sounds)

    def at_once(
        self, moments: Generator[Prediction, None, None], timer: NoTimer
    ) -> Generator[Prediction, None, None]:
        """The predictions, each written on its way by its size alone."""
        size_only = np.broadcast_to(np.uint8(0), (self._info.height, self._info.width))
        with closing(moments):
            for found in moments:
                with timer.working("outputs"):
                    self.write(found, size_only)
                yield found


def _in_geometry_of(info: VideoInfo, found: Prediction, levels: Levels) -> SoundingMoment:
    return SoundingMoment(
        index=found.index,
        time=found.time,
        pts=round(found.time / info.time_base),
        mask=found.mask,
        levels=levels,
        sounding=found.sounding,
        loudness_db=found.loudness_db,
        spread=found.spread,
        muted=found.muted,
        disagreement=found.disagreement,
        heard=tuple((event.name, event.score) for event in found.heard),
        scene=found.scene,
    )


def _stretch(info: VideoInfo, settings: PredictSettings) -> tuple[Fraction | None, Fraction | None]:
    start = None if settings.start is None else info.start + settings.start
    end = None if settings.end is None else info.start + settings.end
    return start, end


def _length(info: VideoInfo, settings: PredictSettings) -> Fraction | None:
    known = [end for end in (info.duration, settings.end) if end is not None]
    return max(Fraction(0), min(known) - (settings.start or 0)) if known else None


def _facts(tally: Tally, seconds: float) -> dict[str, float]:
    return {
        "moments": tally.moments,
        "sounding_moments": tally.sounding,
        "pictures": tally.pictures,
        "seconds_taken": round(seconds, 3),
    }


def _frame_bytes(frame: Picture) -> int:
    return frame.width * frame.height * 3 // 2


def _painted_bytes(painted: Painted) -> int:
    return sum(_frame_bytes(picture) for picture in painted[1])
