"""``avsseg data synth``: an AVSBench dataset composed from a bank of objects and sounds."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from avsseg.cli.console import console, results
from avsseg.cli.options import Quiet

if TYPE_CHECKING:
    from avsseg.data.synthetic import SyntheticPlan


class LayoutName(StrEnum):
    """The layouts that can be written."""

    S4 = "s4"
    MS3 = "ms3"


def _check_sizes(text: str | None) -> str | None:
    parts = (text or "1,1,1").split(",")
    if len(parts) != 3 or not all(part.strip().isdecimal() for part in parts):
        raise typer.BadParameter(f"{text!r} is not three numbers like 400,50,100.")
    return text


def synth(
    bank: Annotated[
        Path,
        typer.Option("--bank", exists=True, file_okay=False, help="Folder with an index.csv."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder to write into.")
    ],
    layout: Annotated[
        LayoutName, typer.Option("--layout", help="s4: one source; ms3: several, or none.")
    ] = LayoutName.MS3,
    number: Annotated[
        int, typer.Option("-n", min=1, help="Clips in all, split 70:15:15 as in AVSBench.")
    ] = 100,
    split_sizes: Annotated[
        str | None,
        typer.Option(
            "--split-sizes",
            metavar="TRAIN,VAL,TEST",
            callback=_check_sizes,
            help="Clips of each split, instead of -n.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Decides every clip.")] = 0,
    video: Annotated[bool, typer.Option("--video", help="Write each clip as an MP4 too.")] = False,
    quiet: Quiet = False,
) -> None:
    """Compose labelled five-second clips in which only the sound decides the mask.

    A run that was stopped goes on where it ended when the same command is given again.

    Example: avsseg data synth --bank bank -o scenes --layout ms3 -n 200
    """
    from rich.progress import track

    from avsseg.data.bank import Bank
    from avsseg.data.synthetic import SyntheticPlan, write_synthetic

    train, val, test = _sizes(number, split_sizes)
    plan = SyntheticPlan(
        layout=layout.value, train=train, val=val, test=test, seed=seed, video=video
    )
    clips = write_synthetic(Bank.open(bank), output, plan)
    total, hidden = train + val + test, quiet or not console.is_terminal
    for _ in track(clips, "composing", total=total, console=console, disable=hidden):
        pass
    if not quiet:
        results.print(_summary(plan, output))


def _sizes(number: int, split_sizes: str | None) -> tuple[int, int, int]:
    if split_sizes is not None:
        train, val, test = (int(part) for part in split_sizes.split(","))
        return train, val, test
    val = test = round(0.15 * number)
    return number - val - test, val, test


def _summary(plan: "SyntheticPlan", output: Path) -> str:
    return f"{output}: {plan.train} train, {plan.val} val, {plan.test} test clips ({plan.layout})"
