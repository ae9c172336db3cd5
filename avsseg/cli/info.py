"""``avsseg info``: what a video is, or what a network is made of."""

import dataclasses
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avsseg.cli.console import print_json, results
from avsseg.cli.options import Json
from avsseg.errors import UsageError

if TYPE_CHECKING:
    from avsseg.media.probe import AudioTrack, VideoInfo
    from avsseg.model.parameters import ParameterRow

VideoFile = Annotated[
    Path | None,
    typer.Argument(exists=True, dir_okay=False, metavar="VIDEO", show_default=False),
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME|PATH", help="A preset, known weights or a checkpoint."),
]


def info(video: VideoFile = None, model: Model = None, as_json: Json = False) -> None:
    """Show the facts of VIDEO, or with --model the parameters of a network part by part.

    Example: avsseg info film.mp4 --json
    """
    if (video is None) == (model is None):
        raise UsageError("give a VIDEO or --model NAME, one of the two.")
    if video is not None:
        _show_video(video, as_json=as_json)
    elif model is not None:
        _show_model(model, as_json=as_json)


def _show_video(path: Path, *, as_json: bool) -> None:
    from avsseg.media.probe import probe

    facts = probe(path)
    if as_json:
        print_json(_plain(dataclasses.asdict(facts)))
        return
    for topic, value in _video_lines(facts):
        results.print(f"{topic:<10} {value}")


def _video_lines(facts: "VideoInfo") -> list[tuple[str, str]]:
    rate = "unknown rate" if facts.rate is None else f"{float(facts.rate):.6g} pictures/s"
    seconds = "unknown" if facts.duration is None else f"{float(facts.duration):.3f} s"
    width, height = facts.display_size
    shape = "" if facts.display_size == facts.size else f", shown as {width}x{height}"
    return [
        ("file", str(facts.path)),
        ("container", facts.container),
        ("picture", f"{facts.codec} {facts.pix_fmt}, {facts.width}x{facts.height}{shape}, {rate}"),
        ("length", f"{seconds}, starts at {float(facts.start):.3f} s"),
        *((f"sound {track.number}", _sound(facts, track)) for track in facts.audio_tracks),
        *([] if facts.audio_tracks else [("sound", "none: there is nothing to hear in it")]),
    ]


def _sound(facts: "VideoInfo", track: "AudioTrack") -> str:
    language = f", {track.language}" if track.language not in (None, "und") else ""
    channels = {1: "mono", 2: "stereo"}.get(track.channels, f"{track.channels} channels")
    chosen = ", listened to" if track.number == facts.audio_track else ""
    return f"{track.codec}, {channels}, {track.rate} Hz{language}{chosen}"


def _show_model(name: str, *, as_json: bool) -> None:
    rows = _parameter_rows(name)
    if as_json:
        print_json({"model": name, "parts": [dataclasses.asdict(row) for row in rows]})
        return
    width = max(len(row.part) for row in rows) + 2
    for row in rows:
        frozen = "" if row.trainable else "  frozen"
        results.print(f"{row.part:<{width}} {row.parameters:>12,}{frozen}")


def _parameter_rows(name: str) -> "list[ParameterRow]":
    from avsseg.checkpoint import read_header, sketch
    from avsseg.model.parameters import parameter_table
    from avsseg.model.presets import PRESETS
    from avsseg.weights import resolve_weights

    if name in PRESETS:
        return parameter_table(sketch(Path(name), PRESETS[name]))
    path = resolve_weights(name)
    return parameter_table(sketch(path, read_header(path).config))


def _plain(value: Any) -> Any:
    """Exact times as text, such as "1001/24000", so that JSON loses nothing."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Fraction | Path) else value
