"""AVSBench folders made on the fly: tiny pictures, every truth known, all three layouts."""

import csv
import json
import wave
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 32
RATE = 16_000

S4 = (("dog_1", "dog", "train"), ("cat_1", "cat", "train"), ("dog_2", "dog", "val"),
      ("dog_3", "dog", "test"))  # fmt: skip
MS3 = (("aa_0", "train"), ("bb_0", "train"), ("cc_0", "val"), ("dd_0", "test"))
AVSS = (("v1s_a", "v1s", "train"), ("v1m_b", "v1m", "train"), ("v2_c", "v2", "test"))


def frame(number: int, side: int = SIDE) -> np.ndarray:
    """A picture of one colour that tells which clip and second it is."""
    return np.full((side, side, 3), (number * 7 % 256, number * 13 % 256, 40), np.uint8)


def truth(number: int, side: int = SIDE) -> np.ndarray:
    """A square that moves a pixel a second; empty in the third second."""
    mask = np.zeros((side, side), bool)
    if number % 5 != 3:
        mask[4:12, number % 5 : number % 5 + 10] = True
    return mask


def save(array: np.ndarray, path: Path) -> None:
    """Writes a picture, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def save_wav(path: Path, seconds: float, tone: float, *, rate: int = RATE, channels: int = 1):
    """Writes a 16-bit tone, the same in all channels, and returns its samples (S,) int16."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(seconds * rate)) / rate
    samples = (8000 * np.sin(2 * np.pi * tone * times)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.repeat(samples[:, None], channels, axis=1).tobytes())
    return samples


def _write_index(path: Path, rows: list[list[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def write_s4(root: Path, *, side: int = SIDE) -> Path:
    """Single-source: two train clips, one val, one test; train masks are the first alone."""
    base = root / "Single-source"
    rows: list[list[object]] = [["name", "start_time", "category", "split"]]
    for clip, (name, category, split) in enumerate(S4):
        rows.append([name, 0, category, split])
        data, inner = base / "s4_data", Path(split) / category
        for second in range(1, 6):
            stem = Path(name) / f"{name}_{second}.png"
            save(frame(clip * 10 + second, side), data / "visual_frames" / inner / stem)
            if second == 1 or split != "train":
                mask = truth(second, side).astype(np.uint8) * 255
                save(mask, data / "gt_masks" / inner / stem)
        save_wav(data / "audio_wav" / inner / f"{name}.wav", 5, 300 + 100 * clip)
    _write_index(base / "s4_meta_data.csv", rows)
    return root


def write_ms3(root: Path, *, side: int = SIDE) -> Path:
    """Multi-sources: the odd frame names, five masks each, no categories."""
    base = root / "Multi-sources"
    rows: list[list[object]] = [["video_id", "split"]]
    for clip, (name, split) in enumerate(MS3):
        rows.append([name, split])
        data = base / "ms3_data"
        for second in range(1, 6):
            picture = frame(100 + clip * 10 + second, side)
            save(picture, data / "visual_frames" / name / f"{name}.mp4_{second}.png")
            mask = truth(second, side).astype(np.uint8) * 255
            save(mask, data / "gt_masks" / split / name / f"{name}_{second}.png")
        save_wav(data / "audio_wav" / split / f"{name}.wav", 5, 1000 + 100 * clip)
    _write_index(base / "ms3_meta_data.csv", rows)
    return root


def write_avss(root: Path, *, side: int = SIDE) -> Path:
    """Semantic: frames from 0, colour masks of class 1 (128, 0, 0), v1 and v2 clips."""
    header = ["vid", "uid", "s_min", "s_sec", "a_obj", "split", "label"]
    rows: list[list[object]] = [list(header)]
    for clip, (name, label, split) in enumerate(AVSS):
        rows.append([name, name, 0, 0, "dog", split, label])
        folder, count = root / label / name, 10 if label == "v2" else 5
        for second in range(count):
            save(frame(50 + clip * 10 + second, side), folder / "frames" / f"{second}.jpg")
            if second == 0 or (label, split) != ("v1s", "train"):
                colours = truth(second, side)[..., None] * np.array([128, 0, 0], np.uint8)
                save(colours.astype(np.uint8), folder / "labels_rgb" / f"{second}.png")
        save_wav(folder / "audio.wav", count, 500 + 100 * clip)
    _write_index(root / "metadata.csv", rows)
    (root / "label2idx.json").write_text(json.dumps({"background": 0, "dog": 1}))
    return root
