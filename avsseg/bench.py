"""Measures whole runs on the machine at hand, each in a process of its own."""

import multiprocessing
import os
import platform
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from avsseg.checkpoint import load_model
from avsseg.device import choose_precision
from avsseg.fast.ready import ready_copy
from avsseg.media.output_values import Picture
from avsseg.media.outputs import OutputSettings
from avsseg.media.reader import open_video
from avsseg.media.video_writer import open_video_writer
from avsseg.model.segmenter import AVSegmenter
from avsseg.peak_memory import peak_memory
from avsseg.predict_file import predict_file
from avsseg.prediction import PredictSettings
from avsseg.prefetch import prefetch
from avsseg.stage_timer import RunTimes, StageTimer, num_cores

_FRAME_BYTES = 48 * 1024 * 1024
_CPU_NAMES = Path("/proc/cpuinfo")


@dataclass(frozen=True, kw_only=True)
class Task:
    """One kind of run.

    Attributes:
        name: what it is called in the table.
        kinds: the outputs of ``predict``; none of them to decode and encode again without it.
        fps: predictions per second.
    """

    name: str
    kinds: tuple[str, ...] = ()
    fps: int = 1


CODEC = Task(name="codec alone")
"""The same film decoded and encoded by the same library, with nothing in between."""

ANNOTATED = Task(name="annotated 4/s", kinds=("overlay",), fps=4)

TASKS = (
    Task(name="masks 1/s", kinds=("masks",)),
    Task(name="masks 5/s", kinds=("masks",), fps=5),
    Task(name="annotated 1/s", kinds=("overlay",)),
    ANNOTATED,
    CODEC,
)
"""What is measured: masks alone, the video with its marks at its own rate, the codec's limit."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What all tasks have in common.

    Attributes:
        weights: a checkpoint file.
        device: where to compute.
        resolution: side of the pictures that the network looks at; None for its own.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        repeats: how often each task is done.
    """

    video: Path
    weights: Path
    device: str = "auto"
    resolution: int | None = None
    precision: str = "auto"
    repeats: int = 3


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one task took.

    Attributes:
        runs: all repeats, in turn.
        startup: seconds from the order to begin until the network stood ready.
        peak_bytes: the most memory that its process had, where the system tells.
        facts: how many moments were predicted, in how many something is marked, and the like.
    """

    task: Task
    runs: tuple[RunTimes, ...]
    startup: float
    peak_bytes: int | None
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> RunTimes:
        """The repeat that took the (lower) median of the time."""
        return sorted(self.runs, key=lambda run: run.wall)[(len(self.runs) - 1) // 2]


def measure_each(setting: Setting) -> Iterator[Measured]:
    """Every task in turn, each in a fresh process, so that none has the memory of another."""
    context = multiprocessing.get_context("spawn")
    for task in TASKS:
        with ProcessPoolExecutor(1, mp_context=context) as alone:
            yield alone.submit(measure, task, setting, time.time()).result()


def measure(task: Task, setting: Setting, ordered: float) -> Measured:
    """One task, in this process.

    Args:
        task: what is done.
        setting: to what, and how.
        ordered: when it was ordered, in seconds since the epoch.
    """
    model = None
    if task.kinds:
        model = load_model(setting.weights, setting.device, resolution=setting.resolution)
        ready_copy(model)
    startup = time.time() - ordered
    runs: list[RunTimes] = []
    facts: dict[str, Any] = {}
    for _ in range(setting.repeats):
        timer = StageTimer()
        with TemporaryDirectory(prefix="avsseg-bench-") as folder:
            if model is None:
                _encode_again(setting.video, Path(folder) / "again.mp4", timer)
            else:
                facts = _predict(model, task, setting, Path(folder), timer)
        runs.append(timer.result())
    return Measured(
        task=task, runs=tuple(runs), startup=startup, peak_bytes=peak_memory(), facts=facts
    )


def _predict(
    model: AVSegmenter, task: Task, setting: Setting, folder: Path, timer: StageTimer
) -> dict[str, Any]:
    report = predict_file(
        setting.video,
        folder,
        model,
        PredictSettings(fps=Fraction(task.fps), precision=setting.precision),
        OutputSettings(kinds=task.kinds),
        silent_ok=True,
        timer=timer,
    )
    return {name: report.facts[name] for name in ("moments", "sounding_moments", "pictures")}


def _encode_again(video: Path, path: Path, timer: StageTimer) -> None:
    with timer.running(), open_video(video, timer=timer) as reader:
        frames = prefetch(
            reader.frames(),
            size_of=_frame_bytes,
            max_bytes=_FRAME_BYTES,
            timer=timer,
            stage="second decode",
        )
        with open_video_writer(path, reader.info) as film, closing(frames):
            for frame in timer.each("encode", frames):
                with timer.working("encode"):
                    film.write(frame)


def _frame_bytes(frame: Picture) -> int:
    return frame.width * frame.height * 3 // 2


def machine_facts(device: torch.device, precision: str) -> dict[str, Any]:
    """What of this machine decides the figures."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return {
        "processor": _processor(),
        "cores": num_cores(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "av": version("av"),
        "device": name,
        "precision": choose_precision(precision, device),
    }


def _processor() -> str:
    if _CPU_NAMES.exists():
        for line in _CPU_NAMES.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
