"""The options of ``avsseg predict`` that say how a run over many videos goes."""

from enum import StrEnum
from typing import Annotated

import typer

_SELECT, _RUN = "What is looked at", "How it runs"


class EngineName(StrEnum):
    """What does the work."""

    LOCAL = "local"
    RAY = "ray"


FromFile = Annotated[
    str | None,
    typer.Option(
        "--from-file",
        metavar="FILE|-",
        help="A list of videos and folders, one a line or ended by NUL; - reads stdin.",
        show_default=False,
        rich_help_panel=_SELECT,
    ),
]

ShardName = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N",
        help="Only part I of N, from 1, for job arrays: each video is in one part, always the"
        " same.",
        show_default=False,
        rich_help_panel=_SELECT,
    ),
]

Batch = Annotated[
    int | None,
    typer.Option(
        "--batch",
        min=1,
        help="Clips at a time; masks do not depend on it.  \\[default: by device]",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]

Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        min=1,
        max=1024,
        help="Videos at a time, each in its own process.  \\[default: 1; with Ray, one for each"
        " GPU, or for every four cores]",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]

Engine = Annotated[
    EngineName,
    typer.Option(
        "--engine",
        help="ray: a Ray cluster does it, and does again what a dying worker leaves.",
        rich_help_panel=_RUN,
    ),
]

RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray-address",
        envvar="RAY_ADDRESS",
        metavar="HOST:PORT",
        help="Of the Ray cluster.  \\[default: a new one here]",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]

DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Say what would be done with each video, and why not; write nothing.",
        rich_help_panel=_RUN,
    ),
]

Profile = Annotated[
    bool,
    typer.Option(
        "--profile",
        help="Show on stderr how long each stage worked and waited.",
        rich_help_panel=_RUN,
    ),
]

FailFast = Annotated[
    bool,
    typer.Option(
        "--fail-fast", help="Begin nothing after the first failure.", rich_help_panel=_RUN
    ),
]
