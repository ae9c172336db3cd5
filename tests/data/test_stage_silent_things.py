"""Things that make no sound join a bank, before grounds that hold nothing else."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from avsseg.data.bank import Bank
from avsseg.data.cutouts import find_sources

SCRIPT = Path(__file__).parents[2] / "examples" / "stage_silent_things.py"


@pytest.fixture(scope="module")
def script(example):
    """The script as a module."""
    return example("stage_silent_things")


@pytest.fixture
def folders(bank_root, tmp_path) -> tuple[Path, Path, Path]:
    """A bank of its own, a red disc in a clear square, and a grey ground."""
    bank, things, grounds = (tmp_path / name for name in ("bank", "things", "grounds"))
    shutil.copytree(bank_root, bank)
    things.mkdir()
    grounds.mkdir()
    disc().save(things / "disc.png")
    Image.new("RGB", (320, 240), (90, 90, 90)).save(grounds / "wall.jpg")
    return bank, things, grounds


def disc() -> Image.Image:
    y, x = np.mgrid[-1:1:100j, -1:1:100j]
    pixels = np.zeros((100, 100, 4), np.uint8)
    pixels[..., 0], pixels[..., 3] = 250, np.where(x**2 + y**2 < 1, 255, 0)
    return Image.fromarray(pixels)


def run(bank: Path, things: Path, grounds: Path, pictures: int = 8):
    folders = ["--things", things, "--grounds", grounds, "--pictures", pictures]
    command = [sys.executable, str(SCRIPT), str(bank), *map(str, folders)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_staged_things_are_silent_pictures_of_the_bank(folders):
    """Grounds and decoys for the composer, of no kind; a second run makes the same."""
    bank = folders[0]
    before = Bank.open(bank).split("train")
    indices = []
    for _ in range(2):
        done = run(*folders)
        assert done.returncode == 0, done.stderr
        indices.append((bank / "index.csv").read_text())
    assert indices[0] == indices[1]
    view = Bank.open(bank).split("train")
    staged = [path for path in view.grounds if path.parent.name == "staged"]
    assert len(staged) == 8 + 1
    assert len(view.scenes) == len(before.scenes) + 8 + 1
    assert len(find_sources(view).silent) > len(find_sources(before).silent)
    assert view.categories == before.categories


@pytest.mark.parametrize("seed", range(4))
def test_what_is_staged_is_where_its_number_is(script, seed):
    """The ground is as it was wherever no number is; numbered pixels are the thing's own."""
    ground, rng = Image.new("RGB", (320, 240), (90, 90, 90)), np.random.default_rng(seed)
    picture, owners = script.stage(ground, [disc()], rng)
    pixels = np.asarray(picture).astype(int)
    red = pixels[..., 0] - pixels[..., 1]
    assert owners.shape == (240, 320) and set(np.unique(owners)) == {0, 1}
    assert red[owners == 1].mean() > 60
    assert (np.abs(pixels[owners == 0] - 90).max(axis=1) > 60).mean() < 0.02
    assert 0.01 < (owners == 1).mean() < 0.6


def test_a_spot_leaves_the_rest_dark(script):
    """No pixel gets brighter, one part stays bright, and the darkest is dark."""
    lit = np.asarray(script.spotlit(Image.new("RGB", (64, 64), "white"), np.random.default_rng(1)))
    assert lit.max() > 140 and lit.min() < 90


def test_a_picture_that_cannot_be_read_is_one_line(folders):
    """And the bank is as an earlier run left it."""
    bank, things, _ = folders
    assert run(*folders).returncode == 0
    before = {path: path.read_bytes() for path in bank.rglob("*") if path.is_file()}
    (things / "disc.png").write_text("no picture")
    done = run(*folders)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1
    assert "disc.png" in done.stderr
    assert {path: path.read_bytes() for path in bank.rglob("*") if path.is_file()} == before


def test_what_is_no_bank_or_holds_no_picture_is_refused(folders, tmp_path):
    """Before anything is made."""
    bank, things, _ = folders
    done = run(tmp_path, things, things)
    assert done.returncode == 2 and "no bank" in done.stderr
    (tmp_path / "empty").mkdir()
    done = run(bank, things, tmp_path / "empty")
    assert done.returncode == 2 and "holds no pictures" in done.stderr
