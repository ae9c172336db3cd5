"""Line charts as inline SVG: no library, no file, no script."""

import math
from collections.abc import Mapping, Sequence

from avsseg.report.markup import Markup, element

Line = tuple[Sequence[float], Sequence[float]]
"""Abscissae and ordinates."""

_WIDTH, _HEIGHT = 420, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 66, 20, 30, 40
_COLOURS = ("#2563a8", "#c2542d", "#3b8a4b", "#8a4ba0", "#a08020", "#4b8f9c", "#b0416e", "#666666")
_MOST_POINTS = 300


def chart(
    title: str,
    lines: Mapping[str, Line],
    *,
    x: str,
    y: str,
    x_range: tuple[float, float] | None = None,
    y_range: tuple[float, float] | None = None,
    diagonal: bool = False,
) -> Markup:
    """A chart with a legend; empty where no line has two points."""
    drawn = {name: _thinned(line) for name, line in lines.items() if len(line[0]) > 1}
    if not drawn:
        return Markup("")
    xs = x_range or _range(v for line in drawn.values() for v in line[0])
    ys = y_range or _range(v for line in drawn.values() for v in line[1])
    frame = _Frame(xs, ys)
    parts = [
        element("text", title, x=_LEFT, y=18, class_="title"),
        *frame.grid(),
        element("text", x, x=(_LEFT + _WIDTH - _RIGHT) / 2, y=_HEIGHT - 6, text_anchor="middle"),
        element(
            "text", y, x=14, y=_HEIGHT / 2, text_anchor="middle",
            transform=f"rotate(-90 14 {_HEIGHT / 2})",
        ),
    ]  # fmt: skip
    if diagonal:
        parts.append(frame.line(((0, 1), (0, 1)), "#bbbbbb"))
    for number, line in enumerate(drawn.values()):
        parts.append(frame.line(line, _COLOURS[number % len(_COLOURS)]))
    height = _HEIGHT + 16 * len(drawn)
    for number, name in enumerate(drawn):
        colour, top = _COLOURS[number % len(_COLOURS)], _HEIGHT + 16 * number
        parts.append(element("rect", x=_LEFT, y=top + 2, width=14, height=4, fill=colour))
        parts.append(element("text", name, x=_LEFT + 20, y=top + 8))
    return element("svg", parts, viewBox=f"0 0 {_WIDTH} {height}", width=_WIDTH, role="img")


class _Frame:
    """Turns values into places."""

    def __init__(self, xs: tuple[float, float], ys: tuple[float, float]) -> None:
        self._xs, self._ys = xs, ys

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self._xs[0]) / (self._xs[1] - self._xs[0])
        up = (y - self._ys[0]) / (self._ys[1] - self._ys[0])
        wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return _LEFT + across * wide, _HEIGHT - _BOTTOM - up * high

    def line(self, line: Line, colour: str) -> Markup:
        points = [self.at(x, y) for x, y in zip(*line, strict=True)]
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        return element("polyline", points=text, fill="none", stroke=colour, stroke_width=1.6)

    def grid(self) -> list[Markup]:
        """Five lines each way with their values."""
        parts = []
        for share in (0, 0.25, 0.5, 0.75, 1):
            x = self._xs[0] + share * (self._xs[1] - self._xs[0])
            y = self._ys[0] + share * (self._ys[1] - self._ys[0])
            across, up = self.at(x, self._ys[0])[0], self.at(self._xs[0], y)[1]
            parts += [
                _rule(across, _TOP, across, _HEIGHT - _BOTTOM),
                _rule(_LEFT, up, _WIDTH - _RIGHT, up),
                element("text", f"{x:.3g}", x=across, y=_HEIGHT - 24, text_anchor="middle"),
                element("text", f"{y:.3g}", x=_LEFT - 5, y=up + 4, text_anchor="end"),
            ]
        return parts


def _rule(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke="#dddddd")


def _range(values: object) -> tuple[float, float]:
    found = [v for v in values if math.isfinite(v)]  # type: ignore[attr-defined]
    low, high = min(found, default=0.0), max(found, default=1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _thinned(line: Line) -> Line:
    kept = [(x, y) for x, y in zip(*line, strict=True) if math.isfinite(x) and math.isfinite(y)]
    step = max(1, len(kept) // _MOST_POINTS)
    thin = kept[::step] if not kept or kept[-1] in kept[::step] else [*kept[::step], kept[-1]]
    return [x for x, _ in thin], [y for _, y in thin]
