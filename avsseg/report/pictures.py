"""Panels of the runs, inside the page: the paper's Fig. 2 and Fig. 4 kinds, worst and best."""

import base64
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from avsseg.data.masks import open_picture
from avsseg.evaluation.gallery import GAP, ROWS
from avsseg.report.markup import Content, Markup, element, joined
from avsseg.report.runs import Run

_WIDEST = 720
_NAME = re.compile(r"(?P<kind>[a-z]+)_(?P<score>-?\d+\.\d+)_(?P<clip>.+)\.png")
_TITLES = {
    "interrupted": "Sound that stops inside the clip (the paper's Fig. 4)",
    "worst": "Worst clips",
    "alarm": "Masks where nothing in view sounds",
    "best": "Best clips",
}


def side_by_side(runs: Sequence[Run]) -> Markup:
    """The same clips for every run: frame, truth, then the answer of each (Fig. 2)."""
    by_clip: dict[str, list[tuple[Run, Path]]] = {}
    for run in runs:
        for kind, _, clip, path in _panels(run):
            if kind == "fixed":
                by_clip.setdefault(clip, []).append((run, path))
    return joined([_comparison(clip, shown) for clip, shown in sorted(by_clip.items())])


def extremes(runs: Sequence[Run]) -> Markup:
    """For each run clips with an interrupted sound, the worst and the best."""
    parts: list[Content] = []
    for run in runs:
        for wanted, title in _TITLES.items():
            shown = [(s, c, p) for kind, s, c, p in _panels(run) if kind == wanted]
            figures = [
                _figure(_picture(open_picture(path)), f"{clip}, score {score:.3f}")
                for score, clip, path in shown
            ]
            if figures:
                parts.append(element("h3", f"{run.name}: {title}"))
                parts.append(element("div", figures, class_="row"))
    caption = f"Rows: {', '.join(ROWS)}. One column per labelled frame."
    return joined(element("p", caption, class_="note"), parts) if parts else Markup("")


def _comparison(clip: str, shown: Sequence[tuple[Run, Path]]) -> Markup:
    first = open_picture(shown[0][1])
    figures = [_figure(_picture(_row(first, n)), ROWS[n]) for n in (0, 1)]
    for run, path in shown:
        sheet = open_picture(path)
        figures.append(_figure(_picture(_row(sheet, 2)), run.name))
    return joined(element("h3", clip), element("div", figures, class_="row"))


def _row(sheet: Image.Image, number: int) -> Image.Image:
    height = (sheet.height - (len(ROWS) - 1) * GAP) // len(ROWS)
    top = number * (height + GAP)
    return sheet.crop((0, top, sheet.width, top + height))


def _panels(run: Run) -> Iterator[tuple[str, float, str, Path]]:
    """Kind, score, clip and file, the most extreme first."""
    found = []
    for path in sorted((run.folder / "panels").glob("*.png")):
        match = _NAME.fullmatch(path.name)
        if match:
            found.append((match["kind"], float(match["score"]), match["clip"], path))
    yield from sorted(found, key=lambda p: -p[1] if p[0] == "best" else p[1])


def _figure(source: str, caption: str) -> Markup:
    image = element("img", src=source, alt=caption)
    return element("figure", image, element("figcaption", caption))


def _picture(image: Image.Image) -> str:
    """A picture as a data address, small enough that a page holds many."""
    image = image.convert("RGB")
    image.thumbnail((_WIDEST, 4 * _WIDEST))
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=82)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
