"""A network on real clips with masks at some moments, by the same way as ``predict``."""

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avsseg.clip import Clip
from avsseg.data.masks import binary_mask, open_picture
from avsseg.errors import DataError
from avsseg.evaluation.evaluation import EvalOptions, Evaluation
from avsseg.evaluation.family_a import Bools
from avsseg.evaluation.gallery import Gallery
from avsseg.evaluation.mask_scores import object_iou
from avsseg.evaluation.metrics import ANY_MASK
from avsseg.evaluation.network import Network
from avsseg.evaluation.report import Report, Row, Value
from avsseg.evaluation.shown import masks_shown
from avsseg.evaluation.tally import Tally
from avsseg.inference import segment_clips
from avsseg.joining import in_time_order
from avsseg.listening import listen
from avsseg.media.colour import resize_rgb
from avsseg.media.reader import VideoReader, open_video
from avsseg.media.sampling import SampleSpec
from avsseg.media.sound import SoundProfile
from avsseg.media.upsample import BilinearUpsampler
from avsseg.model.segmenter import AVSegmenter
from avsseg.pipeline import predictions, sample_spec
from avsseg.prediction import FILM_FPS, PredictSettings

REAL = {
    "miou": "mean IoU of the frames in which something in view sounds",
    "clip_miou": "the same, each clip counting alike",
    "film_miou": "the same in what a film shows that predict writes",
    "full_frame_miou": "the same for masking the whole picture",
    "muted_miou": "the same with the sound taken away",
    "empty_area": "masked share of the frames in which nothing in view sounds",
    "empty_any": "share of those frames with a mask over 1 %",
    "muted_area": "masked share of all frames with the sound taken away",
    "ungated_miou": "mIoU of the network's own masks, before they give way to silence",
    "ungated_empty_area": "masked share of the empty frames, likewise",
    "area_change": "mean change of area between neighbouring predictions of a shot, of the larger",
    "frames": "frames with a truth",
    "empty_frames": "of these, frames whose truth is empty",
}

Maps = dict[Fraction, NDArray[np.float32]]
"""Soft maps on the network's grid by their time, in seconds from the first picture."""

Track = Callable[[Iterable["LabelledClip"], int], Iterable["LabelledClip"]]

_SHOWN = 8


@dataclass(frozen=True, kw_only=True)
class _Predicted:
    """The masks of a film, what the network itself said, and the shot of each moment."""

    masks: Maps
    ungated: Maps
    shots: dict[Fraction, int]


@dataclass(frozen=True, kw_only=True)
class LabelledClip:
    """A film and its masks: (time in seconds, file) in order of time."""

    video: Path
    masks: tuple[tuple[float, Path], ...]


def read_labels(folder: Path) -> list[LabelledClip]:
    """The films of a folder with ``masks/index.csv``: columns ``clip``, ``time_s``, ``mask``.

    Masks are pictures of the film's own size; black all over where nothing in view sounds.

    Raises:
        DataError: the index is missing or damaged, or a film that it names is not there.
    """
    index = folder / "masks" / "index.csv"
    found: dict[str, list[tuple[float, Path]]] = {}
    try:
        with index.open(newline="", encoding="utf-8-sig") as file:
            for row in csv.DictReader(file):
                moment = float(row["time_s"]), index.parent / row["mask"]
                found.setdefault(row["clip"], []).append(moment)
    except FileNotFoundError as error:
        raise DataError(f"{index}: is missing; it lists clip, time_s and mask.") from error
    except (KeyError, ValueError, TypeError) as error:
        raise DataError(f"{index}: needs columns clip, time_s (seconds) and mask.") from error
    for name in found:
        if not (folder / name).is_file():
            raise DataError(f"{folder / name}: is missing, but masks/index.csv names it.")
    if not found:
        raise DataError(f"{index}: names no clip.")
    return [LabelledClip(video=folder / n, masks=tuple(sorted(m))) for n, m in found.items()]


def evaluate_clips(
    model: AVSegmenter,
    clips: list[LabelledClip],
    options: EvalOptions,
    *,
    track: Track = lambda clips, _: clips,
) -> Evaluation:
    """Predicts once a second, takes the mask nearest in time to each truth, at the film's size.

    A film that is written shows, between more predictions, masks of their neighbours: with probes
    it is asked for, too, by the first seed.

    Raises:
        DataError, MediaError: a mask or film cannot be read.
    """
    judged = _Judge(model, options)
    for clip in track(clips, len(clips)):
        judged.add(clip)
    return judged.evaluation()


class _Judge:
    """Adds up clips."""

    def __init__(self, model: AVSegmenter, options: EvalOptions) -> None:
        self._model, self._options = model, options
        self._seeds = Network(model, precision=options.precision).seeds(options.seeds)
        self._tally, self._gallery = Tally(), Gallery(options.panels)
        self._rows: list[Row] = []
        self._frames = self._empty = 0

    def add(self, clip: LabelledClip) -> None:
        """Predicts a clip with every seed, and muted, and scores it."""
        own = Tally()
        with open_video(clip.video) as reader:
            profile = listen(reader, silent_ok=True)
            films = [self._predicted(reader, seed, profile) for seed in self._seeds]
            muted = written = None
            if self._options.probes:
                muted = self._muted(reader)
                settings = replace(self._settings(self._seeds[0]), fps=FILM_FPS)
                times = [time for time, _ in clip.masks]
                written = masks_shown(reader, self._model, settings, profile, times)
        found, ungated = [film.masks for film in films], [film.ungated for film in films]
        for index, (time, path) in enumerate(clip.masks):
            truth = binary_mask(open_picture(path))
            masks, raw = (_masks_at(maps, time, truth) for maps in (found, ungated))
            silent = None if muted is None else _masks_at([muted], time, truth)
            shown = None if written is None else _levels(written[index], truth)[None] >= 128
            for tally in (own, self._tally):
                _score(tally, masks, raw, silent, shown, truth)
            self._frames, self._empty = self._frames + 1, self._empty + (not truth.any())
        change = [[_area_change(film)] for film in films]
        for tally in (own, self._tally):
            tally.add("area_change", change)
        means = own.means()
        miou = means.get("miou")
        if miou is not None:
            self._tally.add("clip_miou", [[miou]])
        self._rows.append(self._row(clip, means))
        self._show(clip, found)

    def evaluation(self) -> Evaluation:
        """All that was found."""
        found = self._tally.means()
        means: dict[str, Value] = {name: found[name] for name in REAL if name in found}
        means |= {"frames": self._frames, "empty_frames": self._empty}
        report = Report(means=means, videos=tuple(self._rows))
        return Evaluation(report=report, spread=self._tally.spread(), panels=self._gallery.panels())

    def _predicted(
        self, reader: VideoReader, seed: int, profile: SoundProfile | None
    ) -> _Predicted:
        """What ``predict`` gives with its defaults."""
        settings, start = self._settings(seed), reader.info.start
        film = _Predicted(masks={}, ungated={}, shots={})
        with closing(predictions(reader, self._model, settings, profile)) as moments:
            for moment in moments:
                time = moment.time - start
                film.masks[time] = moment.mask
                film.ungated[time] = moment.raw
                film.shots[time] = moment.scene
        return film

    def _muted(self, reader: VideoReader) -> Maps:
        """The network's own answer to the film with its sound taken away."""
        settings = self._settings(self._seeds[0])
        spec = sample_spec(reader, self._model, settings, None)
        results = segment_clips(
            self._model,
            _without_sound(reader.clips(spec)),
            seed=settings.seed,
            batch_size=settings.batch_size,
            precision=settings.precision,
        )
        moments = in_time_order(results, stride=spec.stride, num_frames=spec.num_frames)
        return {moment.time - reader.info.start: moment.mask for moment in moments}

    def _settings(self, seed: int) -> PredictSettings:
        options = self._options
        return PredictSettings(seed=seed, batch_size=options.batch, precision=options.precision)

    def _row(self, clip: LabelledClip, means: dict[str, float | None]) -> Row:
        names = [n for n in REAL if n not in ("clip_miou", "frames", "empty_frames")]
        row: dict[str, Value] = {"name": clip.video.name, "category": ""}
        return row | {n: means.get(n) for n in names} | {"frames": len(clip.masks)}

    def _show(self, clip: LabelledClip, found: list[Maps]) -> None:
        side = self._model.config.image_size
        size = (side, side)
        times = [time for time, _ in clip.masks[:_SHOWN]]
        truths = [binary_mask(open_picture(path)) for _, path in clip.masks[:_SHOWN]]
        soft = np.stack([[_nearest(maps, time) for time in times] for maps in found])
        small = np.stack([_shrunk(truth, size) for truth in truths])
        frames = _frames_at(clip.video, times, size)
        score = self._rows[-1]["miou"]
        shown = score if isinstance(score, float) else 1 - float(soft.mean())
        self._gallery.add(clip.video.name, shown, frames, small, soft, fixed=True)


def _score(
    tally: Tally,
    masks: Bools,
    raw: Bools,
    silent: Bools | None,
    shown: Bools | None,
    truth: Bools,
) -> None:
    """Adds one labelled frame.

    Shapes:
        masks, raw (S, H, W); silent, shown (1, H, W); truth (H, W)
    """
    if truth.any():
        tally.add("miou", object_iou(masks, truth)[:, None])
        tally.add("ungated_miou", object_iou(raw, truth)[:, None])
        tally.add("full_frame_miou", [[truth.mean()]])
        if silent is not None:
            tally.add("muted_miou", object_iou(silent, truth)[:, None])
        if shown is not None:
            tally.add("film_miou", object_iou(shown, truth)[:, None])
    else:
        tally.add("empty_area", _area(masks))
        tally.add("empty_any", _area(masks) > ANY_MASK)
        tally.add("ungated_empty_area", _area(raw))
    if silent is not None:
        tally.add("muted_area", _area(silent))


def _area(masks: Bools) -> NDArray[np.float64]:
    return np.asarray(masks.mean(axis=(1, 2))[:, None])


def _masks_at(found: list[Maps], time: float, truth: Bools) -> Bools:
    """The masks of several samples nearest in time, at the truth's size (S, H, W)."""
    return np.stack([_levels(_nearest(maps, time), truth) for maps in found]) >= 128


def _nearest(maps: Maps, time: float) -> NDArray[np.float32]:
    return maps[min(maps, key=lambda at: abs(float(at) - time))]


def _levels(mask: NDArray[np.float32], truth: Bools) -> NDArray[np.uint8]:
    return BilinearUpsampler()(mask, np.broadcast_to(np.uint8(0), truth.shape))


def _area_change(film: _Predicted) -> float:
    """Mean relative change of area between neighbours in a shot; 0 where both are nearly empty."""
    areas = {time: float((mask > 0.5).mean()) for time, mask in film.masks.items()}
    pairs = [(a, b) for a, b in pairwise(sorted(areas)) if film.shots[a] == film.shots[b]]
    ends = [sorted((areas[before], areas[after])) for before, after in pairs]
    changes = [1 - least / most if most > ANY_MASK else 0.0 for least, most in ends]
    return float(np.mean(changes)) if changes else 0.0


def _without_sound(clips: Iterable[Clip]) -> Iterator[Clip]:
    for clip in clips:
        yield replace(clip, waveform=np.zeros_like(clip.waveform))


def _frames_at(video: Path, times: list[float], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The pictures that were looked at nearest to some times.

    Shapes:
        -> (N, H, W, 3) uint8
    """
    spec = SampleSpec(fps=Fraction(1), size=size, num_frames=1)
    with open_video(video) as reader:
        seen = {c.times[0] - reader.info.start: c.frames[0] for c in reader.clips(spec)}
    chosen = [seen[min(seen, key=lambda at: abs(float(at) - time))] for time in times]
    return np.stack(chosen)


def _shrunk(truth: Bools, size: tuple[int, int]) -> Bools:
    grey = np.repeat(truth.astype(np.uint8)[..., None] * 255, 3, axis=-1)
    return np.asarray(resize_rgb(grey, size)[..., 0] >= 128)
