"""The page of a folder run: every video with its picture, and those that failed with reasons."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

from avsseg import __version__
from avsseg.errors import MediaError
from avsseg.media.manifest import FileReport
from avsseg.media.publish import publish_file
from avsseg.page.assembly import breakable, document, escape, fill, read_data
from avsseg.page.words import clock, percent, plural

INDEX = "index.html"

_MADE_HERE = '<meta name="generator" content="avsseg">'
_HEAD_BYTES = 256 * 1024  # a page's summary lies within its beginning
_MOST_PICTURES = 400  # more would make the page too heavy to open


def write_index_page(folder: Path, reports: Sequence[FileReport]) -> Path:
    """Writes ``index.html`` into the folder of a run, replacing an earlier one.

    Args:
        folder: above the folders of all videos.
        reports: what became of each video, in order; those with a page have it as ``report``.

    Raises:
        MediaError: the page cannot be written, or one that is not ours has its name.
    """
    path = folder / INDEX
    _refuse_foreign(path)
    with publish_file(path, overwrite=True) as temporary:
        temporary.write_text(index_page(folder, reports), encoding="utf-8")
    return path


def _refuse_foreign(path: Path) -> None:
    if path.is_file() and _MADE_HERE not in _beginning(path):
        raise MediaError(
            f"{path}: is there already and is no page of avsseg; move it, or choose another "
            "folder with -o"
        )


def _beginning(page: Path) -> str:
    with page.open("rb") as file:
        return file.read(_HEAD_BYTES).decode("utf-8", "ignore")


def index_page(folder: Path, reports: Sequence[FileReport]) -> str:
    """The page as text."""
    cards = list(_cards(folder, [r for r in reports if "report" in r.outputs]))
    failed = [report for report in reports if report.status == "failed"]
    lead = plural(len(cards), "video", "videos") + " with a page"
    if failed:
        lead += f", {len(failed)} that failed"
    body = fill(
        "index.html",
        name=escape(folder.absolute().name),
        lead=escape(f"{lead}."),
        cards="".join(cards),
        troubles=_troubles(failed),
        version=escape(__version__),
    )
    return document(
        title=f"{folder.absolute().name} - avsseg",
        body=body,
        styles=["look.css", "index.css"],
        scripts=["index.js"],
    )


def _cards(folder: Path, reports: Sequence[FileReport]) -> Iterator[str]:
    for number, report in enumerate(reports):
        page = report.outputs["report"]
        summary = _summary_of(page)
        if summary is not None:
            place = page.relative_to(folder)
            yield _card(place, summary, with_picture=number < _MOST_PICTURES)


def _summary_of(page: Path) -> Mapping[str, Any] | None:
    """What a page says of its film; None if it is gone or was changed by someone else."""
    try:
        summary = read_data(_beginning(page), "summary")
    except (OSError, ValueError, RecursionError):
        return None
    return summary if isinstance(summary, dict) else None


def _card(place: Path, summary: Mapping[str, Any], *, with_picture: bool) -> str:
    picture = summary["picture"] if with_picture else None
    shown = f'<img src="{escape(picture)}" alt="" loading="lazy">' if picture else ""
    blank = "" if shown else '<span class="blank"></span>'
    keys = {name: float(summary[name]) for name in ("marked", "score", "length")}
    data = " ".join(f'data-{name}="{value:g}"' for name, value in keys.items())
    below = f"<small><bdi>{escape(place.parent.parent.as_posix())}/</bdi></small>"
    return (
        f'<li {data}><a class="film" href="{quote(place.as_posix())}">{shown}{blank}'
        f'<span class="words"><b><bdi>{breakable(summary["name"])}</bdi></b>'
        f"{below if place.parent.parent != Path() else ''}"
        f"<small>{escape(_line(summary))}</small></span>{_spark(summary['areas'])}</a></li>"
    )


def _line(summary: Mapping[str, Any]) -> str:
    parts = [clock(summary["length"])]
    if summary["has_sound"]:
        parts.append(f"sounds {percent(summary['marked'])} of the time")
    else:
        parts.append("no sound track")
    return " · ".join([*parts, *summary["heard"]])


def _spark(areas: Sequence[float]) -> str:
    """A small curve of the marked area over time."""
    top = max(areas, default=0) or 1
    points = [*areas, areas[-1]] if areas else [0.0, 0.0]
    steps = " ".join(
        f"V{100 - 88 * value / top:.1f}H{n + 1}" for n, (value, _) in enumerate(pairwise(points))
    )
    return (
        f'<svg viewBox="0 0 {len(points) - 1} 100" preserveAspectRatio="none" aria-hidden="true">'
        f'<path d="M0 100{steps}V100Z"/></svg>'
    )


def _troubles(failed: Sequence[FileReport]) -> str:
    if not failed:
        return ""
    rows = "".join(
        f'<tr><th scope="row"><bdi>{escape(report.source.name)}</bdi></th>'
        f"<td>{escape(str(report.reason).removeprefix(f'{report.source}: '))}</td></tr>"
        for report in failed
    )
    return (
        '<section class="card" aria-labelledby="failed"><h2 id="failed">Failed</h2>'
        f'<table class="troubles"><tbody>{rows}</tbody></table></section>'
    )
