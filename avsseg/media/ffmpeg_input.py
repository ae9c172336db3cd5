"""Films that the bundled codecs cannot read, made readable by an installed ffmpeg program."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from avsseg.errors import MediaError
from avsseg.media.ffmpeg_command import require_ffmpeg


@contextmanager
def transcoded(path: Path) -> Iterator[Path]:
    """Lends a lossless copy of a film (FFV1 and FLAC in Matroska), gone again afterwards.

    Matroska counts milliseconds, so times are exact to half of one.

    Raises:
        UsageError: ffmpeg-python or the ffmpeg program is not installed.
        MediaError: the program cannot read the film either, or the disk is full.
    """
    library, program = require_ffmpeg("decoder ffmpeg")
    with tempfile.TemporaryDirectory(prefix="avsseg-") as folder:
        copy = Path(folder) / f"{path.stem}.mkv"
        done = subprocess.run(
            _command(library, program, path, copy), capture_output=True, text=True, check=False
        )
        if done.returncode != 0 or not copy.is_file():
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise MediaError(f"{path}: the ffmpeg program cannot read it either ({said})")
        yield copy


def _command(library: Any, program: str, path: Path, copy: Path) -> list[str]:
    """The command line; the program may open the one file and nothing else."""
    source = library.input(f"file:{path.absolute()}", protocol_whitelist="file")
    output = library.output(
        source["v:0"],
        source["a?"],
        f"file:{copy}",
        vcodec="ffv1",
        acodec="flac",
        fps_mode="passthrough",
    )
    options = ["-nostdin", "-hide_banner", "-loglevel", "error"]
    command: list[str] = library.compile(
        output.global_args(*options), cmd=program, overwrite_output=True
    )
    return command
