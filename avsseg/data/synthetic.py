"""Writes composed clips as an AVSBench dataset, so that every command can run on a bank."""

import csv
import json
import wave
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from avsseg.data.bank import Bank, BankView
from avsseg.data.compose import compose_scene
from avsseg.data.options import SceneOptions, SoundOptions
from avsseg.data.scene import Scene, target
from avsseg.data.soundtrack import Soundtrack, compose_sound
from avsseg.errors import DataError
from avsseg.media.publish import publish_file
from avsseg.media.recording import write_stills

NUM_FRAMES = 5
SPLITS = ("train", "val", "test")

Layout = Literal["s4", "ms3"]

_FOLDERS: dict[Layout, str] = {"s4": "Single-source", "ms3": "Multi-sources"}
_SOUNDS: dict[Layout, SoundOptions] = {
    "s4": SoundOptions(one=1.0, several=0.0, gated=0.2, pause=0.0),
    "ms3": SoundOptions(one=0.4, several=0.4),
}
_TRIES = 200


@dataclass(frozen=True, kw_only=True)
class SyntheticPlan:
    """What to write.

    Attributes:
        layout: ``s4`` (one source, first masks only in training) or ``ms3`` (several, or none).
        train, val, test: clips of each split.
        video: write each clip as an MP4 too, in ``raw_videos``.
        size: pixels of a side.
    """

    layout: Layout
    train: int
    val: int
    test: int
    seed: int = 0
    video: bool = False
    size: int = 224


@dataclass(frozen=True, kw_only=True)
class _Clip:
    scene: Scene
    track: Soundtrack
    category: str

    @property
    def truth(self) -> NDArray[np.bool_]:
        return target(self.scene.masks, self.track.sounding)


def write_synthetic(bank: Bank, root: Path, plan: SyntheticPlan) -> Iterator[Path]:
    """Write the clips of a plan under ``root``, yielding the sound file of each when it is done.

    Clips are 5 s long, frame t standing for second t (it is shown from t to t + 1, so that
    AVSBench's own cut at t + 0.9375 s finds it). A run that was stopped goes on where it ended;
    the index file comes last. Training clips come from the bank's training split, the others
    from its ``test`` split where it has one and else from ``val``, with other seeds.

    Raises:
        DataError: the folder holds another set, or the bank cannot serve the layout.
    """
    base = root / _FOLDERS[plan.layout]
    _claim(base, plan)
    rows = []
    for split in SPLITS:
        view = bank.split(_bank_split(bank, split))
        for index in range(getattr(plan, split)):
            name = f"synth_{split}_{index:05d}"
            sound = _find_sound(base, plan, split, name)
            if sound is None:
                seed = (plan.seed, SPLITS.index(split), index)
                clip = _draw_clip(view, np.random.default_rng(seed), plan)
                sound = _write_clip(base, plan, split, name, clip)
            rows.append((name, split, sound.parent.name))
            yield sound
    _write_index(base, plan, rows)


def _bank_split(bank: Bank, split: str) -> Literal["train", "val", "test"]:
    if split == "train":
        return "train"
    has_test = split == "test" and any(row["split"] == "test" for row in bank.rows)
    return "test" if has_test else "val"


def _claim(base: Path, plan: SyntheticPlan) -> None:
    """Note the plan in the folder, or make sure that it is the one noted there."""
    note = base / "synthetic.json"
    if note.is_file():
        if json.loads(note.read_text()) != asdict(plan):
            raise DataError(f"{base}: holds a set made by another plan; choose another folder")
        return
    if base.is_dir() and any(base.iterdir()):
        raise DataError(f"{base}: holds other files; choose an empty folder")
    base.mkdir(parents=True, exist_ok=True)
    with publish_file(note) as part:
        part.write_text(json.dumps(asdict(plan), indent=1))


def _draw_clip(view: BankView, rng: np.random.Generator, plan: SyntheticPlan) -> _Clip:
    """A clip whose truth is known in every frame; in S4 its source sounds in the first one."""
    for _ in range(_TRIES):
        scene = compose_scene(view, rng, SceneOptions(), num_frames=NUM_FRAMES, size=plan.size)
        track = compose_sound(view, rng, scene, _SOUNDS[plan.layout])
        if track.ignored.any():
            continue
        clip = _Clip(scene=scene, track=track, category=track.heard[0] if track.heard else "none")
        if plan.layout == "ms3" or (track.kind == "one" and clip.truth[0].any()):
            return clip
    raise DataError(f"{view.bank.root}: no scene with a sounding object came about")


def _write_clip(base: Path, plan: SyntheticPlan, split: str, name: str, clip: _Clip) -> Path:
    """Write frames and masks, and last the sound, whose presence says that all is there."""
    s4 = plan.layout == "s4"
    data, inner = base / f"{plan.layout}_data", Path(split)
    if s4:
        inner = inner / clip.category
    frames = data / "visual_frames" / (inner / name if s4 else name)
    _write_pictures(frames, f"{name}_" if s4 else f"{name}.mp4_", clip.scene.frames)
    labelled = 1 if s4 and split == "train" else NUM_FRAMES
    masks = clip.truth[:labelled].astype(np.uint8) * 255
    _write_pictures(data / "gt_masks" / inner / name, f"{name}_", masks)
    if plan.video:
        film = data / "raw_videos" / (inner if s4 else "") / f"{name}.mp4"
        film.parent.mkdir(parents=True, exist_ok=True)
        with publish_file(film, overwrite=True) as part:
            write_stills(part, clip.scene.frames, clip.track.wave)
    sound = _sound_path(base, plan, split, clip.category, name)
    sound.parent.mkdir(parents=True, exist_ok=True)
    with publish_file(sound) as part:
        _write_wav(part, clip.track.wave)
    return sound


def _sound_path(base: Path, plan: SyntheticPlan, split: str, category: str, name: str) -> Path:
    folder = base / f"{plan.layout}_data" / "audio_wav" / split
    return folder / (category if plan.layout == "s4" else "") / f"{name}.wav"


def _find_sound(base: Path, plan: SyntheticPlan, split: str, name: str) -> Path | None:
    category = "*" if plan.layout == "s4" else ""
    pattern = _sound_path(Path(), plan, split, category, name)
    return next(base.glob(pattern.as_posix()), None)


def _write_pictures(folder: Path, stem: str, pictures: NDArray[np.uint8]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures, start=1):
        Image.fromarray(picture).save(folder / f"{stem}{number}.png", compress_level=1)


def _write_wav(path: Path, sound: NDArray[np.float32]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(np.clip(sound * 32768, -32768, 32767).astype("<i2").tobytes())


def _write_index(base: Path, plan: SyntheticPlan, rows: list[tuple[str, str, str]]) -> None:
    with (
        publish_file(base / f"{plan.layout}_meta_data.csv", overwrite=True) as part,
        part.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.writer(file)
        if plan.layout == "s4":
            writer.writerow(("name", "start", "category", "split"))
            writer.writerows((name, 0, category, split) for name, split, category in rows)
        else:
            writer.writerow(("name", "split"))
            writer.writerows((name, split) for name, split, _ in rows)
