"""``avsseg train``: a run from a config file, new or taken up again."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from avsseg.cli.options import Device, Offline, Quiet

if TYPE_CHECKING:
    from avsseg.training.run_directory import RunDirectory
    from avsseg.training.session import Session
    from avsseg.training.trainer import Trainer

LATEST = "latest"

_UNITS = {"h": 60.0, "m": 1.0, "s": 1 / 60}


class TrainCommand(TyperCommand):
    """Lets ``--resume`` stand alone: the newest run of the config's name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Fills in the path that a lone ``--resume`` leaves out."""
        at = args.index("--resume") + 1 if "--resume" in args else 0
        if at and (at == len(args) or args[at].startswith("-") or args[at].endswith(".toml")):
            args = [*args[:at], LATEST, *args[at:]]
        return super().parse_args(ctx, args)


def _minutes(text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"(\d+(\.\d+)?[hms])+", text):
        raise typer.BadParameter(f"{text!r} is no time like 2h, 90m or 1h30m.")
    return text


def train(
    config: Annotated[
        Path | None,
        typer.Argument(metavar="CONFIG.toml", dir_okay=False, help="The run's settings."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change one, as optimisation.lr=1e-3."),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            metavar="[PATH]",
            help="Go on with a run: its folder, or the newest of the config's name.",
        ),
    ] = None,
    init_from: Annotated[
        str | None,
        typer.Option(
            "--init-from",
            metavar="PATH|NAME",
            help="Start from the weights of a checkpoint or run, as far as they fit.",
        ),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            "--time", metavar="2h", callback=_minutes, help="Stop after so long in all: 2h, 90m."
        ),
    ] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", file_okay=False, help="Folder of runs.")
    ] = Path("runs/train"),
    device: Device = "auto",
    offline: Offline = False,
    quiet: Quiet = False,
) -> None:
    """Train a network as CONFIG.toml says; everything lands in runs/train/NAME.

    Ctrl-C saves and stops. Several processes: accelerate launch -m avsseg train CONFIG.toml,
    or torchrun -m avsseg train CONFIG.toml.

    Example: avsseg train examples/train_ms3.toml --set data.avsbench.root=~/avsbench --time 2h
    """
    if config is None and resume in (None, LATEST):
        raise typer.BadParameter("name a CONFIG.toml, or the run to go on with: --resume PATH.")
    if resume is not None and init_from is not None:
        raise typer.BadParameter("--init-from starts a run and --resume goes on with one.")
    changes = list(settings or [])
    if time is not None:
        changes.append(f"optimisation.minutes={_total_minutes(time)}")

    from avsseg.cli.train_display import TrainDisplay
    from avsseg.training.session import Session

    with TrainDisplay(quiet=quiet) as display:
        session = Session(
            root=output,
            device=device,
            init_from=init_from,
            offline=offline,
            opened=display.log_into,
        )
        trainer = _trainer(session, config, changes, resume)
        trainer.fit(display)


def _trainer(
    session: "Session", config: Path | None, changes: list[str], resume: str | None
) -> "Trainer":
    from avsseg.training.config_file import read_config

    if resume is None:
        assert config is not None
        return session.start(read_config(config, changes))
    run = _run_to_resume(session.root, config, changes, resume)
    return session.resume(run, read_config(config or run.config, changes))


def _run_to_resume(
    root: Path, config: Path | None, changes: list[str], resume: str
) -> "RunDirectory":
    from avsseg.training.config_file import read_config
    from avsseg.training.run_directory import RunDirectory

    if resume != LATEST:
        return RunDirectory.existing(Path(resume))
    assert config is not None
    return RunDirectory.latest(root, read_config(config, changes).name)


def _total_minutes(text: str) -> float:
    return sum(float(n) * _UNITS[unit] for n, unit in re.findall(r"([\d.]+)([hms])", text))
