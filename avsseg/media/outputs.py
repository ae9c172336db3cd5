"""What can be written for a video: the kinds of output, and a set of them being written."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from avsseg.errors import UsageError
from avsseg.media.encoders import PRORES_ALPHA, VP9_ALPHA, VideoFormat
from avsseg.media.ffmpeg_pipe import open_ffmpeg_writer
from avsseg.media.gif_writer import open_gif_writer
from avsseg.media.heat import heat_frame
from avsseg.media.mask_frames import alpha_frame, mask_frame, matte_frame
from avsseg.media.output_moments import (
    open_csv,
    open_masks,
    open_palette,
    open_regions,
    open_rle,
    open_segments,
    open_soft,
    open_subtitles,
)
from avsseg.media.output_values import Paint, Picture, Shown, SoundingMoment, WriteMoment
from avsseg.media.overlay import OverlayKind, OverlayStyle, draw_overlay
from avsseg.media.probe import VideoInfo
from avsseg.media.video_writer import open_video_writer

_FFMPEG = "ffmpeg:"
_CRF_NAMES = {"h264_nvenc": "cq", "hevc_nvenc": "cq", "av1_nvenc": "cq"}


@dataclass(frozen=True, kw_only=True)
class OutputSettings:
    """What is written, and how it looks.

    Attributes:
        kinds: names out of ``KINDS``.
        threshold: probability from which on a pixel belongs to a binary mask.
        style: of the overlay.
        encoder: of the films without transparency; ``ffmpeg:NAME`` for an installed program's.
        crf: quality of those films, smaller is better; None for the encoder's own default.
        with_sound: whether films carry the source's sound.
        refine: masks follow the edges of the picture.
        labels: the overlay names what is heard.
    """

    kinds: tuple[str, ...] = ("overlay", "csv")
    threshold: float = 0.5
    style: OverlayKind = "tint"
    encoder: str = "libx264"
    crf: int | None = None
    with_sound: bool = True
    refine: bool = False
    labels: bool = False

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown or not self.kinds:
            named = f"output {unknown[0]}: unknown" if unknown else "no output was named"
            raise UsageError(f"{named}; choose from {', '.join(KINDS)}.")
        if not 0 < self.threshold < 1:
            raise UsageError(f"threshold {self.threshold:g}: must lie between 0 and 1.")

    @property
    def moving(self) -> bool:
        """Whether any film is written."""
        return any(KINDS[kind].moving for kind in self.kinds)

    @property
    def with_muted(self) -> bool:
        """Whether the masks without sound are asked for."""
        return any(KINDS[kind].with_muted for kind in self.kinds)


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where an output goes, what it is made from and how.

    Attributes:
        path: its final name.
        info: the source.
        start, end: the stretch of the source, on its own clock; None for all.
    """

    path: Path
    info: VideoInfo
    settings: OutputSettings
    start: Fraction | None
    end: Fraction | None


@dataclass(frozen=True, kw_only=True)
class OutputKind:
    """One kind of output.

    Attributes:
        file: its name in the video's folder.
        about: what it is, for help texts.
        open: lends a writer: of pictures if ``paint`` is set, else a function of moments.
        paint: makes a picture of the film from a picture of the source and its mask.
        with_muted: whether it tells of the masks without sound.
    """

    file: str
    about: str
    open: Callable[[Target], AbstractContextManager[Any]]
    paint: Callable[[OutputSettings], Paint] | None = None
    with_muted: bool = False

    @property
    def moving(self) -> bool:
        """Whether it shows every picture of the source."""
        return self.paint is not None


@dataclass
class OpenOutputs:
    """Outputs being written.

    Attributes:
        paths: their final names by kind.
    """

    paths: dict[str, Path] = field(default_factory=dict)
    _paints: list[Paint] = field(default_factory=list)
    _films: list[Any] = field(default_factory=list)
    _moments: list[WriteMoment] = field(default_factory=list)

    @property
    def moving(self) -> bool:
        """Whether there is a film among them."""
        return bool(self._films)

    @property
    def notes(self) -> list[str]:
        """Remarks of the writers for the user."""
        notes = (note for film in self._films for note in getattr(film, "notes", ()))
        return list(dict.fromkeys(notes))

    def add(self, kind: OutputKind, settings: OutputSettings, writer: Any) -> None:
        """Takes an opened writer in."""
        if kind.paint is None:
            self._moments.append(writer)
        else:
            self._paints.append(kind.paint(settings))
            self._films.append(writer)

    def paint(self, frame: Picture, shown: Shown) -> list[Picture]:
        """The next picture of every film; the source's own frame is left as it is."""
        return [paint(frame, shown) for paint in self._paints]

    def show(self, pictures: list[Picture]) -> None:
        """Encode what ``paint`` made."""
        for film, picture in zip(self._films, pictures, strict=True):
            film.write(picture)

    def write(self, moment: SoundingMoment) -> None:
        """Hand a predicted moment to every output that holds moments."""
        for write in self._moments:
            write(moment)


@contextmanager
def open_outputs(
    folder: Path,
    info: VideoInfo,
    settings: OutputSettings,
    *,
    start: Fraction | None = None,
    end: Fraction | None = None,
) -> Iterator[OpenOutputs]:
    """Lends all wanted outputs of one video; each appears when the block succeeds, or not at all.

    Existing files of their names are replaced: whether they may be is decided before.
    """
    outputs = OpenOutputs()
    with ExitStack() as stack:
        for name in dict.fromkeys(settings.kinds):
            kind, path = KINDS[name], folder / KINDS[name].file
            target = Target(path=path, info=info, settings=settings, start=start, end=end)
            outputs.add(kind, settings, stack.enter_context(kind.open(target)))
            outputs.paths[name] = path
        yield outputs


def _film(target: Target) -> AbstractContextManager[Any]:
    settings = target.settings
    if settings.encoder.startswith(_FFMPEG):
        return open_ffmpeg_writer(
            target.path,
            target.info,
            encoder=settings.encoder.removeprefix(_FFMPEG),
            with_sound=settings.with_sound,
            start=target.start,
            end=target.end,
            overwrite=True,
        )
    crf_name = _CRF_NAMES.get(settings.encoder, "crf")
    options = {} if settings.crf is None else {crf_name: str(settings.crf)}
    return _encoded(target, VideoFormat(encoder=settings.encoder, options=options))


def _encoded(target: Target, video_format: VideoFormat) -> AbstractContextManager[Any]:
    return open_video_writer(
        target.path,
        target.info,
        video_format=video_format,
        with_sound=target.settings.with_sound,
        start=target.start,
        end=target.end,
        overwrite=True,
    )


def _gif(target: Target) -> AbstractContextManager[Any]:
    return open_gif_writer(target.path, target.info, overwrite=True)


def _paint_overlay(settings: OutputSettings) -> Paint:
    style = OverlayStyle(kind=settings.style, threshold=settings.threshold)
    return lambda frame, shown: draw_overlay(frame, shown.levels, style=style, labels=shown.labels)


def _paint_mask(settings: OutputSettings) -> Paint:
    return lambda frame, shown: mask_frame(shown.levels, frame, threshold=settings.threshold)


def _paint_matte(settings: OutputSettings) -> Paint:
    return lambda frame, shown: matte_frame(shown.levels, frame)


def _paint_alpha(settings: OutputSettings) -> Paint:
    return lambda frame, shown: alpha_frame(frame, shown.levels)


def _paint_heat(settings: OutputSettings) -> Paint:
    return lambda frame, shown: heat_frame(
        frame, shown.levels if shown.spread is None else shown.spread
    )


KINDS: dict[str, OutputKind] = {
    "overlay": OutputKind(
        file="overlay.mp4",
        about="the video with what sounds marked",
        open=_film,
        paint=_paint_overlay,
    ),
    "csv": OutputKind(file="frames.csv", about="a table of the predicted moments", open=open_csv),
    "masks": OutputKind(file="masks", about="black and white PNGs", open=open_masks),
    "palette": OutputKind(file="palette", about="PNGs of classes, as DAVIS", open=open_palette),
    "mask-video": OutputKind(
        file="mask.mp4", about="a black and white video", open=_film, paint=_paint_mask
    ),
    "matte": OutputKind(
        file="matte.mp4", about="a grey video of probabilities", open=_film, paint=_paint_matte
    ),
    "alpha": OutputKind(
        file="alpha.mov",
        about="the cut-out, ProRes 4444",
        open=lambda target: _encoded(target, PRORES_ALPHA),
        paint=_paint_alpha,
    ),
    "alpha-webm": OutputKind(
        file="alpha.webm",
        about="the cut-out, VP9",
        open=lambda target: _encoded(target, VP9_ALPHA),
        paint=_paint_alpha,
    ),
    "gif": OutputKind(
        file="preview.gif", about="a short small preview", open=_gif, paint=_paint_overlay
    ),
    "soft": OutputKind(
        file="soft.npz", about="probabilities on the network's grid", open=open_soft
    ),
    "heat": OutputKind(
        file="heat.mp4",
        about="the network's doubt in colours; with a single sample, its probabilities",
        open=_film,
        paint=_paint_heat,
    ),
    "segments": OutputKind(
        file="segments.csv", about="a table of sounding stretches", open=open_segments
    ),
    "srt": OutputKind(file="sounding.srt", about="the same as subtitles", open=open_subtitles),
    "regions": OutputKind(
        file="regions.csv",
        about="a table of connected parts, with numbers that stay",
        open=open_regions,
        with_muted=True,
    ),
    "rle": OutputKind(file="masks.json", about="COCO run lengths", open=open_rle),
}
"""Every kind of output by the name that users give."""
