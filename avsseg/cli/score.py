"""``avsseg score``: the scores of anybody's masks, from two folders of pictures."""

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avsseg.cli.console import console, print_json, results, warn
from avsseg.cli.options import Json, Quiet

if TYPE_CHECKING:
    from avsseg.evaluation.score import FolderScore


class NumberingName(StrEnum):
    """From which number file names count."""

    AUTO = "auto"
    SAME = "same"
    ZERO = "zero-based"
    ONE = "one-based"


def score(
    predictions: Annotated[
        Path, typer.Argument(metavar="PRED_DIR", exists=True, file_okay=False, help="Your masks.")
    ],
    truths: Annotated[
        Path, typer.Argument(metavar="GT_DIR", exists=True, file_okay=False, help="The truths.")
    ],
    metric_batch: Annotated[
        int,
        typer.Option("--metric-batch", min=1, help="Clips in a batch of AVSBench's F-score."),
    ] = 1,
    classes: Annotated[
        int | None,
        typer.Option("--classes", min=2, help="Score class maps of so many classes (AVSS: 71)."),
    ] = None,
    numbering: Annotated[
        NumberingName,
        typer.Option(
            "--numbering",
            help="How PRED_DIR counts frames, if not as GT_DIR does (AVSBench saves from 0).",
        ),
    ] = NumberingName.AUTO,
    resize: Annotated[
        bool, typer.Option("--resize", help="Bring predictions to the size of the truths.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", file_okay=False, help="Folder for metrics.json and per_video.csv."
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score a folder of masks against a folder of truths, by every rule in use.

    Files are matched by their relative paths. Masks may be binary or soft grey pictures.

    Example: avsseg score my_masks Multi-sources/ms3_data/gt_masks/test
    """
    from rich.progress import track

    from avsseg.evaluation.score import score_class_folders, score_folders
    from avsseg.evaluation.summary import summary, write_summary

    hidden = quiet or not console.is_terminal
    bar = partial(track, description="scoring", console=console, disable=hidden)
    options: dict[str, Any] = {"numbering": numbering.value, "resize": resize, "track": bar}
    if classes is None:
        found = score_folders(predictions, truths, metric_batch=metric_batch, **options)
    else:
        found = score_class_folders(predictions, truths, num_classes=classes, **options)
    context = _context(found, predictions, truths, metric_batch if classes is None else None)
    if not quiet:
        _say_how(found)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        write_summary(output, found.report, context=context)
    if as_json:
        print_json(summary(found.report, context))
    elif not quiet:
        _print(found, metric_batch, semantic=classes is not None)


def _context(
    found: "FolderScore", predictions: Path, truths: Path, metric_batch: int | None
) -> dict[str, Any]:
    return {
        "predictions": str(predictions),
        "truths": str(truths),
        "metric_batch": metric_batch,
        "number_offset": found.pairing.offset,
        "matched_by": "name" if found.pairing.by_name else "path",
        "surplus_predictions": found.pairing.surplus,
    }


def _say_how(found: "FolderScore") -> None:
    pairing = found.pairing
    if pairing.offset:
        base = 0 if pairing.offset < 0 else 1
        warn(f"predictions count from {base}, truths do not; matched by order.")
    if pairing.by_name:
        warn("the folders inside differ; matched by file names alone.")
    if pairing.surplus:
        warn(f"{pairing.surplus} predictions have no truth and are not scored.")
    if found.zero_one:
        warn("no prediction exceeds the value 1, so 1 was read as foreground.")


def _print(found: "FolderScore", metric_batch: int, *, semantic: bool) -> None:
    from avsseg.cli.metrics_table import metrics_table
    from avsseg.evaluation.names import BINARY, SEMANTIC

    title = "" if semantic else f"F by batches of {metric_batch} clip(s), in order of names"
    results.print(metrics_table(found.report, SEMANTIC if semantic else BINARY, title=title))
