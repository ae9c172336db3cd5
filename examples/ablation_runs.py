"""What the scripts that train and score many networks share: a run of avsseg, and its figures."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path


def run_avsseg(log: Path, *arguments: object) -> float:
    """Runs a command on one thread, its output added to a file, and returns the seconds it took.

    Raises:
        SystemExit: the command failed.
    """
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    log.parent.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with log.open("a", encoding="utf-8") as file:
        command = [sys.executable, "-m", "avsseg", *map(str, arguments)]
        done = subprocess.run(command, env=os.environ | one, stdout=file, stderr=file)
    if done.returncode:
        raise SystemExit(f"{log.stem}: exit status {done.returncode}; see {log}.")
    return time.monotonic() - began


def keep_settings(path: Path, text: str) -> None:
    """Writes down what a folder's runs have in common.

    Raises:
        SystemExit: the folder holds runs with other settings.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_text(encoding="utf-8") != text:
        raise SystemExit(f"{path}: holds other settings; choose another folder.")
    path.write_text(text, encoding="utf-8")


def spread(values: list[float]) -> str:
    """Mean (least to most)."""
    return f"{statistics.mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"
