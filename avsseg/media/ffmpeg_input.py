"""Films that the bundled codecs cannot read, made readable by an installed ffmpeg program."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from avsseg.errors import MediaError
from avsseg.media.ffmpeg_command import require_ffmpeg
from avsseg.media.watchdog import PATIENCE

_GLANCE = 0.5


@contextmanager
def transcoded(path: Path) -> Iterator[Path]:
    """Lends a lossless copy of a film (FFV1 and FLAC in Matroska), gone again afterwards.

    Matroska counts milliseconds, so times are exact to half of one.

    Raises:
        UsageError: ffmpeg-python or the ffmpeg program is not installed.
        MediaError: the program cannot read the film either or stalls, or the disk is full.
    """
    library, program = require_ffmpeg("decoder ffmpeg")
    with tempfile.TemporaryDirectory(prefix="avsseg-") as folder:
        copy = Path(folder) / f"{path.stem}.mkv"
        status, said = _run(_command(library, program, path, copy), copy)
        if status != 0 or not copy.is_file():
            raise MediaError(f"{path}: the ffmpeg program cannot read it either ({said})")
        yield copy


def _run(command: list[str], growing: Path) -> tuple[int, str]:
    """Status and last words of the program, which is ended when its file stops growing."""
    size, grown = 0, time.monotonic()
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=words)
        try:
            while process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_GLANCE)
                now = growing.stat().st_size if growing.exists() else 0
                size, grown = (now, time.monotonic()) if now > size else (size, grown)
                if time.monotonic() - grown > PATIENCE:
                    return 1, f"it wrote nothing for {PATIENCE:g} s"
        finally:
            process.kill()
            process.wait()
        words.seek(0)
        lines = words.read().decode(errors="replace").strip().splitlines()
    return process.returncode, lines[-1] if lines else "no reason given"


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
