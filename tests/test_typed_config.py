"""Plain values into dataclasses: what is taken, and what each refusal says."""

from dataclasses import dataclass, field
from typing import Literal

import pytest

from avsseg.errors import ConfigError
from avsseg.typed_config import from_mapping


@dataclass(frozen=True, kw_only=True)
class Inner:
    rate: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    steps: int = 1
    mode: Literal["a", "b"] = "a"
    widths: tuple[int, ...] = ()
    pair: tuple[float, str] = (0.0, "")
    limit: float | None = None
    inner: Inner = field(default_factory=Inner)
    derived: int = field(default=0, init=False)


def test_plain_values_become_the_typed_ones():
    """Nested tables, lists as tuples, whole numbers for fractions, None where it may stand."""
    got = from_mapping(
        Outer,
        {"name": "x", "widths": [1, 2], "pair": [1, "s"], "limit": 2, "inner": {"rate": 1}},
    )

    assert got == Outer(name="x", widths=(1, 2), pair=(1.0, "s"), limit=2.0, inner=Inner(rate=1.0))
    assert isinstance(got.inner.rate, float)
    assert from_mapping(Outer, {"name": "x", "limit": None}).limit is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "the setting t.name is required and missing."),
        ({"name": "x", "step": 1}, "unknown setting t.step; known here: inner, limit, mode, name"),
        ({"name": "x", "derived": 1}, "unknown setting t.derived"),
        ({"name": 1}, "t.name is 1; it must be of type str."),
        ({"name": "x", "steps": 1.5}, "t.steps is 1.5; it must be of type int."),
        ({"name": "x", "steps": True}, "t.steps is True; it must be of type int."),
        ({"name": "x", "limit": "no"}, "t.limit is 'no'; it must be of type float."),
        ({"name": "x", "limit": True}, "t.limit is True; it must be of type float."),
        ({"name": "x", "mode": "c"}, "t.mode is 'c'; it must be one of a, b."),
        ({"name": "x", "widths": 3}, "t.widths is 3; it must be a list."),
        ({"name": "x", "widths": [1, "2"]}, "t.widths is '2'; it must be of type int."),
        ({"name": "x", "pair": [1]}, "it must be a list of 2 values."),
        ({"name": "x", "inner": 1}, "t.inner is 1; it must be a table."),
        ({"name": "x", "inner": {"rat": 1}}, "unknown setting t.inner.rat; known here: rate."),
    ],
)
def test_refusals_name_the_setting_and_the_remedy(values, message):
    """One line, with the full path of the setting."""
    with pytest.raises(ConfigError) as caught:
        from_mapping(Outer, values, where="t")

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
