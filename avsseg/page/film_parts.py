"""The parts of a video's page as HTML; what comes from outside is escaped here."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from avsseg.page.assembly import data_uri, escape
from avsseg.page.moments import Moment, most_heard
from avsseg.page.story import FilmStory
from avsseg.page.words import clock, percent, plural, size

_EMBEDDED_BYTES = 4_000_000


def lead(story: FilmStory) -> str:
    """One sentence on the whole film."""
    if story.sound is None:
        return "It has no sound track, so nothing in it can be heard."
    if not (found := story.stretches):
        return "Nothing that sounds was found in its pictures."
    share = sum(m.area > 0 for m in story.moments) / len(story.moments)
    names = most_heard(story.moments)
    heard = f" Mostly heard: {', '.join(names)}." if names else ""
    count = plural(len(found), "stretch", "stretches")
    return f"Something in the picture sounds {percent(share)} of the time, in {count}.{heard}"


def notice(note: str) -> str:
    """A remark on the film, whose name led it, as a sentence of its own."""
    whole = f"it {note}" if note.startswith("is ") else note
    return f'<p class="notice">{escape(whole[:1].upper() + whole[1:])}.</p>'


def told(story: FilmStory) -> str:
    """The timeline in words, for those who do not see it."""
    if not (found := story.stretches):
        return lead(story)
    most = 12
    parts = [f"{clock(s.start)} to {clock(s.end)}" for s in found[:most]]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return f"{lead(story)} Sounding from {', '.join(parts)}{more}."


def tiles(story: FilmStory) -> str:
    """Figures of the whole film."""
    return "".join(_tile(value, about) for value, about in _figures(story))


def _figures(story: FilmStory) -> Iterator[tuple[str, str]]:
    marked = [moment for moment in story.moments if moment.area > 0]
    yield percent(len(marked) / max(1, len(story.moments))), "of the time something sounds"
    yield str(len(story.stretches)), "sounding stretches"
    yield percent(max((m.area for m in marked), default=0)), "of the picture at most"
    if marked:
        yield f"{sum(m.score for m in marked) / len(marked):.2f}", "mean confidence"
    doubts = [m.doubt for m in story.moments if m.doubt is not None]
    if doubts:
        yield f"{sum(doubts) / len(doubts):.3f}", "mean uncertainty"
    if story.sound is not None:
        loudest = float(story.sound.loudness.max(initial=-100))
        yield ("silence" if loudest <= -100 else _decibels(loudest)), "at its loudest"


def _decibels(level: float) -> str:
    return f"{level:.0f} dBFS".replace("-", "\N{MINUS SIGN}")


def _tile(value: str, about: str) -> str:
    return f'<p class="tile"><b>{escape(value)}</b><span>{escape(about)}</span></p>'


def key_frames(keys: Sequence[Moment], pictures: Sequence[str]) -> str:
    """Cards of key moments; each leads there."""
    if not pictures:
        return ""
    cards = (_key_frame(key, picture) for key, picture in zip(keys, pictures, strict=False))
    return (
        '<section class="card" aria-labelledby="frames-title"><h2 id="frames-title">Key frames'
        f'</h2><ul class="frames">{"".join(cards)}</ul></section>'
    )


def _key_frame(key: Moment, picture: str) -> str:
    heard = ", ".join(name for name, _ in key.heard)
    marked = f"{percent(key.area)} marked" if key.area else "nothing marked"
    words = escape(f"{marked}, {heard}" if heard else marked)
    return (
        f'<li><button type="button" data-time="{key.time:.4f}"><img src="{picture}" alt="">'
        f'<span class="words"><b>{clock(key.time)}</b>{words}</span></button></li>'
    )


def sources(overlay: Path) -> str:
    """The video beside the page; a small one is in the page as well, should the page travel."""
    shown = f'<source src="{escape(overlay.name)}" type="video/mp4">'
    if overlay.stat().st_size <= _EMBEDDED_BYTES:
        uri = data_uri(overlay.read_bytes(), "video/mp4")
        shown += f'\n<source src="{uri}" type="video/mp4">'
    return shown


def files(outputs: Mapping[str, Path]) -> Iterator[str]:
    """Links to what was written, with sizes."""
    for path in outputs.values():
        name = escape(path.name)
        if path.is_dir():
            count = plural(sum(1 for _ in path.iterdir()), "file", "files")
            yield f'<li><a href="{name}/">{name}/</a> <span>{count}</span></li>'
        else:
            yield f'<li><a href="{name}">{name}</a> <span>{size(path.stat().st_size)}</span></li>'


def uncertainty(moments: Sequence[Moment]) -> str:
    """How sure the network is, in words; empty where nothing is marked."""
    marked = [moment for moment in moments if moment.area > 0]
    parts = []
    if marked:
        least = min(marked, key=lambda moment: moment.score)
        mean = sum(moment.score for moment in marked) / len(marked)
        parts.append(
            f"Confidence is the network's own mean probability of what it marks: {mean:.2f} on "
            f"average, least at {clock(least.time)} ({least.score:.2f})."
        )
    doubts = [(m.doubt, m.time) for m in moments if m.doubt is not None]
    if doubts:
        most, time = max(doubts)
        mean = sum(doubt for doubt, _ in doubts) / len(doubts)
        parts.append(
            "Uncertainty is how much the samples of the network disagree: "
            f"{mean:.3f} on average, most at {clock(time)} ({most:.3f})."
        )
    if not parts:
        return ""
    return f'<div class="uncertainty"><h2>How sure it is</h2><p>{escape(" ".join(parts))}</p></div>'
