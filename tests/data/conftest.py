"""A tiny bank of generated shapes and tones, every fact of it known to the test that asks."""

import csv
import json
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from avsseg.data.bank import Bank, BankView

COLOURS = {"dog": (220, 30, 30), "guitar": (30, 200, 40), "clock": (40, 60, 230)}
TONES = {"dog": 400.0, "guitar": 900.0, "clock": 1800.0}
RATE = 16_000


def write_tone(path: Path, frequency: float, *, pause: bool = False) -> None:
    """Four seconds at about -22 dBFS; with ``pause`` the second half is silent."""
    seconds = np.arange(4 * RATE) / RATE
    sound = 0.11 * np.sin(2 * np.pi * frequency * seconds)
    if pause:
        sound[2 * RATE :] = 0
    write_wav(path, sound)


def write_wav(path: Path, sound: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def write_picture(path: Path, pixels: np.ndarray, mask: np.ndarray) -> None:
    """A JPEG and its mask beside it: 1 bit for a bool mask, else 8-bit indices."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path, quality=95)
    stored = mask if mask.dtype == bool else mask.astype(np.uint8)
    Image.fromarray(stored).save(path.with_suffix(".png"))


def _object(colour: tuple[int, int, int], size: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[:size, :size]
    mask = (rows - size / 2) ** 2 + (columns - size / 2) ** 2 < (0.4 * size) ** 2
    pixels = np.where(mask[..., None], np.array(colour), 250)
    return pixels, mask


def _scene(shift: int) -> tuple[np.ndarray, np.ndarray]:
    """A grey ground with a dog, a crowd of dogs, a clock and a silent box."""
    pixels, mask = np.full((90, 120, 3), 128), np.zeros((90, 120), int)
    spots = {1: ("dog", 10), 2: ("clock", 45), 3: (None, 80), 4: ("dog", 25)}
    for index, (name, left) in spots.items():
        part = np.s_[20 + 10 * (index == 4) : 60, left + shift : left + shift + 30]
        pixels[part] = COLOURS.get(name or "", (240, 240, 0))
        mask[part] = index
    return pixels, mask


@pytest.fixture(scope="session")
def bank_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bank with train and val: three categories, stills, one film, noise and off-screen."""
    root = tmp_path_factory.mktemp("bank")
    rows: list[dict[str, str]] = []
    instances: dict[str, list[list[object]]] = {}

    def add(
        path: str, kind: str, category: str, split: str, method: str = "", sub: str = ""
    ) -> Path:
        row = {"path": path, "kind": kind, "category": category, "sub": sub}
        rows.append(row | {"split": split, "method": method})
        return root / path

    for split in ("train", "val"):
        for name, colour in COLOURS.items():
            path = add(f"objects/{name}/{split}.jpg", "object", name, split, "white")
            write_picture(path, *_object(colour))
            sound = add(f"audio/{name}/{split}.wav", "audio", name, split)
            write_tone(sound, TONES[name], pause=name == "clock")
        for number in range(6):
            key = f"davis/{split}_{number:05d}"
            path = add(f"scenes/{key}.jpg", "scene", "dog", split, "davis")
            write_picture(path, *_scene(2 * number))
            instances[key] = [[1, "dog", "dog"], [2, "clock", "clock"], [3, "box", None]]
            instances[key].append([4, "dog*", "dog"])
        ground = add(f"scenes/coco/{split}.jpg", "scene", "", split, "polygon")
        write_picture(ground, np.full((90, 120, 3), 90), np.zeros((90, 120), int))
        instances[f"coco/{split}"] = []
        rng = np.random.default_rng(0)
        rain = add(f"noise/rain/{split}.wav", "noise", "", split, sub="rain")
        write_wav(rain, rng.normal(0, 0.08, 3 * RATE))
        write_tone(add(f"offscreen/lion/{split}.wav", "offscreen", "", split, sub="lion"), 150.0)

    (root / "scenes/instances.json").write_text(json.dumps(instances))
    with (root / "index.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return root


@pytest.fixture(scope="session")
def bank(bank_root: Path) -> Bank:
    """The tiny bank, opened."""
    return Bank.open(bank_root)


@pytest.fixture(scope="session")
def train_view(bank: Bank) -> BankView:
    """Its training split."""
    return bank.split("train")
