"""Runs one target under atheris for a while, and keeps what it finds.

A finding is any exception that is not an ``AvssegError`` of one line, a crash of the interpreter,
an input that takes longer than ``LIMIT_SECONDS`` or more memory than ``LIMIT_MB``. Exceptions are
told apart by where they were raised, and the run goes on; after a crash it is begun anew.
"""

import argparse
import contextlib
import hashlib
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

LIMIT_SECONDS = 60
LIMIT_MB = 2500
INSIDE = "--inside"

Target = Callable[[bytes], None]
Mutate = Callable[[bytes, int, int], bytes]


def main(
    target: Target,
    seeds: Callable[[], Iterable[bytes]],
    dictionary: Iterable[str],
    mutate: Mutate | None = None,
) -> None:
    """The command line of a harness: a folder for corpus, findings and log, and how long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="corpus, findings and log are kept here")
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--try", dest="tried", type=Path, nargs="+", help="run these inputs alone")
    if INSIDE in sys.argv:
        _inside(target, mutate, sys.argv.index(INSIDE))
    options = parser.parse_args()
    if options.tried:
        for path in options.tried:
            target(path.read_bytes())
        return
    _prepare(options.folder, seeds(), dictionary)
    _supervise(options.folder, options.seconds)


def _prepare(folder: Path, seeds: Iterable[bytes], dictionary: Iterable[str]) -> None:
    for name in ("corpus", "findings"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (folder / "corpus" / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
    lines = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in dictionary)
    (folder / "dictionary").write_text("".join(f'"{line}"\n' for line in lines))


def _supervise(folder: Path, seconds: int) -> None:
    """Begins anew after each crash until the time is over, then says what happened."""
    begin, starts, executions, idle = time.monotonic(), 0, 0, 0
    while (left := int(begin + seconds - time.monotonic())) > 0:
        starts += 1
        log = folder / f"log-{time.time_ns()}.txt"
        with log.open("wb") as file:
            subprocess.run(_command(folder, left, starts), stdout=file, stderr=file, check=False)
        counts = re.findall(r"^#(\d+)\s.*$", log.read_text(errors="replace"), re.MULTILINE)
        executions += int(counts[-1]) if counts else 0
        idle = 0 if counts else idle + 1
        if idle == 3:
            print(log.read_text(errors="replace")[-2000:])
            break
    found = sorted(path.name for path in (folder / "findings").iterdir())
    print(f"{executions} executions, {starts} starts, {seconds} s, found: {found or 'nothing'}")


def _command(folder: Path, seconds: int, seed: int) -> list[str]:
    limits = [f"-timeout={LIMIT_SECONDS}", f"-rss_limit_mb={LIMIT_MB}", "-report_slow_units=10"]
    ways = [f"-dict={folder / 'dictionary'}", "-len_control=0", f"-seed={seed}"]
    places = [f"-artifact_prefix={folder / 'findings'}/", str(folder / "corpus")]
    length = f"-max_total_time={seconds}"
    return [sys.executable, sys.argv[0], INSIDE, str(folder), length, *limits, *ways, *places]


def _inside(target: Target, mutate: Mutate | None, position: int) -> None:
    """One process of the campaign."""
    import atheris

    for path in sorted((Path(sys.argv[position + 1]) / "corpus").iterdir())[:3]:
        with contextlib.suppress(Exception):
            target(path.read_bytes())  # what is imported late is no input's fault
    findings = Path(sys.argv[position + 1]) / "findings"
    arguments = [sys.argv[0], *sys.argv[position + 2 :]]
    ways = {} if mutate is None else {"custom_mutator": mutate}
    atheris.Setup(arguments, lambda data: _judged(target, data, findings), **ways)
    atheris.Fuzz()


def _judged(target: Target, data: bytes, findings: Path) -> None:
    from avsseg.errors import AvssegError

    try:
        target(data)
    except AvssegError as error:
        if "\n" in str(error):
            _keep(data, error, findings)
    except Exception as error:
        _keep(data, error, findings)


def _keep(data: bytes, error: Exception, findings: Path) -> None:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "avsseg" in Path(frame.filename).parts] or frames
    place = f"{Path(own[-1].filename).stem}-{own[-1].lineno}"
    path = findings / f"{type(error).__name__}-{place}"
    if not path.exists():
        path.write_bytes(data)
        path.with_name(f"{path.name}.txt").write_text(
            "".join(traceback.format_exception(error)), errors="backslashreplace"
        )
