"""Plain values (of TOML, of a checkpoint) into frozen dataclasses, strictly."""

import dataclasses
import types
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from avsseg.errors import ConfigError

D = TypeVar("D")


def from_mapping(cls: type[D], values: Mapping[str, Any], *, where: str = "") -> D:
    """Makes ``cls`` from plain values, nested dataclasses included.

    Raises:
        ConfigError: on an unknown name (the known ones are listed), a missing one or a wrong type.
    """
    known = {f.name: f for f in dataclasses.fields(cls) if f.init}  # type: ignore[arg-type]
    prefix = f"{where}." if where else ""
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise ConfigError(
            f"unknown setting {prefix}{unknown[0]}; known here: {', '.join(sorted(known))}."
        )
    missing = [n for n, f in known.items() if n not in values and _is_required(f)]
    if missing:
        raise ConfigError(f"the setting {prefix}{missing[0]} is required and missing.")
    hints = get_type_hints(cls)
    return cls(**{n: _convert(hints[n], v, where=f"{prefix}{n}") for n, v in values.items()})


def _is_required(field: "dataclasses.Field[Any]") -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _convert(hint: Any, value: Any, *, where: str) -> Any:
    origin = get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise _wrong(where, value, "a table")
        return from_mapping(hint, value, where=where)
    if origin is Literal:
        return _choice(get_args(hint), value, where=where)
    if origin is tuple:
        return _items(get_args(hint), value, where=where)
    if origin in (Union, types.UnionType):
        return _either(get_args(hint), value, where=where)
    return _scalar(hint, value, where=where)


def _choice(choices: tuple[Any, ...], value: Any, *, where: str) -> Any:
    if value not in choices:
        raise _wrong(where, value, "one of " + ", ".join(map(str, choices)))
    return value


def _items(hints: tuple[Any, ...], value: Any, *, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise _wrong(where, value, "a list")
    if len(hints) == 2 and hints[1] is Ellipsis:
        hints = (hints[0],) * len(value)
    if len(value) != len(hints):
        raise _wrong(where, value, f"a list of {len(hints)} values")
    return tuple(_convert(h, v, where=where) for h, v in zip(hints, value, strict=True))


def _either(hints: tuple[Any, ...], value: Any, *, where: str) -> Any:
    if value is None and type(None) in hints:
        return None
    (hint,) = (h for h in hints if h is not type(None))
    return _convert(hint, value, where=where)


def _scalar(hint: Any, value: Any, *, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise ConfigError(f"{where} is an integer beyond all floats.") from None
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise _wrong(where, value, f"of type {hint.__name__}")
    return value


def _wrong(where: str, value: Any, wanted: str) -> ConfigError:
    return ConfigError(f"{where} is {value!r}; it must be {wanted}.")
