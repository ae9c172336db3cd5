"""Encoders of an installed ffmpeg program, such as those of the graphics card.

Pictures go to the program through a pipe, as raw frames in the NUT container, which keeps their
exact times; the program takes the sound from the source itself.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import av
from av.container import OutputContainer

from avsseg.errors import MediaError, UsageError
from avsseg.media.clock import tick_of
from avsseg.media.encoders import FALLBACK_RATE, Packet
from avsseg.media.ffmpeg_command import PREFIX, FfmpegJob, require_ffmpeg
from avsseg.media.fitting import PictureFitter
from avsseg.media.probe import VideoInfo
from avsseg.media.publish import publish_file


@contextmanager
def open_ffmpeg_writer(
    path: Path,
    info: VideoInfo,
    *,
    encoder: str,
    with_sound: bool = True,
    start: Fraction | None = None,
    end: Fraction | None = None,
    overwrite: bool = False,
) -> Iterator["FfmpegWriter"]:
    """Lends a writer like ``open_video_writer``'s, whose pictures the ffmpeg program encodes.

    Args:
        path: what to write; its suffix chooses the container.
        info: the source: its sound, pixel shape and rate are carried over.
        encoder: its name in that program, after ``ffmpeg:``.
        with_sound: whether the source's sound track, if it has one, is carried over.
        start: where the pictures begin, if not with the first of the source.
        end: where they end, if not with the last.
        overwrite: replace an existing file.

    Raises:
        UsageError: the program or the package ffmpeg-python is not installed, or the program
            does not take the request.
        MediaError: the file cannot be written, or no picture came.
    """
    library, program = require_ffmpeg(f"encoder {PREFIX}{encoder}")
    with (
        publish_file(path, overwrite=overwrite, source=info.path) as temporary,
        TemporaryFile() as complaints,
    ):
        job = FfmpegJob(
            library=library,
            program=program,
            encoder=encoder,
            path=temporary,
            info=info,
            with_sound=with_sound and info.has_audio,
            start=start,
            end=end,
        )
        writer = FfmpegWriter(job, complaints)
        try:
            yield writer
            writer.finish()
        finally:
            writer.stop()


class FfmpegWriter:
    """One film in the making; see ``open_ffmpeg_writer``."""

    def __init__(self, job: FfmpegJob, complaints: IO[bytes]) -> None:
        self._job, self._complaints = job, complaints
        self._fitter = PictureFitter(
            job.info, keeps_odd_sizes=False, from_zero=job.start is not None
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: OutputContainer | None = None
        self._stream: Any = None

    @property
    def notes(self) -> list[str]:
        """Remarks for the user."""
        return self._fitter.notes + self._job.notes()

    def write(self, frame: av.VideoFrame) -> None:
        """Add the next picture, as in ``VideoWriter.write``.

        Raises:
            UsageError: the program stopped with a complaint.
        """
        fitted = self._fitter.fit(frame)
        if fitted is None:
            return
        if self._process is None:
            self._begin(fitted)
        with self._explained():
            self._mux(self._stream.encode(fitted))

    def finish(self) -> None:
        """Wait until the program has written all.

        Raises:
            MediaError: no picture was written.
            UsageError: the program stopped with a complaint.
        """
        if self._process is None or self._pipe is None:
            raise MediaError(f"{self._job.info.path}: there is no picture to write in that stretch")
        with self._explained():
            self._mux(self._stream.encode(None))
            self._pipe.close()
            self._stdin().close()
            if self._process.wait():
                raise BrokenPipeError

    def stop(self) -> None:
        """End the program if it still runs."""
        if self._process is None:
            return
        with suppress(OSError, ValueError):
            self._stdin().close()
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _begin(self, first: av.VideoFrame) -> None:
        self._process = subprocess.Popen(
            self._job.command(first, self._fitter.shift),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=self._complaints,
        )
        self._pipe = av.open(self._stdin(), "w", format="nut")
        rate = self._job.info.rate or FALLBACK_RATE
        self._stream = self._pipe.add_stream("rawvideo", rate=rate)
        context = self._stream.codec_context
        context.width, context.height = first.width, first.height
        context.pix_fmt = first.format.name
        context.time_base = self._stream.time_base = tick_of(first)
        context.sample_aspect_ratio = self._job.info.sample_aspect_ratio

    def _mux(self, packets: list[Packet]) -> None:
        assert self._pipe is not None
        for packet in packets:
            self._pipe.mux(packet)

    def _stdin(self) -> IO[bytes]:
        assert self._process is not None and self._process.stdin is not None
        return self._process.stdin

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """A pipe that breaks means that the program gave up; it says why."""
        try:
            yield
        except (OSError, ValueError) as error:
            assert self._process is not None
            with suppress(OSError, ValueError):
                self._stdin().close()
            self._process.wait()
            self._complaints.seek(0)
            lines = self._complaints.read().decode(errors="replace").strip().splitlines()
            reason = lines[0] if lines else f"exit code {self._process.returncode}"
            raise UsageError(
                f"encoder {PREFIX}{self._job.encoder}: ffmpeg gave up ({reason}); "
                "choose another with --encoder"
            ) from error
