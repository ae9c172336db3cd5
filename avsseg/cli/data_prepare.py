"""``avsseg data prepare``: frames, sound and log-mel from raw videos."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from avsseg.cli.console import complain, console, results
from avsseg.cli.data_check import Root, SubsetChoice, SubsetName
from avsseg.cli.errors import SOME_FAILED
from avsseg.cli.options import Quiet
from avsseg.errors import DataError

if TYPE_CHECKING:
    from avsseg.data.layout import Subset


def prepare(
    root: Root,
    subset: SubsetChoice = None,
    smooth: Annotated[
        bool,
        typer.Option("--smooth", help="Shrink pictures without the aliasing of AVSBench's script."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Make anew what is there already.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Cut raw videos into frames, wav and log-mel, exactly as AVSBench does.

    DIR holds the index file and the raw_videos folder. What is there already is kept, so a run
    that was stopped goes on when the same command is given again.

    Example: avsseg data prepare avsbench --subset s4
    """
    from rich.progress import track

    from avsseg.data.layout import read_index
    from avsseg.data.prepare import prepare_clips

    states: list[str] = []
    for name in _wanted(root, subset):
        clips = read_index(root, name)
        made = prepare_clips(clips, name, smooth=smooth, overwrite=overwrite)
        hidden = quiet or not console.is_terminal
        bar = track(made, f"cutting {name}", total=len(clips), console=console, disable=hidden)
        for clip in bar:
            states.append(clip.state)
            if clip.state == "failed":
                complain(f"{clip.name}: {clip.reason}")
    if not quiet:
        results.print(", ".join(f"{states.count(s)} {s}" for s in ("made", "kept", "failed")))
    if states.count("failed") == len(states):
        raise DataError(f"{root}: no clip could be prepared.")
    if "failed" in states:
        raise typer.Exit(SOME_FAILED)


def _wanted(root: Path, subset: SubsetName | None) -> "tuple[Subset, ...]":
    from avsseg.data.layout import find_subsets

    if subset is not None:
        return (subset.value,)
    here = find_subsets(root)
    return tuple(name for name in here if name != "avss") or here
