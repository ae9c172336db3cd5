"""Adds pictures of things that make no sound to a bank: cut-outs before grounds, often in the dark.

    python examples/stage_silent_things.py BANK --things FOLDER --grounds FOLDER [--pictures 700]

A network that has seen little beside what can sound takes whatever stands out for the one who
speaks. ``--things`` holds cut-outs with an alpha channel (Debian's ``tuxpaint-stamps-default`` and
``openclipart-png`` have thousands; leave out what the bank has sounds of), ``--grounds`` pictures
without anything that sounds. Every ground joins the bank's ``train`` split as it is, and in each
further picture one to three things, or lattices of bars, stand before a ground or in a dark room;
two of five are lit by a spot. ``staged`` is their method; a second run replaces them.
"""

import argparse
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from bank_index import replace_made
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, UnidentifiedImageError

SIDE, SMALLEST = 560, 200
_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp"}
_SHARES = (0.5, 0.3, 0.2)  # of one, two and three things
_BARS, _DARK_ROOM, _SPOT = 0.25, 0.25, 0.4

Owners = NDArray[np.uint8]


def stage(
    ground: Image.Image, things: list[Image.Image], rng: np.random.Generator
) -> tuple[Image.Image, Owners]:
    """The things before the ground, back to front, and the number (from 1) of each one's pixels.

    Shapes:
        owners (H, W), in the size of the ground
    """
    picture, owners = ground.convert("RGB"), np.zeros(ground.size[::-1], np.uint8)
    for number, thing in enumerate(things, start=1):
        placed = _placed(thing, ground.size, rng)
        picture.paste(placed.convert("RGB"), mask=placed.getchannel("A"))
        owners[np.asarray(placed.getchannel("A")) > 127] = number
    return picture, owners


def _placed(thing: Image.Image, size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """On a sheet of that size, in 3 to 50 % of its area, by a third over its border at most."""
    width, height = thing.size
    area = np.exp(rng.uniform(np.log(0.03), np.log(0.5))) * size[0] * size[1]
    scale = min(3.0, float(np.sqrt(area / (width * height))))
    shown = thing.resize((max(8, round(width * scale)), max(8, round(height * scale))))
    if rng.random() < 0.3:
        turn = float(rng.uniform(-40, 40))
        shown = shown.rotate(turn, expand=True, resample=Image.Resampling.BICUBIC)
    left, top = (_edge(rng, own, all_) for own, all_ in zip(shown.size, size, strict=True))
    sheet = Image.new("RGBA", size)
    sheet.paste(ImageEnhance.Brightness(shown).enhance(float(rng.uniform(0.35, 1.1))), (left, top))
    return sheet


def _edge(rng: np.random.Generator, own: int, whole: int) -> int:
    least, most = -own // 3, whole - 2 * own // 3
    return int(rng.integers(min(least, most), max(least, most) + 1))


def lattice(rng: np.random.Generator) -> Image.Image:
    """Bars of one colour, as scaffolds and fences have them."""
    width, height = (int(n) for n in rng.integers(80, 400, 2))
    sheet = Image.new("RGBA", (width, height))
    draw, colour = ImageDraw.Draw(sheet), (*(int(c) for c in rng.integers(60, 256, 3)), 255)
    count, thick = int(rng.integers(3, 14)), int(rng.integers(2, max(3, width // 25)))
    slant = rng.uniform(-0.4, 0.4)
    for x, y in zip(np.linspace(0, width, count), np.linspace(0, height, count), strict=True):
        draw.line([(x, 0), (x + slant * height, height)], fill=colour, width=thick)
        if rng.random() < 0.8:
            draw.line([(0, y), (width, y + slant * width / 2)], fill=colour, width=thick)
    return sheet


def spotlit(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The picture in the dark but for one round light."""
    width, height = picture.size
    y, x = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)
    (left, top), (wide, high) = rng.uniform(0.2, 0.8, 2), rng.uniform(0.15, 0.55, 2)
    spot = np.exp(-(((x - left) / wide) ** 2) - ((y - top) / high) ** 2)
    light = np.clip(rng.uniform(0.02, 0.3) + spot * rng.uniform(0.5, 1.0), 0, 1)
    return Image.fromarray((np.asarray(picture) * light[..., None]).astype(np.uint8))


def dark_room(rng: np.random.Generator) -> Image.Image:
    """Nothing but a dim shade."""
    top, bottom, down = rng.uniform(0, 90, 3), rng.uniform(0, 60, 3), np.linspace(0, 1, SIDE)
    shade = top + (bottom - top) * down[:, None, None]
    return Image.fromarray(np.broadcast_to(shade, (SIDE, SIDE, 3)).astype(np.uint8))


def add_to_bank(bank: Path, things: list[Path], grounds: list[Path], pictures: int) -> None:
    """Writes the pictures into the bank and names them in its index."""
    (bank / "scenes").mkdir(exist_ok=True)
    listing, folder = bank / "scenes/instances.json", bank / "scenes/staged"
    known = json.loads(listing.read_text()) if listing.is_file() else {}
    known = {name: found for name, found in known.items() if not name.startswith("staged/")}
    rows = []
    with TemporaryDirectory(dir=folder.parent) as unfinished:
        for name, source, picture, owners in _made(things, grounds, pictures):
            path = Path(unfinished) / f"{name}.jpg"
            picture.save(path, quality=92)
            Image.fromarray(owners).save(path.with_suffix(".png"))
            shown = [int(n) for n in np.unique(owners) if n and (owners == n).sum() >= SMALLEST]
            known[f"staged/{name}"] = [[number, "thing", None] for number in shown]
            row = {"path": f"scenes/staged/{name}.jpg", "kind": "scene", "group": f"staged-{name}"}
            rows.append(row | source)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(unfinished, folder)
    listing.write_text(json.dumps(known))
    replace_made(bank, "staged", rows)


def _made(
    things: list[Path], grounds: list[Path], pictures: int
) -> Iterator[tuple[str, dict[str, str], Image.Image, Owners]]:
    for number, path in enumerate(grounds):
        ground = _opened(path).convert("RGB")
        empty = np.zeros(ground.size[::-1], np.uint8)
        yield f"ground_{number:05d}", {"source": path.name}, ground, empty
    for number in range(pictures):
        rng = np.random.default_rng(number)
        ground = dark_room(rng)
        if rng.random() >= _DARK_ROOM:
            ground = _opened(grounds[rng.integers(len(grounds))])
        chosen = [
            None if rng.random() < _BARS else things[rng.integers(len(things))]
            for _ in range(1 + int(rng.choice(len(_SHARES), p=_SHARES)))
        ]
        cut = [lattice(rng) if path is None else _opened(path) for path in chosen]
        picture, owners = stage(ground, cut, rng)
        if rng.random() < _SPOT:
            picture = spotlit(picture, rng)
        names = "+".join("bars" if path is None else path.name for path in chosen)
        yield f"thing_{number:05d}", {"source": names}, picture, owners


def _opened(path: Path) -> Image.Image:
    try:
        with Image.open(path) as picture:
            picture.thumbnail((SIDE, SIDE))
            return picture.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise SystemExit(f"{path}: cannot be read as a picture ({error}).") from None


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", type=Path)
    parser.add_argument("--things", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--grounds", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--pictures", type=int, default=700, help="with things in them")
    asked = parser.parse_args()
    if not (asked.bank / "index.csv").is_file():
        parser.error(f"{asked.bank}: no index.csv, so this is no bank.")
    things, grounds = _pictures(asked.things), _pictures(asked.grounds)
    for folder, found in ((asked.things, things), (asked.grounds, grounds)):
        if not found:
            parser.error(f"{folder}: holds no pictures.")
    add_to_bank(asked.bank, things, grounds, asked.pictures)


if __name__ == "__main__":
    main()
