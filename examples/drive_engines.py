"""Adds cars that drive to a bank, made of engine loops as racing games hold them.

    python examples/drive_engines.py BANK LOOP [LOOP ...] [--drives 4]

Cars of sound collections mostly honk or are broken; the engine of one that passes at speed is what
films hold. A loop (Debian's ``torcs-data`` has thirty, under the GPL-2 and the Free Art licence)
is played at the changing speed of an engine that idles, is revved, goes through its gears or
passes by. The recordings join the bank's ``train`` split with ``driven`` as their method; a second
run replaces them.
"""

import argparse
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import librosa
import numpy as np
from bank_index import replace_made
from numpy.typing import NDArray

from avsseg.data.acoustics import decibels
from avsseg.errors import AvssegError
from avsseg.media.recording import read_recording

Samples = NDArray[np.float64]
Way = Callable[[np.random.Generator, Samples], tuple[Samples, Samples]]

RATE, LOUDEST_DB = 16000, -22.0
_FINE, _SECONDS, _SEAM = 3, (5.0, 7.0), 0.05


def drive(loop: Samples, way: Way, rng: np.random.Generator) -> Samples:
    """Some seconds of an engine at 16 kHz; its loop (N,) is at three times that rate."""
    length = int(RATE * _FINE * rng.uniform(*_SECONDS))
    speed, level = way(rng, np.linspace(0, 1, length))
    speed = speed * (1 + 0.01 * np.cumsum(rng.standard_normal(len(speed))) / np.sqrt(len(speed)))
    closed = _closed(loop)
    heard = np.interp(np.cumsum(speed), np.arange(len(closed)), closed, period=len(closed))
    driven = librosa.resample(heard * level, orig_sr=RATE * _FINE, target_sr=RATE)
    return driven + rng.uniform(0, 0.15) * driven.std() * rng.standard_normal(len(driven))


def idle(rng: np.random.Generator, time: Samples) -> tuple[Samples, Samples]:
    """Speed, as a factor on the loop's own, and level over time in [0, 1] of an engine at rest."""
    return np.full_like(time, rng.uniform(0.5, 0.8)), np.ones_like(time)


def rev(rng: np.random.Generator, time: Samples) -> tuple[Samples, Samples]:
    """An engine that is sped up now and then."""
    low, high = rng.uniform(0.6, 0.9), rng.uniform(1.3, 2.0)
    push = np.sin(2 * np.pi * (rng.uniform(0.5, 1.5) * time + rng.random()))
    return low + (high - low) * np.clip(push, 0, 1) ** 0.7, np.ones_like(time)


def change_gears(rng: np.random.Generator, time: Samples) -> tuple[Samples, Samples]:
    """An engine whose car goes faster and faster."""
    within = (time * rng.integers(2, 4)) % 1
    return rng.uniform(0.75, 1.0) + rng.uniform(0.4, 0.8) * within**0.8, np.ones_like(time)


def pass_by(rng: np.random.Generator, time: Samples) -> tuple[Samples, Samples]:
    """A car that comes near and is gone: its pitch falls as it passes, its level with distance."""
    along = (time - rng.uniform(0.3, 0.7)) * rng.uniform(8, 20)
    distance = np.sqrt(1 + along**2)
    towards = -rng.uniform(0.06, 0.16) * along / distance
    return rng.uniform(1.1, 2.0) * (1 + towards), distance**-1.2


WAYS: tuple[Way, ...] = (idle, rev, change_gears, pass_by)


def _closed(loop: Samples) -> Samples:
    """The loop with its end faded into its start."""
    seam = min(len(loop) // 4, int(_SEAM * RATE * _FINE))
    fade = np.linspace(0, 1, seam)
    closed = loop[: len(loop) - seam].copy()
    closed[:seam] = closed[:seam] * fade + loop[len(loop) - seam :] * (1 - fade)
    return closed


def _levelled(heard: Samples) -> Samples:
    """With its loudest second where the bank has it, and nothing cut off."""
    power = np.convolve(heard**2, np.full(RATE, 1 / RATE), "valid").max()
    return heard * min(decibels(LOUDEST_DB) / np.sqrt(power), 1 / np.abs(heard).max())


def add_to_bank(bank: Path, loops: list[Path], drives: int) -> None:
    """Writes the recordings into the bank and names them in its index."""
    replace_made(bank, "driven", _written(bank, loops, drives))


def _written(bank: Path, loops: list[Path], drives: int) -> Iterator[dict[str, str]]:
    (bank / "audio/car").mkdir(parents=True, exist_ok=True)
    for path in loops:
        loop = read_recording(path, rate=RATE * _FINE) / 32768
        for number in range(drives):
            rng = np.random.default_rng((*path.name.encode(), number))
            way = WAYS[rng.integers(len(WAYS))]
            name = f"audio/car/engine_{path.stem}_{number}.wav"
            _write(bank / name, _levelled(drive(loop, way, rng)))
            known = {"path": name, "kind": "audio", "category": "car", "sub": "engine"}
            yield known | {"group": f"engine-{path.stem}", "source": path.name}


def _write(path: Path, heard: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((heard * 32767).astype("<i2").tobytes())


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", type=Path)
    parser.add_argument("loops", type=Path, nargs="+", metavar="LOOP")
    parser.add_argument("--drives", type=int, default=4, help="recordings of each engine")
    asked = parser.parse_args()
    if not (asked.bank / "index.csv").is_file():
        parser.error(f"{asked.bank}: no index.csv, so this is no bank.")
    try:
        add_to_bank(asked.bank, asked.loops, asked.drives)
    except AvssegError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
