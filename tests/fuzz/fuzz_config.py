"""Fuzzes training configs, --set and user settings: ``python tests/fuzz/fuzz_config.py FOLDER``.

The first byte of an input chooses what the rest of it is.
"""

import contextlib
import dataclasses
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import atheris
import campaign

with atheris.instrument_imports(include=["avsseg", "tomllib"]):
    from avsseg.cli.app import app
    from avsseg.cli.settings import read_settings
    from avsseg.training.config import TrainConfig
    from avsseg.training.config_file import config_of, read_config, to_toml

import tomllib

import typer

ROOT = Path(__file__).parents[2]
PATH = Path(tempfile.mkdtemp()) / "config.toml"
os.environ["AVSSEG_CONFIG"] = str(PATH)
GROUP: Any = typer.main.get_command(app)
REFUSAL = typer.BadParameter.__mro__[2]  # click's own error, wherever this typer keeps it
SETTINGS, CONFIG = ord("s") % 3, ord("c") % 3
SMALL = (ROOT / "examples/train_s4.toml").read_text()


def target(data: bytes) -> None:
    """A config, some ``--set``, or the user's own defaults."""
    kind, rest = sum(data[:1]) % 3, data[1:]
    if kind == SETTINGS:
        settings(rest)
    elif kind == CONFIG:
        config(rest)
    else:
        changes(rest.decode(errors="replace").split("\n"))


def config(data: bytes) -> None:
    """What is accepted is written and read again as the same."""
    PATH.write_bytes(data)
    again(read_config(PATH))


def changes(words: list[str]) -> None:
    """Changes to a config that is right."""
    PATH.write_text(SMALL)
    again(read_config(PATH, words))


def again(config: TrainConfig) -> None:
    """The config survives its own TOML."""
    assert repr(config_of(tomllib.loads(to_toml(config)))) == repr(config)


def settings(data: bytes) -> None:
    """Defaults of every command, as far as its options are parsed and no further."""
    PATH.write_bytes(data)
    defaults = read_settings(GROUP)
    for name, command in GROUP.commands.items():
        parse(name, command, defaults.get(name))


def parse(name: str, command: Any, defaults: Any) -> None:
    """A command's options, arguments made up."""
    for inner, subcommand in getattr(command, "commands", {}).items():
        parse(inner, subcommand, (defaults or {}).get(inner))
    arguments = [p for p in command.params if p.param_type_name == "argument" and p.required]
    if hasattr(command, "commands"):
        return
    with contextlib.suppress(REFUSAL, typer.Exit, typer.Abort):
        command.make_context(name, ["none"] * len(arguments), default_map=defaults)


def seeds() -> Iterator[bytes]:
    """The examples' configs, and one line of settings for every option."""
    for path in (ROOT / "examples").glob("*.toml"):
        yield b"c" + path.read_bytes()
    yield b"/optimisation.lr=1e-3\nmodel.channels=64\ndata.avsbench.root=x"
    yield b"/model.preset=compact"
    for name, command in GROUP.commands.items():
        for inner, one in getattr(command, "commands", {None: command}).items():
            table = name if inner is None else f"{name}.{inner}"
            for option in options(one):
                yield f"s[{table}]\n{option} = 1\n".encode()


def options(command: Any) -> list[str]:
    """The long names of a command's options."""
    flags = (flag for parameter in command.params for flag in parameter.opts)
    return [flag.removeprefix("--") for flag in flags if flag.startswith("--")]


def words() -> Iterator[str]:
    """The names of all tables and settings."""
    waiting: list[Any] = [TrainConfig]
    while waiting:
        for field in dataclasses.fields(waiting.pop()):
            yield f"{field.name} = "
            yield f"{field.name}."
            kinds = [field.type, *getattr(field.type, "__args__", ())]
            waiting += [kind for kind in kinds if dataclasses.is_dataclass(kind)]
    for name, command in GROUP.commands.items():
        yield f"[{name}]"
        yield from (f"{option} = " for option in options(command))
    yield from ('"', "'''", "{", "[", "]", "nan", "inf", "-1", "1e999", "9" * 400, "true", "\n")


if __name__ == "__main__":
    campaign.main(target, seeds, words())
