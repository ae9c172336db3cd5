"""The options of ``avsseg predict`` that say what becomes of one video."""

from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

_SELECT, _WRITE = "What is looked at", "What is written"


class DecoderName(StrEnum):
    """What reads the videos."""

    BUNDLED = "bundled"
    CUDA = "cuda"
    FFMPEG = "ffmpeg"


class StyleName(StrEnum):
    """Ways to mark what sounds."""

    TINT = "tint"
    CONTOUR = "contour"
    SPOTLIGHT = "spotlight"
    BLUR = "blur"


def _rate(text: str | Fraction) -> Fraction:
    rate = _number(text, "a number above 0, such as 4, 12.5 or 24000/1001")
    if rate <= 0:
        raise typer.BadParameter(f"{text!r} is not above 0.")
    return rate


def _seconds(text: str | Fraction) -> Fraction:
    """Seconds out of ``90``, ``1:30`` or ``0:01:30.5``."""
    parts = [_number(p, "a time, such as 90, 1:30 or 0:01:30.5") for p in str(text).split(":")]
    if len(parts) > 3 or any(part < 0 for part in parts):
        raise typer.BadParameter(f"{text!r} is not a time, such as 90, 1:30 or 0:01:30.5.")
    return sum((part * 60**place for place, part in enumerate(reversed(parts))), Fraction(0))


def _number(text: str | Fraction, what: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise typer.BadParameter(f"{text!r} is not {what}.") from None


Inputs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INPUT",
        help="Videos, folders, or patterns such as '*.mp4'.",
        show_default=False,
    ),
]

Out = Annotated[
    Path, typer.Option("-o", "--out", file_okay=False, help="Folder for all that is written.")
]

DEFAULT_OUTPUT = ["overlay,csv"]
Output = Annotated[
    list[str],
    typer.Option(
        "--output",
        metavar="KIND,...",
        help="Any of overlay, csv, masks, palette, mask-video, matte, alpha, alpha-webm, gif, soft,"
        " heat, segments, srt, regions, rle; may be repeated.",
        rich_help_panel=_WRITE,
    ),
]

Style = Annotated[
    StyleName, typer.Option("--style", help="How the overlay looks.", rich_help_panel=_WRITE)
]

Threshold = Annotated[
    float,
    typer.Option(
        "--threshold",
        min=0.01,
        max=0.99,
        help="Probability from which a pixel sounds.",
        rich_help_panel=_WRITE,
    ),
]

EncoderName = Annotated[
    str,
    typer.Option(
        "--encoder",
        help="Of the videos; ffmpeg:NAME for one of an installed ffmpeg.",
        rich_help_panel=_WRITE,
    ),
]

Crf = Annotated[
    int | None,
    typer.Option(
        "--crf",
        min=0,
        max=63,
        help="Quality of the videos, smaller is better.  \\[default: the encoder's]",
        show_default=False,
        rich_help_panel=_WRITE,
    ),
]

Report = Annotated[
    bool,
    typer.Option(
        "--report",
        help="Also a page for each video, and one for them all: player, timeline, key frames.",
        rich_help_panel=_WRITE,
    ),
]

NoAudio = Annotated[
    bool, typer.Option("--no-audio", help="Write videos mute.", rich_help_panel=_WRITE)
]

Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Do again what is there already.", rich_help_panel=_WRITE),
]

Fps = Annotated[
    Fraction | None,
    typer.Option(
        "--fps",
        parser=_rate,
        metavar="RATE",
        help="Predictions per second.  \\[default: 4 for videos, else 1]",
        show_default=False,
        rich_help_panel=_SELECT,
    ),
]

Start = Annotated[
    Fraction | None,
    typer.Option(
        "--start",
        parser=_seconds,
        metavar="TIME",
        help="Begin here: seconds, or [H:]M:S.",
        show_default=False,
        rich_help_panel=_SELECT,
    ),
]

End = Annotated[
    Fraction | None,
    typer.Option(
        "--end",
        parser=_seconds,
        metavar="TIME",
        help="Stop here.",
        show_default=False,
        rich_help_panel=_SELECT,
    ),
]

Decoder = Annotated[
    DecoderName,
    typer.Option(
        "--decoder",
        help="cuda: a GPU decodes the pictures. ffmpeg: an installed ffmpeg reads what the bundled"
        " codecs refuse.",
        rich_help_panel=_SELECT,
    ),
]

AudioTrack = Annotated[
    int | None,
    typer.Option(
        "--audio-track",
        min=0,
        help="Sound track to listen to, from 0.  \\[default: the best]",
        show_default=False,
        rich_help_panel=_SELECT,
    ),
]

Gate = Annotated[
    str,
    typer.Option(
        "--gate",
        metavar="auto|off|DB",
        help="Masks fade where the film falls silent, or is below this level in dBFS.",
        rich_help_panel=_SELECT,
    ),
]

Samples = Annotated[
    int,
    typer.Option(
        "--samples",
        min=1,
        max=64,
        help="Answers drawn from the network; masks are their mean, and its doubt is told.",
        rich_help_panel=_SELECT,
    ),
]

Overlap = Annotated[
    int,
    typer.Option(
        "--overlap",
        min=0,
        metavar="FRAMES",
        help="Let the network see this many of a clip's frames again in the next, and blend.",
        rich_help_panel=_SELECT,
    ),
]

Steady = Annotated[
    bool,
    typer.Option(
        "--steady/--no-steady",
        help="Where there are four predictions a second and more, one that disagrees with both of"
        " its neighbours gives way to them.",
        rich_help_panel=_SELECT,
    ),
]

Smooth = Annotated[
    float,
    typer.Option(
        "--smooth",
        min=0.0,
        max=10.0,
        metavar="SECONDS",
        help="Average masks over this time to either side, never over a cut.",
        rich_help_panel=_SELECT,
    ),
]

Refine = Annotated[
    bool,
    typer.Option(
        "--refine", help="Let masks follow the edges of the picture.", rich_help_panel=_WRITE
    ),
]

Labels = Annotated[
    bool,
    typer.Option("--labels", help="Name what is heard on the overlay.", rich_help_panel=_WRITE),
]

SilentOk = Annotated[
    bool,
    typer.Option(
        "--silent-ok",
        help="Empty masks for a video without sound track, instead of an error.",
        rich_help_panel=_SELECT,
    ),
]
