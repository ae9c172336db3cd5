"""The dataset doctor: reads every file of a dataset once and says what is wrong with it."""

import hashlib
import wave
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from avsseg.data.findings import CheckReport, Finding
from avsseg.data.layout import (
    NUM_FRAMES,
    PUBLISHED,
    SPLITS,
    ClipFiles,
    Subset,
    existing_frame,
    find_base,
    read_index,
)
from avsseg.data.masks import class_map, legacy_differs, open_picture
from avsseg.data.sound_files import log_mel_blocks, read_log_mel, read_wav
from avsseg.errors import AvssegError, DataError
from avsseg.log_mel import SAMPLE_RATE

SIDE = 224
SPECK = 16

Track = Callable[[Sequence[ClipFiles]], Iterable[ClipFiles]]


def check_dataset(root: Path, subset: Subset, *, track: Track = iter) -> CheckReport:
    """Reads every picture, mask and sound that the subset's index names.

    ``track`` may wrap the clips to show progress.

    Raises:
        DataError: if there is no index file to go by.
    """
    clips = read_index(root, subset)
    doctor = _Doctor(find_base(root, subset), subset)
    findings = [*_check_index(clips, subset)]
    for clip in track(clips):
        findings += doctor.check(clip)
    return CheckReport(
        subset=subset,
        counts={split: sum(clip.split == split for clip in clips) for split in SPLITS},
        findings=(*findings, *doctor.duplicates()),
        frame_sizes=doctor.frame_sizes,
        mask_modes=doctor.mask_modes,
        sound_seconds=(min(doctor.seconds), max(doctor.seconds)) if doctor.seconds else None,
    )


class _Doctor:
    """Checks clip after clip and keeps what only the whole shows."""

    def __init__(self, base: Path, subset: Subset) -> None:
        self.frame_sizes: Counter[str] = Counter()
        self.mask_modes: Counter[str] = Counter()
        self.seconds: list[float] = []
        self._base = base
        self._subset: Subset = subset
        self._seen: dict[bytes, dict[str, Path]] = {}

    def check(self, clip: ClipFiles) -> Iterator[Finding]:
        """All that is wrong with one clip."""
        yield from self._check_frames(clip)
        yield from self._check_masks(clip)
        yield from self._check_sound(clip)

    def duplicates(self) -> Iterator[Finding]:
        """First pictures and sounds that occur in more than one split."""
        for splits in self._seen.values():
            if len(splits) > 1:
                first, *others = (self._name(path) for path in splits.values())
                yield Finding(kind="duplicate", where=first, detail=f"also {', '.join(others)}")

    def _check_frames(self, clip: ClipFiles) -> Iterator[Finding]:
        for wanted in clip.frames:
            path = existing_frame(wanted)
            if not path.exists():
                yield self._finding("missing frame", wanted)
                continue
            if path != wanted:
                yield self._finding("misnamed frame", path, f"expected {wanted.name}")
            yield from self._check_picture(path)
        self._remember(existing_frame(clip.frames[0]), clip.split)
        yield from self._surplus(clip.frames, {existing_frame(path) for path in clip.frames})

    def _check_picture(self, path: Path) -> Iterator[Finding]:
        try:
            width, height = open_picture(path).size
        except DataError:
            yield self._finding("damaged", path)
            return
        self.frame_sizes[f"{width}x{height}"] += 1
        if (width, height) != (SIDE, SIDE):
            yield self._finding("picture size", path, f"{width}x{height}")

    def _check_masks(self, clip: ClipFiles) -> Iterator[Finding]:
        for path in clip.masks:
            if not path.exists():
                yield self._finding("missing mask", path)
                continue
            try:
                image = open_picture(path)
            except DataError:
                yield self._finding("damaged", path)
                continue
            self.mask_modes[image.mode] += 1
            yield from self._check_mask(path, image)
        yield from self._surplus(clip.masks, set(clip.masks))

    def _check_mask(self, path: Path, image: Image.Image) -> Iterator[Finding]:
        width, height = image.size
        if (width, height) != (SIDE, SIDE):
            yield self._finding("picture size", path, f"{width}x{height}")
        if self._subset == "avss":
            yield from self._check_classes(path, image)
            return
        if legacy_differs(image, self._subset):
            yield self._finding("mask mode", path, f"mode {image.mode}")
        values = np.unique(np.asarray(image.convert("L")))
        if len(values) > 2 or (len(values) == 2 and values[0] != 0):
            yield self._finding("stray pixels", path, f"{len(values)} different values")

    def _check_classes(self, path: Path, image: Image.Image) -> Iterator[Finding]:
        labels, unknown = class_map(image)
        if unknown.any():
            yield self._finding("stray pixels", path, f"{int(unknown.sum())} pixels of no class")
        areas = np.bincount(labels.ravel())
        specks = np.flatnonzero((areas > 0) & (areas < SPECK))
        if len(specks):
            named = ", ".join(f"class {k}: {areas[k]}" for k in specks)
            yield self._finding("specks", path, named)

    def _check_sound(self, clip: ClipFiles) -> Iterator[Finding]:
        stored = clip.log_mel if clip.log_mel and clip.log_mel.exists() else None
        if clip.wav.exists():
            self._remember(clip.wav, clip.split)
            yield from self._check_wav(clip)
        elif stored is None:
            yield self._finding("missing sound", clip.wav)
        if stored is not None:
            yield from self._check_log_mel(stored)

    def _check_wav(self, clip: ClipFiles) -> Iterator[Finding]:
        try:
            sound = read_wav(clip.wav)
        except AvssegError:
            yield self._finding("damaged", clip.wav)
            return
        if not _is_pcm(clip.wav):
            yield self._finding("sound format", clip.wav)
        seconds = len(sound) / SAMPLE_RATE
        self.seconds.append(seconds)
        blocks = len(log_mel_blocks(sound))
        if blocks != len(clip.frames):
            detail = f"{seconds:.2f} s, {blocks} blocks for {len(clip.frames)} frames"
            yield self._finding("sound length", clip.wav, detail)

    def _check_log_mel(self, path: Path) -> Iterator[Finding]:
        try:
            blocks = len(read_log_mel(path))
        except DataError:
            yield self._finding("damaged", path)
            return
        if blocks != NUM_FRAMES[self._subset]:
            yield self._finding("log-mel shape", path, f"{blocks} blocks")

    def _surplus(self, wanted: Sequence[Path], known: set[Path]) -> Iterator[Finding]:
        folder = wanted[0].parent
        if folder.is_dir():
            for path in sorted(set(folder.iterdir()) - known):
                yield self._finding("surplus file", path)

    def _remember(self, path: Path, split: str) -> None:
        if path.exists():
            digest = hashlib.sha256(path.read_bytes()).digest()
            self._seen.setdefault(digest, {}).setdefault(split, path)

    def _finding(self, kind: str, path: Path, detail: str = "") -> Finding:
        return Finding(kind=kind, where=self._name(path), detail=detail)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._base).as_posix()


def _check_index(clips: Sequence[ClipFiles], subset: Subset) -> Iterator[Finding]:
    for clip in clips:
        if clip.split not in SPLITS:
            yield Finding(kind="index", where=clip.name, detail=f"unknown split {clip.split!r}")
    times = Counter((clip.split, clip.frames[0]) for clip in clips)
    for (split, frame), count in times.items():
        if count > 1:
            where = frame.parent.name
            yield Finding(kind="index", where=where, detail=f"{count} times in {split}")
    for split in SPLITS:
        found, published = sum(clip.split == split for clip in clips), PUBLISHED[subset][split]
        if found != published:
            yield Finding(kind="count", where=split, detail=f"{found} clips, published {published}")


def _is_pcm(path: Path) -> bool:
    try:
        with wave.open(str(path)) as file:
            return (file.getsampwidth(), file.getframerate()) == (2, SAMPLE_RATE)
    except (wave.Error, EOFError):
        return False
