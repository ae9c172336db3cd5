"""What ``avsseg doctor`` finds out: each fact about this machine that decides how avsseg runs."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from avsseg.errors import AvssegError

Verdict = Literal["ok", "note", "bad"]

_PACKAGES = ("torch", "torchvision", "timm", "av", "numpy", "librosa", "typer", "safetensors")
_NEEDED_ENCODERS = ("libx264", "aac")
_WANTED_ENCODERS = ("libvpx-vp9", "libopus", "prores_ks", "png", "gif")
_HARDWARE_ENCODERS = ("h264_nvenc", "hevc_nvenc", "h264_videotoolbox")


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One fact.

    Attributes:
        verdict: ``bad`` keeps avsseg from working, ``note`` costs something, ``ok`` is well.
    """

    topic: str
    value: str
    verdict: Verdict = "ok"


def diagnose() -> Iterator[Finding]:
    """Every finding in turn; a check that breaks is itself a finding."""
    for topic, check in _CHECKS.items():
        try:
            yield from check()
        except Exception as error:  # whatever is broken here is what the user came to learn
            yield Finding(topic=topic, value=f"{type(error).__name__}: {error}", verdict="bad")


def _versions() -> Iterator[Finding]:
    from avsseg import __version__

    system = f"{platform.system()} {platform.machine()}"
    yield Finding(topic="avsseg", value=f"{__version__} in {Path(__file__).parent}")
    yield Finding(topic="python", value=f"{platform.python_version()}, {system}, {sys.executable}")
    for package in _PACKAGES:
        try:
            yield Finding(topic=package, value=version(package))
        except PackageNotFoundError:
            yield Finding(topic=package, value="not installed", verdict="bad")


def _torchvision() -> Iterator[Finding]:
    from avsseg.torchvision_guard import ensure_torchvision

    said: dict[str, tuple[str, Verdict]] = {
        "native": ("native: its compiled operators load", "ok"),
        "guarded": ("guarded: built for another torch; avsseg needs none of what is missing", "ok"),
        "absent": ("absent: timm cannot be imported; install torchvision", "bad"),
    }
    value, verdict = said[ensure_torchvision()]
    yield Finding(topic="torchvision state", value=value, verdict=verdict)
    import timm

    yield Finding(topic="timm imports", value=timm.__version__)


def _device() -> Iterator[Finding]:
    import torch

    from avsseg.device import choose_device, choose_precision

    device = choose_device()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    precision = choose_precision("auto", device)
    yield Finding(
        topic="device",
        value=f"{name} ({device}), computes in {precision}",
        verdict="note" if device.type == "cpu" else "ok",
    )
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        yield Finding(topic="device memory", value=f"{_size(free)} of {_size(total)} free")
    yield Finding(
        topic="processor", value=f"{os.cpu_count()} cores, torch uses {torch.get_num_threads()}"
    )


def _memory() -> Iterator[Finding]:
    if not hasattr(os, "sysconf") or "SC_AVPHYS_PAGES" not in os.sysconf_names:
        return
    page = os.sysconf("SC_PAGE_SIZE")
    free, total = page * os.sysconf("SC_AVPHYS_PAGES"), page * os.sysconf("SC_PHYS_PAGES")
    yield Finding(
        topic="memory",
        value=f"{_size(free)} of {_size(total)} unused",
        verdict="note" if total < 2 << 30 else "ok",
    )


def _encoders() -> Iterator[Finding]:
    from avsseg.media.codecs import encoder_opens, libav_version

    yield Finding(topic="libavcodec", value=f"{libav_version()}, bundled with PyAV")
    for names, verdict in ((_NEEDED_ENCODERS, "bad"), (_WANTED_ENCODERS, "note")):
        missing = [name for name in names if not encoder_opens(name)]
        yield Finding(
            topic="encoders" if verdict == "bad" else "more encoders",
            value=f"missing: {', '.join(missing)}" if missing else ", ".join(names),
            verdict=verdict if missing else "ok",  # type: ignore[arg-type]
        )
    hardware = [name for name in _HARDWARE_ENCODERS if encoder_opens(name)]
    yield Finding(topic="hardware encoders", value=", ".join(hardware) or "none")
    program = shutil.which("ffmpeg")
    yield Finding(
        topic="ffmpeg program", value=program or "none; only '--encoder ffmpeg:' needs it"
    )


def _cache() -> Iterator[Finding]:
    from avsseg.weights import cache_folder

    folder = cache_folder()
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    writable = there.is_dir() and os.access(there, os.W_OK)
    state = f"{_size(shutil.disk_usage(there).free)} free" if writable else "cannot be written"
    yield Finding(topic="cache", value=f"{folder}, {state}", verdict="ok" if writable else "note")


def _weights() -> Iterator[Finding]:
    from avsseg.weights import shipped_manifest, verify_weights, weights_location

    manifest = shipped_manifest()
    for entry in manifest.entries.values():
        path = weights_location(entry)
        needed = entry.url is None
        if not path.is_file():
            state = "missing; install avsseg again" if needed else "not downloaded"
            yield Finding(topic=entry.name, value=state, verdict="bad" if needed else "ok")
            continue
        try:
            verify_weights(entry, path)
        except AvssegError as error:
            yield Finding(topic=entry.name, value=str(error), verdict="bad")
        else:
            yield Finding(topic=entry.name, value=f"verified, {path}")
    if manifest.default is None:
        yield Finding(topic="default weights", value="none shipped; give --weights", verdict="note")


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB"


_CHECKS: dict[str, Callable[[], Iterator[Finding]]] = {
    "versions": _versions,
    "torchvision": _torchvision,
    "device": _device,
    "memory": _memory,
    "encoders": _encoders,
    "cache": _cache,
    "weights": _weights,
}
