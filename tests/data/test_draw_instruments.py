"""Drawn instruments join a bank, with masks of what was drawn."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from avsseg.data.bank import Bank

SCRIPT = Path(__file__).parents[2] / "examples" / "draw_instruments.py"
COUNTS = {"drums": 5, "piano": 2, "keyboard": 2}


def draw(bank: Path) -> None:
    options = [f"--{name}={COUNTS[name.rstrip('s')]}" for name in ("pianos", "keyboards")]
    command = [sys.executable, str(SCRIPT), str(bank), f"--drums={COUNTS['drums']}", *options]
    subprocess.run(command, check=True)


def drawn(bank: Path) -> list[dict[str, str]]:
    with (bank / "index.csv").open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["method"] == "drawn"]


def test_drawn_pictures_are_objects_of_the_bank(bank_root, tmp_path):
    """They are read as any other; a second run draws the same ones and adds nothing."""
    bank = tmp_path / "bank"
    shutil.copytree(bank_root, bank)
    before = Bank.open(bank).split("train")
    draw(bank)
    first = drawn(bank)
    draw(bank)
    assert drawn(bank) == first
    assert len(first) == sum(COUNTS.values())

    view = Bank.open(bank).split("train")
    for category, count in COUNTS.items():
        objects = [item for item in view.objects[category] if item.method == "drawn"]
        assert len(objects) == count
        for item in objects:
            pixels, mask = view.bank.picture(item.path)
            inside = mask.astype(bool)
            assert 0.02 < inside.mean() < 1
            outside = pixels[~inside].mean(axis=0)
            assert np.abs(pixels[inside].mean(axis=0) - outside).max() > 1
    assert set(before.objects) <= set(view.objects)
