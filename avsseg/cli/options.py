"""Options that several commands share, each written once."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class PrecisionName(StrEnum):
    """Number formats the network may compute in."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"
    FP16 = "fp16"


def _check_device(name: str) -> str:
    if re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name) is None:
        raise typer.BadParameter(f"{name!r} is not one of auto, cpu, cuda, cuda:N, mps.")
    return name


def _check_resolution(size: int | None) -> int | None:
    if size is not None and (size < 32 or size % 32):
        raise typer.BadParameter(f"{size} is no multiple of 32; try 224 or 384.")
    return size


Weights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        "-w",
        envvar="AVSSEG_WEIGHTS",
        metavar="NAME|PATH",
        help="A name from 'avsseg weights list', or a file.  \\[default: the shipped one]",
        show_default=False,
    ),
]

Device = Annotated[
    str,
    typer.Option(
        "--device",
        envvar="AVSSEG_DEVICE",
        metavar="auto|cpu|cuda[:N]|mps",
        callback=_check_device,
        help="Where to compute; only auto falls back to the CPU.",
    ),
]

Resolution = Annotated[
    int | None,
    typer.Option(
        "--resolution",
        envvar="AVSSEG_RESOLUTION",
        metavar="PIXELS",
        callback=_check_resolution,
        help="Side of the pictures that the network looks at; the shipped one's own is 384, and 224"
        " takes a third of the computing but finds less.  \\[default: the weights' own]",
        show_default=False,
    ),
]

Precision = Annotated[
    PrecisionName,
    typer.Option("--precision", envvar="AVSSEG_PRECISION", help="Number format of the network."),
]

Seed = Annotated[
    int,
    typer.Option(
        "--seed", envvar="AVSSEG_SEED", min=0, help="Decides the noise; same seed, same masks."
    ),
]

Offline = Annotated[
    bool,
    typer.Option("--offline", envvar="AVSSEG_OFFLINE", help="Never use the network."),
]

Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", envvar="AVSSEG_QUIET", help="Say nothing but errors."),
]

Json = Annotated[
    bool,
    typer.Option("--json", help="Print the result as JSON on stdout, and nothing else there."),
]

Video = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, metavar="VIDEO", help="A video file."),
]
