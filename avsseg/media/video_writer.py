"""Writes a film: pictures one by one at their own times, with the sound of the source."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from math import lcm
from pathlib import Path

import av
from av.container import OutputContainer

from avsseg.errors import MediaError
from avsseg.media.clock import time_of
from avsseg.media.encoders import H264, Encoder, Packet, VideoFormat, open_output
from avsseg.media.fitting import PictureFitter
from avsseg.media.probe import VideoInfo
from avsseg.media.publish import publish_file
from avsseg.media.sound_copy import SoundCopy

_LARGEST_CLOCK = 2**31 - 1


@contextmanager
def open_video_writer(
    path: Path,
    info: VideoInfo,
    *,
    video_format: VideoFormat = H264,
    with_sound: bool = True,
    start: Fraction | None = None,
    end: Fraction | None = None,
    overwrite: bool = False,
) -> Iterator["VideoWriter"]:
    """Lends a writer; the film appears as ``path`` when the block succeeds, whole or not at all.

    Times are those of the source, to the tick, in containers that can say them (mp4, mov); a
    webm or mkv file counts milliseconds. With ``start`` the film begins anew at zero.

    Args:
        path: what to write; its suffix chooses the container.
        info: the source: its sound, pixel shape and rate are carried over.
        video_format: how pictures are encoded.
        with_sound: whether the source's sound track, if it has one, is carried over.
        start: where the pictures begin, if not with the first of the source.
        end: where they end, if not with the last.
        overwrite: replace an existing file.

    Raises:
        UsageError: encoder and container do not fit, or are not to be had here.
        MediaError: the file cannot be written, or no picture came.
    """
    with publish_file(path, overwrite=overwrite, source=info.path) as temporary:
        writer = VideoWriter(
            temporary, info, video_format=video_format, with_sound=with_sound, start=start, end=end
        )
        try:
            yield writer
            writer.finish()
        except BaseException:
            with suppress(OSError, ValueError):
                writer.close()
            raise
        writer.close()


class VideoWriter:
    """One film in the making; ``open_video_writer`` makes it and explains the arguments."""

    def __init__(
        self,
        path: Path,
        info: VideoInfo,
        *,
        video_format: VideoFormat,
        with_sound: bool,
        start: Fraction | None,
        end: Fraction | None,
    ) -> None:
        self._path, self._info, self._format = path, info, video_format
        self._with_sound = with_sound and info.has_audio
        self._start, self._end = start, end
        self._fitter = PictureFitter(
            info, keeps_odd_sizes=video_format.keeps_odd_sizes, from_zero=start is not None
        )
        self._output: OutputContainer | None = None
        self._encoder: Encoder | None = None
        self._sound: SoundCopy | None = None

    @property
    def notes(self) -> list[str]:
        """Remarks for the user, such as a size that was padded."""
        return self._fitter.notes + (self._sound.notes if self._sound else [])

    def write(self, frame: av.VideoFrame) -> None:
        """Add the next picture, which shows from its own time on.

        Every picture has the size and colours of the first. One that is not later than the
        picture before it is left out, with a note. The frame is the film's from then on: its time
        becomes that in the film.
        """
        time = time_of(frame)
        fitted = self._fitter.fit(frame)
        if fitted is None:
            return
        if self._encoder is None:
            self._begin(fitted)
        assert self._encoder is not None
        self._mux(self._encoder.encode(fitted))
        if self._sound is not None:
            self._sound.advance(time)

    def finish(self) -> None:
        """Write what the encoders still hold and the rest of the sound.

        Raises:
            MediaError: no picture was written.
        """
        if self._encoder is None:
            raise MediaError(f"{self._info.path}: there is no picture to write in that stretch")
        self._mux(self._encoder.encode(None))
        if self._sound is not None:
            self._sound.finish()

    def close(self) -> None:
        """Close the source of the sound and the file, which completes its headers."""
        if self._sound is not None:
            self._sound.close()
        if self._output is not None:
            self._output.close()

    def _begin(self, fitted: av.VideoFrame) -> None:
        """Open everything to fit the first picture: its size, its clock, its colours."""
        track = self._info.audio_track if self._with_sound else None
        rate = None if track is None else self._info.audio_tracks[track].rate
        self._output = open_output(self._path, container_clock(self._fitter.tick, rate))
        self._encoder = Encoder(
            self._output,
            self._format,
            fitted,
            rate=self._info.rate,
            sample_aspect_ratio=self._info.sample_aspect_ratio,
        )
        if self._with_sound:
            self._sound = SoundCopy(
                self._info,
                self._output,
                start=self._start,
                end=self._end,
                shift=self._fitter.shift,
            )

    def _mux(self, packets: list[Packet]) -> None:
        assert self._output is not None
        for packet in packets:
            self._output.mux(packet)


def container_clock(tick: Fraction, sound_rate: int | None) -> int:
    """Ticks per second that picture and sound both meet, where 31 bits allow it."""
    both = lcm(tick.denominator, sound_rate or 1)
    return both if both <= _LARGEST_CLOCK else tick.denominator
