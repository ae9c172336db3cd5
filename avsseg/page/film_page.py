"""The page of one video: what sounds in it on a timeline that follows the film."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from avsseg import __version__
from avsseg.media.probe import probe
from avsseg.media.publish import publish_file
from avsseg.media.spectrogram import NUM_BANDS, Spectrogram
from avsseg.media.stills import jpeg_stills
from avsseg.page import film_parts as parts
from avsseg.page.assembly import breakable, data_uri, document, escape, fill
from avsseg.page.facts import facts_of
from avsseg.page.moments import (
    Moment,
    key_moments,
    most_heard,
    read_moments,
    spacing,
)
from avsseg.page.story import FilmStory
from avsseg.page.words import clock
from avsseg.run_record import Recipe

PAGE = "report.html"
NEEDED = ("overlay", "csv")
"""The outputs that a page is made from."""

_STILL_WIDTH = 320
_SPARK_POINTS = 60


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
        lead=escape(parts.lead(story)),
        notices="".join(map(parts.notice, story.notes)),
        sources=parts.sources(story.outputs["overlay"]),
        length=clock(story.length),
        mute_state="" if story.overlay.has_audio else " disabled",
        told=escape(parts.told(story)),
        tiles=parts.tiles(story),
        key_frames=parts.key_frames(keys, pictures),
        facts="".join(f"<dt>{escape(n)}</dt><dd>{v}</dd>" for n, v in facts_of(story)),
        files="".join(parts.files(story.outputs)),
        uncertainty=parts.uncertainty(story.moments),
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
