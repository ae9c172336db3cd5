"""``avsseg bench``: what this machine needs for a film, against what nothing can beat."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from avsseg import __version__
from avsseg.cli.console import print_json, results, say
from avsseg.cli.options import (
    Device,
    Json,
    Offline,
    Precision,
    PrecisionName,
    Quiet,
    Resolution,
    Weights,
)
from avsseg.stage_timer import NETWORK, STAGES

if TYPE_CHECKING:
    from avsseg.bench import Measured

_WIDTH = 120  # what both tables need, also where there is no terminal

Video = Annotated[
    Path | None,
    typer.Argument(exists=True, dir_okay=False, metavar="VIDEO", show_default=False),
]
Repeats = Annotated[int, typer.Option("--repeats", min=1, help="Times that each run is done.")]
Seconds = Annotated[
    int, typer.Option("--seconds", min=2, help="Length of the film that is made where none is.")
]


def bench(
    video: Video = None,
    weights: Weights = None,
    device: Device = "auto",
    resolution: Resolution = None,
    precision: Precision = PrecisionName.AUTO,
    repeats: Repeats = 3,
    seconds: Seconds = 20,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure whole runs and their stages on VIDEO, or on a film made for it (720p).

    F is the floor: the slowest stage, or all CPU-seconds shared by all cores,
    whichever is more. Each kind of run has a process of its own; start-up
    (Python, torch, the network) stands apart. Figures are of the median repeat.

    Example: avsseg bench film.mp4 --json > bench.json
    """
    from avsseg.bench import Setting, machine_facts, measure_each
    from avsseg.device import choose_device
    from avsseg.media.made_film import make_film
    from avsseg.media.probe import probe
    from avsseg.weights import resolve_weights

    chosen, path = choose_device(device), resolve_weights(weights, offline=offline)
    measured: list[Measured] = []
    with TemporaryDirectory(prefix="avsseg-bench-") as folder:
        if video is None:
            video = Path(folder) / "made.mp4"
            make_film(video, seconds=seconds)
        info = probe(video)
        setting = Setting(
            video=video,
            weights=path,
            device=str(chosen),
            resolution=resolution,
            precision=precision.value,
            repeats=repeats,
        )
        machine = machine_facts(chosen, precision.value)
        for one in measure_each(setting):
            if not quiet:
                say(f"{one.task.name}: {one.median.wall:.2f} s")
            measured.append(one)
    length = None if info.duration is None else float(info.duration)
    film = {"name": video.name, "width": info.width, "height": info.height, "seconds": length}
    record = bench_record(measured, film=film, machine=machine, weights=path.name)
    if as_json:
        print_json(record)
        return
    _show(record)


def bench_record(
    measured: Sequence["Measured"],
    *,
    film: dict[str, Any],
    machine: dict[str, Any],
    weights: str,
) -> dict[str, Any]:
    """All figures as plain values, each task against its floor and against the codec's limit."""
    codec = next((m.median.wall for m in measured if not m.task.kinds), None)
    return {
        "avsseg": __version__,
        "weights": weights,
        "machine": machine,
        "film": film,
        "runs": [_run_record(one, codec) for one in measured],
    }


def _run_record(one: "Measured", codec: float | None) -> dict[str, Any]:
    median = one.median
    return {
        "name": one.task.name,
        "seconds": median.wall,
        "all_seconds": [run.wall for run in one.runs],
        "cpu_seconds": median.cpu,
        "floor": median.floor,
        "over_floor": median.wall / median.floor if median.floor else None,
        "over_codec": median.wall / codec if codec else None,
        "startup_seconds": one.startup,
        "peak_bytes": one.peak_bytes,
        **one.facts,
        "stages": {name: asdict(stage) for name, stage in median.stages.items()},
    }


def _show(record: dict[str, Any]) -> None:
    machine, film = record["machine"], record["film"]
    results.print(
        f"{machine['processor']}, {machine['cores']} cores, load {_figure(machine['load'])}; "
        f"{record['weights']} on {machine['device']} in {machine['precision']}; "
        f"{film['name']} {film['width']}x{film['height']}, {_figure(film['seconds'])} s"
    )
    for table in (_runs_table(record["runs"]), _stages_table(record["runs"])):
        results.print(table)
    results.print(
        "F: the slowest stage, or all CPU-seconds shared by all cores, whichever is more. "
        "codec: decoding and encoding the same film alone."
    )
    if not any(run.get("sounding_moments") for run in record["runs"]):
        results.print("Nothing in this film was marked: painting marks takes longer than this.")


def _runs_table(runs: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="whole runs", title_justify="left", width=_WIDTH)
    table.add_column("run", no_wrap=True)
    for name in ("s", "CPU s", "F", "s / F", "s / codec", "start-up s", "peak MB", "marked"):
        table.add_column(name, justify="right", no_wrap=True)
    for run in runs:
        peak = None if run["peak_bytes"] is None else run["peak_bytes"] / 1e6
        marked = f"{run['sounding_moments']}/{run['moments']}" if "moments" in run else "-"
        names = ("seconds", "cpu_seconds", "floor", "over_floor", "over_codec", "startup_seconds")
        table.add_row(
            run["name"], *(_figure(run[name]) for name in names), _figure(peak, 0), marked
        )
    return table


def _stages_table(runs: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="stages: seconds worked (waited)", title_justify="left", width=_WIDTH)
    table.add_column("stage", no_wrap=True)
    for run in runs:
        table.add_column(run["name"], justify="right")
    for name in STAGES:
        cells = [run["stages"].get(name) for run in runs]
        if any(cells):
            label = {"network": "network, rest"}.get(name, name)
            table.add_row(f"  {label}" if name in NETWORK else label, *map(_cell, cells))
    return table


def _cell(stage: dict[str, float] | None) -> str:
    if stage is None:
        return ""
    waited = f" ({stage['wait']:.2f})" if stage["wait"] >= 0.005 else ""
    return f"{stage['busy']:.2f}{waited}"


def _figure(value: float | None, digits: int = 2) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
