"""What can be written for a video: the kinds of output, and a set of them being written."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
from numpy.typing import NDArray

from avsseg.errors import UsageError
from avsseg.media.encoders import PRORES_ALPHA, VP9_ALPHA, VideoFormat
from avsseg.media.ffmpeg_pipe import open_ffmpeg_writer
from avsseg.media.figures import binary_mask, measure_mask
from avsseg.media.gif_writer import open_gif_writer
from avsseg.media.mask_frames import alpha_frame, mask_frame, matte_frame
from avsseg.media.overlay import OverlayKind, OverlayStyle, draw_overlay
from avsseg.media.picture_writer import open_mask_folder, open_palette_folder
from avsseg.media.probe import VideoInfo
from avsseg.media.rle_writer import open_rle_writer
from avsseg.media.soft_maps import open_soft_maps
from avsseg.media.table_writer import FrameRow, open_frame_table
from avsseg.media.upsample import Levels
from avsseg.media.video_writer import open_video_writer

Picture: TypeAlias = av.VideoFrame
"""A full-size picture of a film, for those who pass it on without looking inside."""

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
    """

    kinds: tuple[str, ...] = ("overlay", "csv")
    threshold: float = 0.5
    style: OverlayKind = "tint"
    encoder: str = "libx264"
    crf: int | None = None
    with_sound: bool = True

    def __post_init__(self) -> None:
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown or not self.kinds:
            named = f"output {unknown[0]}: unknown" if unknown else "no output was named"
            raise UsageError(f"{named}; choose from {', '.join(KINDS)}.")
        if not 0 < self.threshold < 1:
            raise UsageError(f"threshold {self.threshold:g}: must lie between 0 and 1.")

    @property
    def moving(self) -> bool:
        """Whether any film is written, for which every picture of the source is read again."""
        return any(KINDS[kind].moving for kind in self.kinds)


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
class SoundingMoment:
    """One predicted moment in the source's geometry.

    Shapes:
        mask (h, w) float32 on the network's grid; levels (H, W) uint8, the same in source size

    Attributes:
        pts: its time in ticks of the source.
        sounding: how much of a sound is on, in [0, 1].
    """

    index: int
    time: Fraction
    pts: int
    mask: NDArray[np.float32]
    levels: Levels
    sounding: float
    loudness_db: float | None


Paint = Callable[[Picture, Levels], Picture]
WriteMoment = Callable[[SoundingMoment], None]


@dataclass(frozen=True, kw_only=True)
class OutputKind:
    """One kind of output.

    Attributes:
        file: its name in the video's folder.
        about: what it is, for help texts.
        open: lends a writer: of pictures if ``paint`` is set, else a function of moments.
        paint: makes a picture of the film from a picture of the source and its mask.
    """

    file: str
    about: str
    open: Callable[[Target], AbstractContextManager[Any]]
    paint: Callable[[OutputSettings], Paint] | None = None

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

    def paint(self, frame: Picture, levels: Levels) -> list[Picture]:
        """The next picture of every film; the source's own frame is left as it is."""
        return [paint(frame, levels) for paint in self._paints]

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


@contextmanager
def _masks(target: Target) -> Iterator[WriteMoment]:
    threshold = target.settings.threshold
    with open_mask_folder(target.path, source=target.info.path, overwrite=True) as folder:
        yield lambda moment: folder.write(moment.index, binary_mask(moment.levels, threshold))


@contextmanager
def _palette(target: Target) -> Iterator[WriteMoment]:
    threshold = target.settings.threshold
    with open_palette_folder(target.path, source=target.info.path, overwrite=True) as folder:
        yield lambda moment: folder.write(
            moment.index, binary_mask(moment.levels, threshold).astype(np.uint8)
        )


@contextmanager
def _soft(target: Target) -> Iterator[WriteMoment]:
    with open_soft_maps(target.path, source=target.info.path, overwrite=True) as maps:
        yield lambda moment: maps.write(moment.index, moment.time, moment.mask)


@contextmanager
def _rle(target: Target) -> Iterator[WriteMoment]:
    threshold = target.settings.threshold
    with open_rle_writer(target.path, source=target.info.path, overwrite=True) as annotations:
        yield lambda moment: annotations.write(
            moment.index,
            moment.time,
            binary_mask(moment.levels, threshold),
            score=measure_mask(moment.levels, threshold).score,
        )


@contextmanager
def _csv(target: Target) -> Iterator[WriteMoment]:
    with open_frame_table(
        target.path, extra=("sounding",), source=target.info.path, overwrite=True
    ) as table:
        yield lambda moment: table.write(_row(moment, target.settings.threshold))


def _row(moment: SoundingMoment, threshold: float) -> FrameRow:
    figures = measure_mask(moment.levels, threshold)
    return FrameRow(
        index=moment.index,
        pts=moment.pts,
        time=moment.time,
        score=figures.score,
        area=figures.area,
        box=figures.box,
        loudness_db=moment.loudness_db,
        extra={"sounding": moment.sounding},
    )


def _paint_overlay(settings: OutputSettings) -> Paint:
    style = OverlayStyle(kind=settings.style, threshold=settings.threshold)
    return lambda frame, levels: draw_overlay(frame, levels, style=style)


def _paint_mask(settings: OutputSettings) -> Paint:
    return lambda frame, levels: mask_frame(levels, frame, threshold=settings.threshold)


def _paint_matte(settings: OutputSettings) -> Paint:
    return lambda frame, levels: matte_frame(levels, frame)


def _paint_alpha(settings: OutputSettings) -> Paint:
    return alpha_frame


KINDS: dict[str, OutputKind] = {
    "overlay": OutputKind(
        file="overlay.mp4",
        about="the video with what sounds marked",
        open=_film,
        paint=_paint_overlay,
    ),
    "csv": OutputKind(file="frames.csv", about="a table of the predicted moments", open=_csv),
    "masks": OutputKind(file="masks", about="black and white PNGs", open=_masks),
    "palette": OutputKind(file="palette", about="PNGs of classes, as DAVIS", open=_palette),
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
    "soft": OutputKind(file="soft.npz", about="probabilities on the network's grid", open=_soft),
    "rle": OutputKind(file="masks.json", about="COCO run lengths", open=_rle),
}
"""Every kind of output by the name that users give."""
