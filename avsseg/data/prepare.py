"""From raw videos to frames, sound and log-mel, cut exactly as AVSBench cuts them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from avsseg.data.layout import NUM_FRAMES, ClipFiles, Subset
from avsseg.data.sound_files import fit_blocks, log_mel_blocks, read_wav, write_log_mel
from avsseg.errors import AvssegError, DataError
from avsseg.media.colour import resize_rgb
from avsseg.media.extract import extract_wav, frame_rate, pictures_by_number
from avsseg.media.publish import publish_file

SIDE = 224
Picture = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What became of one clip; ``reason`` says why it failed."""

    name: str
    state: Literal["made", "kept", "failed"]
    reason: str = ""


def prepare_clips(
    clips: tuple[ClipFiles, ...], subset: Subset, *, smooth: bool = False, overwrite: bool = False
) -> Iterator[Prepared]:
    """Cuts each clip's raw video; files that are there already are kept, so it can be resumed.

    ``smooth`` shrinks pictures as ``predict`` does, without AVSBench's aliasing.

    Raises:
        DataError: if the subset has no raw videos (AVSS).
    """
    if subset == "avss":
        raise DataError("AVSS is published as frames and wav files; there is nothing to prepare.")
    for clip in clips:
        try:
            made = _prepare(clip, NUM_FRAMES[subset], smooth=smooth, overwrite=overwrite)
        except AvssegError as error:
            yield Prepared(name=clip.name, state="failed", reason=str(error))
        else:
            yield Prepared(name=clip.name, state="made" if made else "kept")


def frame_numbers(rate: float, seconds: int) -> list[int]:
    """Which pictures AVSBench keeps: the last of 16 in each second, by the rounded rate.

    At 30 pictures a second: 28, 58, 88, ...; that is 0.9375 s into each second.
    """
    fps = round(rate)
    return [int(second * fps + 15 / 16 * fps) for second in range(seconds)]


def shrink_bilinear(picture: Picture, size: tuple[int, int]) -> Picture:
    """Bilinear resizing between the four nearest pixels alone, as OpenCV's default.

    It aliases when it shrinks; kept because AVSBench's frames were made so.

    Shapes:
        (H, W, 3) uint8 -> (height, width, 3) uint8 for ``size`` = (width, height)
    """
    rows, row_share = _neighbours(picture.shape[0], size[1])
    columns, column_share = _neighbours(picture.shape[1], size[0])
    top, bottom = (picture[r].astype(np.float32) for r in rows)
    lines = top + (bottom - top) * row_share[:, None, None]
    left, right = (lines[:, c] for c in columns)
    mixed = left + (right - left) * column_share[:, None]
    return np.asarray(np.floor(mixed + 0.5), np.uint8)


def _neighbours(length: int, count: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    place = np.clip((np.arange(count) + 0.5) * length / count - 0.5, 0, length - 1)
    low = place.astype(np.intp)
    return np.stack([low, np.minimum(low + 1, length - 1)]), (place - low).astype(np.float32)


def _prepare(clip: ClipFiles, num_blocks: int, *, smooth: bool, overwrite: bool) -> bool:
    video, log_mel = clip.video, clip.log_mel
    if video is None or log_mel is None:
        raise DataError(f"{clip.name}: this layout has no raw video.")
    frames = clip.frames[: 5 if clip.start <= 5 else int(10 - clip.start)]
    missing = {path for path in (*frames, clip.wav, log_mel) if overwrite or not path.exists()}
    if missing and not video.is_file():
        raise DataError(f"{video}: the raw video is missing.")
    if missing & set(frames):
        _write_frames(video, frames, missing, smooth=smooth)
    if clip.wav in missing:
        _write_wav(video, clip.wav)
    if log_mel in missing:
        _write_log_mel(clip, log_mel, num_blocks)
    return bool(missing)


def _write_frames(
    video: Path, frames: tuple[Path, ...], missing: set[Path], *, smooth: bool
) -> None:
    numbers = frame_numbers(frame_rate(video), len(frames))
    resize = resize_rgb if smooth else shrink_bilinear
    frames[0].parent.mkdir(parents=True, exist_ok=True)
    for target, picture in zip(frames, pictures_by_number(video, numbers), strict=True):
        if target in missing:
            with publish_file(target, overwrite=True) as path:
                Image.fromarray(resize(picture, (SIDE, SIDE))).save(path, "PNG")


def _write_wav(video: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with publish_file(target, overwrite=True) as path:
        extract_wav(video, path)


def _write_log_mel(clip: ClipFiles, target: Path, num_blocks: int) -> None:
    blocks = log_mel_blocks(read_wav(clip.wav))
    if len(blocks) > num_blocks:
        raise DataError(
            f"{clip.wav}: has {len(blocks)} blocks of sound and {num_blocks} are wanted; "
            "AVSBench leaves such a clip without log-mel, too. Trim the video."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    with publish_file(target, overwrite=True) as path:
        write_log_mel(path, fit_blocks(blocks, num_blocks, name=clip.name, repeat=True))
