"""Where the network computes and in which number format."""

import re
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, get_args

import torch

from avsseg.errors import UsageError

Precision = Literal["auto", "fp32", "bf16", "fp16"]

_DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def choose_device(name: str = "auto") -> torch.device:
    """The device of a name: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

    Only ``auto`` falls back; any other name is an order.

    Raises:
        UsageError: the device is not here, or the name is none.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    if name == "mps":
        return _mps()
    if re.fullmatch(r"cuda(:\d+)?", name):
        return _cuda(name)
    raise UsageError(f"device {name}: unknown; choose auto, cpu, cuda, cuda:N or mps.")


def _mps() -> torch.device:
    if not torch.backends.mps.is_available():
        raise UsageError("device mps: this machine has no Metal device; use --device cpu.")
    return torch.device("mps")


def _cuda(name: str) -> torch.device:
    if not torch.cuda.is_available():
        why = "there is no usable CUDA device here"
        if torch.version.cuda is None and torch.version.hip is None:
            why = "the installed torch is built without CUDA"
        raise UsageError(f"device {name}: {why}; use --device cpu, or install torch for CUDA.")
    device, count = torch.device(name), torch.cuda.device_count()
    if device.index is not None and device.index >= count:
        raise UsageError(f"device {name}: there are {count} CUDA devices, numbered from 0.")
    return device


def choose_precision(name: str, device: torch.device) -> Precision:
    """The number format that ``auto`` stands for on a device, or the name itself.

    ``auto`` is bfloat16 on CUDA devices that compute in it and float32 everywhere else.

    Raises:
        UsageError: the name is none.
    """
    if name == "auto":
        fast = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
        return "bf16" if fast else "fp32"
    for known in get_args(Precision):
        if name == known:
            return known  # type: ignore[no-any-return]
    raise UsageError(f"precision {name}: unknown; choose one of {', '.join(get_args(Precision))}.")


def autocast(precision: Precision, device: torch.device) -> AbstractContextManager[object]:
    """The context in which the network computes in a (chosen) precision."""
    if precision not in _DTYPES:
        return nullcontext()
    return torch.autocast(device.type, dtype=_DTYPES[precision])
