"""The page of one video: what sounds in it on a timeline that follows the film."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from avsseg import __version__
from avsseg.media.probe import VideoInfo, probe
from avsseg.media.publish import publish_file
from avsseg.media.spectrogram import NUM_BANDS, Spectrogram
from avsseg.media.stills import jpeg_stills
from avsseg.page.assembly import breakable, data_uri, document, escape, fill
from avsseg.page.facts import facts_of
from avsseg.page.moments import (
    Moment,
    Stretch,
    key_moments,
    most_heard,
    read_moments,
    spacing,
    stretches,
)
from avsseg.page.words import clock, percent, plural, size
from avsseg.run_record import Recipe

PAGE = "report.html"
NEEDED = ("overlay", "csv")
"""The outputs that a page is made from."""

_EMBEDDED_BYTES = 4_000_000
_STILL_WIDTH = 320
_SPARK_POINTS = 60


@dataclass(frozen=True, kw_only=True)
class FilmStory:
    """All that a page tells of one film, times being those of the annotated video.

    Attributes:
        name: of the source's file.
        source: facts of the source.
        overlay: facts of the annotated video.
        outputs: what was written, by kind.
        moments: what was predicted.
        sound: what it sounds like, on the source's clock; None without a sound track.
        shift: seconds to take off the source's clock.
        recipe: how it was made.
        notes: remarks for the user.
    """

    name: str
    source: VideoInfo
    overlay: VideoInfo
    outputs: Mapping[str, Path]
    moments: Sequence[Moment]
    sound: Spectrogram | None
    shift: Fraction
    recipe: Recipe
    notes: Sequence[str]

    @property
    def length(self) -> float:
        """Seconds to the end of the annotated video."""
        last = self.moments[-1].time if self.moments else 0.0
        return max(float(self.overlay.start + (self.overlay.duration or 0)), last, 0.04)

    @property
    def gated(self) -> bool:
        """Whether masks gave way to silence."""
        return self.sound is not None and self.recipe.arguments.get("gate", True) is not None

    @property
    def stretches(self) -> list[Stretch]:
        """When something is marked."""
        return stretches(self.moments)


def write_film_page(
    folder: Path,
    source: Path,
    *,
    outputs: Mapping[str, Path],
    recipe: Recipe,
    sound: Spectrogram | None,
    start: Fraction | None = None,
    audio_track: int | None = None,
    notes: Sequence[str] = (),
) -> Path:
    """Writes ``report.html`` beside a video's outputs, replacing an earlier one.

    Args:
        folder: where the outputs are.
        source: the video.
        outputs: what was written by kind; ``overlay`` and ``csv`` must be among them.
        recipe: how it was made.
        sound: what the video sounds like; None without a sound track.
        start: where the overlay begins, in seconds from the first picture; None for there.
        audio_track: number of the sound track that was listened to.
        notes: remarks for the user.

    Raises:
        MediaError: an output cannot be read, or the page cannot be written.
    """
    info = probe(source, audio_track=audio_track)
    shift = Fraction(0) if start is None else info.start + start
    story = FilmStory(
        name=source.name,
        source=info,
        overlay=probe(outputs["overlay"]),
        outputs=outputs,
        moments=read_moments(outputs["csv"], shift=float(shift)),
        sound=sound if info.has_audio else None,
        shift=shift,
        recipe=recipe,
        notes=[note.removeprefix(f"{source}: ") for note in notes],
    )
    path = folder / PAGE
    with publish_file(path, overwrite=True) as temporary:
        temporary.write_text(film_page(story), encoding="utf-8")
    return path


def film_page(story: FilmStory) -> str:
    """The page as text."""
    keys = key_moments(story.moments)
    stills = jpeg_stills(
        story.outputs["overlay"],
        [max(Fraction(str(key.time)), story.overlay.start) for key in keys],
        width=_STILL_WIDTH,
    )
    pictures = [data_uri(still, "image/jpeg") for still in stills]
    body = fill(
        "film.html",
        name=breakable(story.name),
        lead=escape(_lead(story)),
        notices="".join(f'<p class="notice">{escape(note)}</p>' for note in story.notes),
        sources=_sources(story.outputs["overlay"]),
        length=clock(story.length),
        mute_state="" if story.overlay.has_audio else " disabled",
        told=escape(_told(story)),
        tiles="".join(_tile(value, about) for value, about in _tiles(story)),
        key_frames=_key_frames(keys, pictures),
        facts="".join(f"<dt>{escape(n)}</dt><dd>{v}</dd>" for n, v in facts_of(story)),
        files="".join(_files(story.outputs)),
        uncertainty=_uncertainty(story.moments),
        version=escape(__version__),
    )
    return document(
        title=f"{story.name} - avsseg",
        body=body,
        styles=["look.css", "film.css"],
        scripts=["film.js"],
        data={"summary": _summary(story, keys, pictures), "film-data": film_data(story)},
    )


def film_data(story: FilmStory) -> dict[str, Any]:
    """What the page's script draws: columns of the table, the sound, the length."""
    moments = story.moments
    doubts = [m.doubt for m in moments if m.doubt is not None]
    return {
        "length": round(story.length, 4),
        "first": round(float(story.overlay.start), 4),
        "spacing": round(spacing(moments), 4),
        "times": [round(m.time, 4) for m in moments],
        "area": [round(m.area, 4) for m in moments],
        "area_top": max([m.area for m in moments], default=0) or 1,
        "score": [round(m.score, 3) for m in moments],
        "loudness": _column([m.loudness_db for m in moments]),
        "sounding": _column([m.sounding for m in moments]) if story.gated else None,
        "doubt": _column([m.doubt for m in moments]),
        "doubt_top": max(doubts, default=0) or 1,
        "heard": [m.heard for m in moments] if any(m.heard for m in moments) else None,
        "stretches": [[round(s.start, 3), round(s.end, 3)] for s in story.stretches],
        "sound": _sound(story),
    }


def _column(values: Sequence[float | None]) -> list[float | None] | None:
    known = any(value is not None for value in values)
    return [None if v is None else round(v, 3) for v in values] if known else None


def _sound(story: FilmStory) -> dict[str, Any] | None:
    sound = story.sound
    if sound is None:
        return None
    return {
        "start": float(sound.start - story.shift),
        "step": float(sound.step),
        "bands": NUM_BANDS,
        "loudness": [round(level, 1) for level in sound.loudness.tolist()],
        "levels": b64encode(sound.levels.tobytes()).decode("ascii"),
    }


def _summary(story: FilmStory, keys: Sequence[Moment], pictures: Sequence[str]) -> dict[str, Any]:
    """What the index of a folder shows of this film; it lies at the page's beginning."""
    shown = max(range(len(pictures)), key=lambda n: keys[n].area * keys[n].score, default=None)
    areas = [moment.area for moment in story.moments]
    group = -(-len(areas) // _SPARK_POINTS) or 1
    marked = [moment for moment in story.moments if moment.area > 0]
    return {
        "name": story.name,
        "length": round(story.length, 2),
        "has_sound": story.sound is not None,
        "marked": round(len(marked) / max(1, len(areas)), 4),
        "score": round(sum(m.score for m in marked) / max(1, len(marked)), 3),
        "areas": [round(max(areas[n : n + group]), 3) for n in range(0, len(areas), group)],
        "heard": most_heard(story.moments),
        "picture": None if shown is None else pictures[shown],
    }


def _lead(story: FilmStory) -> str:
    if story.sound is None:
        return "It has no sound track, so nothing in it can be heard."
    if not (found := story.stretches):
        return "Nothing that sounds was found in its pictures."
    share = sum(m.area > 0 for m in story.moments) / len(story.moments)
    names = most_heard(story.moments)
    heard = f" Mostly heard: {', '.join(names)}." if names else ""
    count = plural(len(found), "stretch", "stretches")
    return f"Something in the picture sounds {percent(share)} of the time, in {count}.{heard}"


def _told(story: FilmStory) -> str:
    """The timeline in words, for those who do not see it."""
    if not (found := story.stretches):
        return _lead(story)
    most = 12
    parts = [f"{clock(s.start)} to {clock(s.end)}" for s in found[:most]]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return f"{_lead(story)} Sounding from {', '.join(parts)}{more}."


def _tiles(story: FilmStory) -> Iterator[tuple[str, str]]:
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


def _key_frames(keys: Sequence[Moment], pictures: Sequence[str]) -> str:
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


def _sources(overlay: Path) -> str:
    """The video beside the page; a small one is in the page as well, should the page travel."""
    sources = f'<source src="{escape(overlay.name)}" type="video/mp4">'
    if overlay.stat().st_size <= _EMBEDDED_BYTES:
        uri = data_uri(overlay.read_bytes(), "video/mp4")
        sources += f'\n<source src="{uri}" type="video/mp4">'
    return sources


def _files(outputs: Mapping[str, Path]) -> Iterator[str]:
    for path in outputs.values():
        name = escape(path.name)
        if path.is_dir():
            count = plural(sum(1 for _ in path.iterdir()), "file", "files")
            yield f'<li><a href="{name}/">{name}/</a> <span>{count}</span></li>'
        else:
            yield f'<li><a href="{name}">{name}</a> <span>{size(path.stat().st_size)}</span></li>'


def _uncertainty(moments: Sequence[Moment]) -> str:
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
