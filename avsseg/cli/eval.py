"""``avsseg eval``: how good a network is, and whether it listens."""

import shlex
import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avsseg.cli.console import console, print_json, results
from avsseg.cli.options import Device, Json, Offline, Precision, PrecisionName, Quiet, Resolution
from avsseg.errors import UsageError

if TYPE_CHECKING:
    from avsseg.evaluation.evaluation import EvalOptions, Evaluation
    from avsseg.model.segmenter import AVSegmenter


class SubsetName(StrEnum):
    """The subsets of AVSBench."""

    S4 = "s4"
    MS3 = "ms3"
    AVSS = "avss"


class SplitName(StrEnum):
    """The splits of a dataset or a bank."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


def _numbers(text: str) -> str:
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise typer.BadParameter(f"{text!r} is not a list of numbers like 0,1,2.")
    return text


def _positive_numbers(text: str) -> str:
    if any(int(part) < 1 for part in _numbers(text).split(",")):
        raise typer.BadParameter(f"{text!r} holds a number below 1.")
    return text


_LOG_WIDTH = 160
"""Columns of a table in a pipe or a log, where nothing says how wide it is."""

_ON, _HOW = "What to evaluate on", "How"


def evaluate(
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DATA]",
            exists=True,
            file_okay=False,
            help="A dataset in AVSBench's layout.",
            show_default=False,
        ),
    ] = None,
    bank: Annotated[
        Path | None,
        typer.Option(
            "--bank",
            exists=True,
            file_okay=False,
            help="Instead: a bank's photographs and scenes composed of it; only the sound decides.",
            rich_help_panel=_ON,
        ),
    ] = None,
    clips: Annotated[
        Path | None,
        typer.Option(
            "--clips",
            exists=True,
            file_okay=False,
            help="Instead: a folder of films with masks/index.csv (clip,time_s,mask).",
            rich_help_panel=_ON,
        ),
    ] = None,
    split: Annotated[
        SplitName | None,
        typer.Option(
            "--split",
            help="\\[default: test; of a bank val]",
            rich_help_panel=_ON,
            show_default=False,
        ),
    ] = None,
    subset: Annotated[
        SubsetName | None,
        typer.Option(
            "--subset", help="\\[default: the one in DATA]", rich_help_panel=_ON, show_default=False
        ),
    ] = None,
    count: Annotated[
        int,
        typer.Option("--count", min=1, help="Scenes of each kind (bank).", rich_help_panel=_ON),
    ] = 100,
    scene_seed: Annotated[
        int,
        typer.Option("--scene-seed", min=0, help="Decides the scenes.", rich_help_panel=_ON),
    ] = 7,
    frames: Annotated[
        str,
        typer.Option(
            "--frames",
            callback=_positive_numbers,
            help="Frames of a scene, one table column each (bank).",
            rich_help_panel=_ON,
        ),
    ] = "1,5",
    checkpoint: Annotated[
        str | None,
        typer.Option(
            "--checkpoint",
            "--weights",
            "-w",
            envvar="AVSSEG_WEIGHTS",
            metavar="NAME|PATH",
            help="A name from 'avsseg weights list' or a file.  \\[default: the shipped one]",
            show_default=False,
        ),
    ] = None,
    seeds: Annotated[
        str,
        typer.Option(
            "--seeds", callback=_numbers, help="Sampling seeds to average.", rich_help_panel=_HOW
        ),
    ] = "0,1,2",
    metric_batch: Annotated[
        int,
        typer.Option(
            "--metric-batch",
            min=1,
            help="Clips in a batch of AVSBench's F-score (its scripts: 4).",
            rich_help_panel=_HOW,
        ),
    ] = 1,
    probes: Annotated[
        bool,
        typer.Option(
            "--probes/--no-probes",
            help="Also ask with other latents and other sounds; of --clips a film, too.",
            rich_help_panel=_HOW,
        ),
    ] = True,
    panels: Annotated[
        int,
        typer.Option("--panels", min=0, help="Pictures of each kind.", rich_help_panel=_HOW),
    ] = 4,
    batch: Annotated[
        int | None,
        typer.Option(
            "--batch",
            min=1,
            help="Clips at a time; scores do not depend on it.  \\[default: by device]",
            rich_help_panel=_HOW,
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int,
        typer.Option("--workers", min=0, help="Processes that read DATA.", rich_help_panel=_HOW),
    ] = 0,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            file_okay=False,
            help="Folder for metrics.json, per_video.csv, figures and panels.",
            rich_help_panel=_HOW,
        ),
    ] = None,
    device: Device = "auto",
    resolution: Resolution = None,
    precision: Precision = PrecisionName.AUTO,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score a network by every rule in use, and ask whether sound and latent decide its masks.

    The network runs exactly as in 'avsseg predict'. DATA is a benchmark's folder; --bank and
    --clips are two other kinds of question.

    Example: avsseg eval avsbench --subset ms3 -w runs/train/ours/best.safetensors -o ours-ms3
    """
    from avsseg.checkpoint import load_model
    from avsseg.evaluation.bank import BankOptions
    from avsseg.evaluation.context import run_context
    from avsseg.evaluation.evaluation import EvalOptions
    from avsseg.evaluation.writing import as_document, check_folder, write_evaluation
    from avsseg.weights import resolve_weights

    if sum(target is not None for target in (data, bank, clips)) != 1:
        raise UsageError("name one thing to evaluate on: DATA, --bank BANK or --clips DIR.")
    if output is not None:
        check_folder(output)
    path = resolve_weights(checkpoint, offline=offline)
    model = load_model(path, device, resolution=resolution)
    options = EvalOptions(
        seeds=_listed(seeds),
        precision=precision.value,
        batch=batch,
        metric_batch=metric_batch,
        probes=probes,
        panels=panels,
    )
    context = run_context(path, model, options)
    found, facts = _found(
        model,
        options,
        scenes=BankOptions(count=count, seed=scene_seed, frames=_listed(frames)),
        data=data,
        bank=bank,
        clips=clips,
        split=None if split is None else split.value,
        subset=None if subset is None else subset.value,
        workers=workers,
        hidden=quiet or not console.is_terminal,
    )
    context["data"] = facts
    context["command"] = shlex.join(["avsseg", *sys.argv[1:]])
    if output is not None:
        write_evaluation(output, found, context)
    if as_json:
        print_json(as_document(found, context))
    elif not quiet:
        _print(found, context)


def _found(
    model: "AVSegmenter",
    options: "EvalOptions",
    *,
    scenes: Any,
    data: Path | None,
    bank: Path | None,
    clips: Path | None,
    split: Any,
    subset: Any,
    workers: int,
    hidden: bool,
) -> "tuple[Evaluation, dict[str, Any]]":
    from avsseg.evaluation.run import evaluate_avsbench, evaluate_bank, evaluate_clips

    bar = _bar(hidden)
    if bank is not None:
        return evaluate_bank(
            model,
            bank,
            options,
            scenes,
            split=split or "val",
            track=lambda asked, what, total: bar(asked, what, total),
        )
    if clips is not None:
        return evaluate_clips(
            model, clips, options, track=lambda films, total: bar(films, "films", total)
        )
    assert data is not None
    return evaluate_avsbench(
        model,
        data,
        options,
        subset=subset,
        split=split or "test",
        workers=workers,
        track=lambda batches, total: bar(batches, "clips", total),
    )


def _bar(hidden: bool) -> Callable[[Iterable[Any], str, int], Iterable[Any]]:
    from rich.progress import track

    def show(items: Iterable[Any], what: str, total: int) -> Iterable[Any]:
        return track(items, what, total=total, console=console, disable=hidden)

    return show


def _print(found: "Evaluation", context: dict[str, Any]) -> None:
    from avsseg.cli.eval_tables import tables

    if not results.is_terminal:
        results.width = _LOG_WIDTH
    for table in tables(found, context):
        results.print(table)
        results.print()
    for name, reason in found.findings.get("skipped", {}).items():
        console.print(f"{name}: left out: {reason}", markup=False, highlight=False)


def _listed(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))
