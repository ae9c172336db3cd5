"""How a video's outputs came about, as pairs of a name and a line of HTML."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from avsseg.media.probe import VideoInfo
from avsseg.page.assembly import escape
from avsseg.page.words import clock

if TYPE_CHECKING:
    from avsseg.page.story import FilmStory

_NAMES = {
    "fps": "Predictions a second",
    "start": "Begins at",
    "end": "Ends at",
    "style": "Overlay",
    "crf": "Quality (crf)",
    "overlap": "Overlap of clips",
    "smooth": "Smoothing, seconds",
    "with_muted": "Asked muted, too",
    "with_sound": "Carries sound",
    "silent_ok": "Allowed without sound",
    "audio_track": "Sound track",
}
_TOLD_ELSEWHERE = {"kinds", "report"}


def facts_of(story: "FilmStory") -> Iterator[tuple[str, str]]:
    """The film, the weights with their hash, then every setting that has a value."""
    yield "Video", escape(_video(story.source))
    yield "Sound", escape(_sound(story.source))
    yield "Weights", escape(story.recipe.weights)
    yield "Weights, sha256", f"<code>{escape(story.recipe.weights_sha256)}</code>"
    for name, value in story.recipe.arguments.items():
        if value is not None and name not in _TOLD_ELSEWHERE:
            plain = name.replace("_", " ").capitalize()
            yield escape(_NAMES.get(name, plain)), escape(_worded(value))


def _video(info: VideoInfo) -> str:
    parts = [f"{info.width} x {info.height}", info.codec]
    if info.rate is not None:
        parts.append(f"{_number(info.rate)} pictures a second")
    if info.duration is not None:
        parts.append(clock(float(info.duration)))
    return ", ".join(parts)


def _sound(info: VideoInfo) -> str:
    if info.audio_track is None:
        return "none"
    track = info.audio_tracks[info.audio_track]
    channels = {1: "mono", 2: "stereo"}.get(track.channels, f"{track.channels} channels")
    return f"{track.codec}, {channels}, {track.rate / 1000:g} kHz"


def _worded(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Fraction():
            return _number(value)
        case list() | tuple() | set() | frozenset():
            return ", ".join(map(_worded, value))
        case float():
            return f"{value:g}"
        case _ if is_dataclass(value):
            return ", ".join(f"{k} {_worded(v)}" for k, v in vars(value).items() if v is not None)
    return str(value)


def _number(value: Fraction) -> str:
    return f"{float(value):.3f}".rstrip("0").rstrip(".")
