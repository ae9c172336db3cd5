"""The command line by which an installed ffmpeg program encodes a film."""

import importlib
import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from avsseg.errors import UsageError
from avsseg.media.clock import tick_of
from avsseg.media.encoders import FALLBACK_RATE, KEY_FRAME_SECONDS
from avsseg.media.probe import VideoInfo
from avsseg.media.sound_copy import is_playable, replacement_for, replacement_note
from avsseg.media.video_writer import container_clock

PREFIX = "ffmpeg:"
_CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".webm": "webm"}
_UNSAID = {"colorspace": 2, "range": 0, "color_primaries": 2, "color_trc": 2}


def require_ffmpeg(wanted: str) -> tuple[Any, str]:
    """The package ffmpeg-python and the path of the ffmpeg program; ``wanted`` is what for.

    Raises:
        UsageError: one of them is not installed.
    """
    try:
        library: Any = importlib.import_module("ffmpeg")
        library.compile  # noqa: B018  (other packages use the name ffmpeg, too)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"{wanted}: needs the package ffmpeg-python; "
            'install it with pip install "avsseg[ffmpeg]"'
        ) from error
    program = shutil.which("ffmpeg")
    if program is None:
        raise UsageError(
            f"{wanted}: no ffmpeg program is installed or on the PATH; install it, "
            "or choose one of the bundle, such as libx264"
        )
    return library, program


@dataclass(frozen=True, kw_only=True)
class FfmpegJob:
    """What the program is to do; the fields are explained at ``open_ffmpeg_writer``."""

    library: Any
    program: str
    encoder: str
    path: Path
    info: VideoInfo
    with_sound: bool
    start: Fraction | None
    end: Fraction | None

    @property
    def container(self) -> str:
        """What the suffix stands for, in libav's name."""
        return _CONTAINERS.get(self.path.suffix.lower(), "matroska")

    @property
    def copies_sound(self) -> bool:
        """Whether the sound track is copied as it is."""
        return is_playable(self._sound_codec(), self.container)

    def notes(self) -> list[str]:
        """Remarks for the user."""
        if not self.with_sound or self.copies_sound:
            return []
        return [replacement_note(self.info, self._sound_codec(), self.container)]

    def command(self, first: av.VideoFrame, shift: Fraction) -> list[str]:
        """The command line, its pictures coming from a pipe; ``first`` is the first of them."""
        pictures = self.library.input("pipe:", format="nut", protocol_whitelist="pipe")
        tags = {name: value for name, value in _tags(first).items() if value != _UNSAID[name]}
        streams = [pictures.video.filter("setparams", **tags) if tags else pictures.video]
        if self.with_sound:
            streams.append(self._source(shift)[f"a:{self.info.audio_track}"])
        output = self.library.output(
            *streams, f"file:{self.path.absolute()}", **self._settings(tick_of(first), shift)
        )
        options = ["-nostdin", "-hide_banner", "-loglevel", "error", "-copyts"]
        command: list[str] = self.library.compile(
            output.global_args(*options), cmd=self.program, overwrite_output=True
        )
        return command

    def _source(self, shift: Fraction) -> Any:
        limits = {"itsoffset": f"{float(-shift):.6f}"} if shift else {}
        if self.start is not None:
            limits["ss"] = f"{float(self.start):.6f}"
        name = f"file:{self.info.path.absolute()}"
        return self.library.input(name, protocol_whitelist="file", **limits)

    def _settings(self, tick: Fraction, shift: Fraction) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "vcodec": self.encoder,
            "bf": 0,
            "g": max(1, round(KEY_FRAME_SECONDS * (self.info.rate or FALLBACK_RATE))),
            "fps_mode": "passthrough",
            "enc_time_base": f"{tick.numerator}:{tick.denominator}",
        }
        if self.start is not None:
            settings["copypriorss"] = 0  # else sound from before the seek would come along
        if self.end is not None:
            settings["t"] = f"{float(self.end - shift):.6f}"
        rate = None
        if self.with_sound:
            settings["acodec"] = "copy" if self.copies_sound else replacement_for(self.container)
            rate = self.info.audio_tracks[self.info.audio_track or 0].rate
        if self.container in ("mp4", "mov"):
            settings["movflags"] = "+faststart"
            settings["movie_timescale"] = container_clock(tick, rate)
        return settings

    def _sound_codec(self) -> str:
        codec = self.info.audio_tracks[self.info.audio_track or 0].codec
        return av.Codec(codec, "r").canonical_name


def _tags(frame: av.VideoFrame) -> dict[str, int]:
    return {
        "colorspace": int(frame.colorspace),
        "range": int(frame.color_range),
        "color_primaries": int(frame.color_primaries),
        "color_trc": int(frame.color_trc),
    }
