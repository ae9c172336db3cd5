"""``avsseg predict``: marks what sounds in files, folders and patterns of files."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from avsseg.cli import predict_options as options
from avsseg.cli import run_options as running
from avsseg.cli.console import results, say
from avsseg.cli.options import (
    Device,
    Json,
    Offline,
    Precision,
    PrecisionName,
    Quiet,
    Resolution,
    Seed,
    Weights,
)
from avsseg.cli.predict_run import Manner, finish, run
from avsseg.errors import UsageError

if TYPE_CHECKING:
    from avsseg.engines.choice import Engine
    from avsseg.inputs import Job
    from avsseg.media.manifest import FileReport
    from avsseg.predict_jobs import Plan


def predict(
    inputs: options.Inputs = None,
    out: options.Out = Path("avsseg-out"),
    output: options.Output = options.DEFAULT_OUTPUT,
    style: options.Style = options.StyleName.TINT,
    threshold: options.Threshold = 0.5,
    encoder: options.EncoderName = "libx264",
    crf: options.Crf = None,
    report: options.Report = False,
    no_audio: options.NoAudio = False,
    overwrite: options.Overwrite = False,
    fps: options.Fps = None,
    start: options.Start = None,
    end: options.End = None,
    audio_track: options.AudioTrack = None,
    decoder: options.Decoder = options.DecoderName.BUNDLED,
    gate: options.Gate = "auto",
    samples: options.Samples = 1,
    overlap: options.Overlap = 0,
    steady: options.Steady = True,
    smooth: options.Smooth = 0.0,
    refine: options.Refine = False,
    labels: options.Labels = False,
    silent_ok: options.SilentOk = False,
    weights: Weights = None,
    device: Device = "auto",
    resolution: Resolution = None,
    precision: Precision = PrecisionName.AUTO,
    seed: Seed = 0,
    from_file: running.FromFile = None,
    shard: running.ShardName = None,
    batch: running.Batch = None,
    jobs: running.Jobs = None,
    engine: running.Engine = running.EngineName.LOCAL,
    ray_address: running.RayAddress = None,
    dry_run: running.DryRun = False,
    fail_fast: running.FailFast = False,
    profile: running.Profile = False,
    offline: Offline = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Mark what sounds in every video of INPUT.

    Each video gets a folder of its own below the output folder, and a folder's
    tree is mirrored: season/one.mp4 gives season/one/ with overlay.mp4,
    frames.csv or whatever else is asked for, and manifest.json, written last.
    What is finished is skipped: it is known by the content of video and weights
    and by the settings.

    Example: avsseg predict film.mp4

    Example: avsseg predict clips/ -o marked --output masks,csv --fps 2 --jobs 4
    """
    from avsseg.engines.choice import Engine
    from avsseg.gate import parse_gate
    from avsseg.media.outputs import OutputSettings
    from avsseg.predict_jobs import Plan
    from avsseg.prediction import FILM_FPS, PredictSettings
    from avsseg.weights import resolve_weights

    wanted = OutputSettings(
        kinds=_kinds(output, report=report),
        threshold=threshold,
        style=style.value,
        encoder=encoder,
        crf=crf,
        with_sound=not no_audio,
        refine=refine,
        labels=labels,
    )
    settings = PredictSettings(
        fps=fps or (FILM_FPS if wanted.moving else Fraction(1)),
        start=start,
        end=end,
        seed=seed,
        batch_size=batch,
        precision=precision.value,
        gate=parse_gate(gate),
        samples=samples,
        overlap=overlap,
        steady=steady,
        smooth=smooth,
        with_muted=wanted.with_muted,
    )
    how = Engine(name=engine.value, jobs=jobs, ray_address=ray_address)
    plan = Plan(
        weights=resolve_weights(weights, offline=offline or dry_run),
        device=_device(device, how),
        resolution=resolution,
        predict=settings,
        outputs=wanted,
        audio_track=audio_track,
        decoder=decoder.value,
        silent_ok=silent_ok,
        overwrite=overwrite,
        report=report,
    )
    manner = Manner(dry=dry_run, fail_fast=fail_fast, profile=profile, as_json=as_json, quiet=quiet)
    films = _films(inputs or [], out, from_file=from_file, shard=shard, quiet=quiet)
    _perform(films, plan, how, manner, index=out if report and not shard else None)


def _perform(
    films: Sequence["Job"], plan: "Plan", engine: "Engine", manner: Manner, *, index: Path | None
) -> None:
    """The run, the page of all its videos if there is to be one, and the sum."""
    if manner.profile and (engine.apart or manner.dry):
        raise UsageError("--profile looks into one process; leave out --jobs, --engine, --dry-run.")
    _announce(plan, engine, manner)
    ended = run(films, plan, engine, manner)
    if index is not None and len(films) > 1 and not manner.dry:
        _index(index, ended, quiet=manner.quiet or manner.as_json)
    finish(ended, len(films), manner)


def _films(
    inputs: Sequence[str], out: Path, *, from_file: str | None, shard: str | None, quiet: bool
) -> list["Job"]:
    """Every video that is meant, of this part if there are parts."""
    from avsseg.inputs import plan_jobs
    from avsseg.path_list import read_path_list
    from avsseg.shard import parse_shard

    part = None if shard is None else parse_shard(shard)
    listed = [] if from_file is None else read_path_list(from_file)
    films = plan_jobs(inputs, out, listed=listed, shard=part)
    if not films and not quiet:
        say(f"no video falls to shard {shard}")
    return films


def _kinds(output: Sequence[str], *, report: bool) -> tuple[str, ...]:
    """The outputs that were named, and those that a report is made from."""
    from avsseg.page.film_page import NEEDED

    named = [kind.strip() for kind in ",".join(output).split(",") if kind.strip()]
    return tuple(dict.fromkeys([*named, *(NEEDED if report else ())]))


def _device(name: str, engine: "Engine") -> str:
    """The device here, or what to look for on the machines of a cluster."""
    from avsseg.device import choose_device

    return name if engine.name == "ray" else str(choose_device(name))


def _announce(plan: "Plan", engine: "Engine", manner: Manner) -> None:
    from avsseg.device import choose_device, choose_precision

    if manner.quiet or manner.dry:
        return
    where, form = "Ray", plan.predict.precision
    if engine.name == "local":
        where, form = plan.device, choose_precision(form, choose_device(plan.device))
    at_once = f", {engine.jobs} videos at a time" if (engine.jobs or 1) > 1 else ""
    rate = f"{plan.predict.fps} predictions a second"
    say(f"{plan.weights.name} on {where} in {form}, {rate}{at_once}")


def _index(out: Path, ended: Sequence["FileReport"], *, quiet: bool) -> None:
    """Writes the page of all videos, if there is anything to show."""
    from avsseg.page.index_page import write_index_page

    if any("report" in report.outputs for report in ended):
        page = write_index_page(out, ended)
        if not quiet:
            results.print(str(page))
