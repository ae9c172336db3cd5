"""Between a run's config and its TOML text."""

import dataclasses
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from avsseg.errors import ConfigError
from avsseg.model.presets import preset
from avsseg.training.config import TrainConfig
from avsseg.typed_config import from_mapping

Table = dict[str, Any]


def read_config(path: str | Path, settings: Iterable[str] = ()) -> TrainConfig:
    """Reads a config file; ``settings`` are changes to it, each ``table.key=value``.

    The table ``model`` may name a ``preset`` whose values it changes.

    Raises:
        ConfigError: the file is missing or no TOML, or a setting is unknown or of a wrong type.
    """
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}.") from error
    for setting in settings:
        _apply(values, setting)
    try:
        return config_of(values)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def config_of(values: Mapping[str, Any]) -> TrainConfig:
    """The config of plain values, its ``model.preset`` resolved.

    Raises:
        ConfigError: as :func:`read_config`.
    """
    model = values.get("model")
    if isinstance(model, Mapping) and "preset" in model:
        own = {name: value for name, value in model.items() if name != "preset"}
        values = {**values, "model": preset(str(model["preset"])).to_dict() | own}
    return from_mapping(TrainConfig, values)


def to_toml(config: TrainConfig) -> str:
    """The config in full, every default spelt out; reading it gives the same config."""
    lines = _lines(_without_none(dataclasses.asdict(config)), ())
    return "\n".join(lines).lstrip("\n") + "\n"


def differences(old: TrainConfig, new: TrainConfig) -> Table:
    """The settings of ``new`` that ``old`` has otherwise, by their dotted names."""
    before, after = _flat(old), _flat(new)
    gone = dict.fromkeys(sorted(before.keys() - after.keys()))
    return {name: value for name, value in after.items() if before.get(name) != value} | gone


def _apply(values: Table, setting: str) -> None:
    name, equals, text = setting.partition("=")
    keys = [key.strip() for key in name.split(".")]
    if not equals or not all(keys):
        raise ConfigError(f"--set {setting}: write it as table.key=value.")
    table = values
    for key in keys[:-1]:
        table = table.setdefault(key, {})
        if not isinstance(table, dict):
            raise ConfigError(f"--set {setting}: {key} is a value, not a table.")
    table[keys[-1]] = _value(text.strip())


def _value(text: str) -> Any:
    """A TOML value; words that are none, paths above all, need no quotes."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        return text


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    plain = {name: value for name, value in table.items() if not isinstance(value, Mapping)}
    if path and plain:
        yield f"\n[{'.'.join(path)}]"
    yield from (f"{name} = {_text(value)}" for name, value in plain.items())
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _lines(value, (*path, name))


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(map(_text, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _without_none(table: Mapping[str, Any]) -> Table:
    return {
        name: _without_none(value) if isinstance(value, Mapping) else value
        for name, value in table.items()
        if value is not None
    }


def _flat(config: TrainConfig) -> Table:
    def walk(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
        for name, value in table.items():
            if isinstance(value, Mapping):
                yield from walk(value, f"{prefix}{name}.")
            else:
                yield prefix + name, value

    return dict(walk(_without_none(dataclasses.asdict(config)), ""))
