"""The user's own defaults: a TOML file with a table per command and a line per option."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from avsseg.errors import ConfigError


def settings_path() -> Path:
    """Where the file is looked for: ``AVSSEG_CONFIG``, else the user's config folder."""
    named = os.environ.get("AVSSEG_CONFIG")
    if named:
        return Path(named).expanduser()
    return platformdirs.user_config_path("avsseg") / "config.toml"


def read_settings(group: Any) -> dict[str, Any]:
    """Defaults for the options of every command in a group, as its context wants them.

    The command line and the environment both win over them.

    Raises:
        ConfigError: the file is not TOML, or names a command or an option that is not there.
    """
    path = settings_path()
    if not path.exists():
        if not os.environ.get("AVSSEG_CONFIG"):
            return {}
        raise ConfigError(f"{path}: no such file, yet AVSSEG_CONFIG names it; unset it or write it")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return _of_group(group, values, where="")
    except (OSError, ValueError, RecursionError, ConfigError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _of_group(group: Any, values: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    defaults = {}
    for name, table in values.items():
        if name not in group.commands or not isinstance(table, dict):
            known = ", ".join(f"[{where}{command}]" for command in group.commands)
            raise ConfigError(f"[{where}{name}] is not the table of a command; known: {known}.")
        command = group.commands[name]
        read = _of_group if hasattr(command, "commands") else _of_command
        defaults[name] = read(command, table, where=f"{where}{name}.")
    return defaults


def _of_command(command: Any, values: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    options = {
        flag.removeprefix("--"): parameter
        for parameter in command.params
        for flag in parameter.opts
        if flag.startswith("--")
    }
    unknown = [name for name in values if name not in options]
    if unknown:
        raise ConfigError(f"{where}{unknown[0]} is no option; known: {', '.join(options)}.")
    return {options[name].name: _value(options[name], values[name]) for name in values}


def _value(parameter: Any, value: Any) -> Any:
    """What an option that may be given several times is set to once is a list of one."""
    once = getattr(parameter, "multiple", False) and isinstance(value, str)
    return [value] if once else value
