"""Adds drawn drums, pianos and keyboards to a bank, where photographs show them in shops only.

    python examples/draw_instruments.py BANK [--drums 170] [--pianos 70] [--keyboards 45]
    python examples/draw_instruments.py --sheet sheet.png

Drums from above or with their player, and keys from near, are what films show. The pictures join
the bank's ``train`` split with ``drawn`` as their method; a second run replaces them.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from bank_index import replace_made
from drawn_drums import draw_hand_drums, draw_kit
from drawn_keys import draw_keyboard, draw_piano
from painter import Drawing
from PIL import Image

Draw = Callable[[np.random.Generator], Drawing]

_KITS = 0.6  # of all drums; the rest are hand drums
_LEAST, _MOST = 0.05, 0.97


def drawings(category: str, count: int) -> Iterator[tuple[Image.Image, Image.Image]]:
    """Pictures and masks of a category, always the same; useless ones are left out."""
    seed = 0
    while count:
        rng = np.random.default_rng((*category.encode(), seed))
        seed += 1
        picture, mask = _way(category, rng)(rng).finished()
        if _LEAST < np.asarray(mask).mean() < _MOST:
            count -= 1
            yield picture, mask


def _way(category: str, rng: np.random.Generator) -> Draw:
    if category == "drums":
        return draw_kit if rng.random() < _KITS else draw_hand_drums
    return {"piano": draw_piano, "keyboard": draw_keyboard}[category]


def add_to_bank(bank: Path, counts: dict[str, int]) -> None:
    """Writes the pictures into the bank and names them in its index."""
    replace_made(bank, "drawn", _written(bank, counts))


def _written(bank: Path, counts: dict[str, int]) -> Iterator[dict[str, str]]:
    for category, count in counts.items():
        folder = bank / "objects" / category
        folder.mkdir(parents=True, exist_ok=True)
        for number, (picture, mask) in enumerate(drawings(category, count)):
            path = folder / f"drawn{number:03d}.jpg"
            picture.save(path, quality=88)
            mask.save(path.with_suffix(".png"))
            known = {"path": str(path.relative_to(bank)), "kind": "object", "category": category}
            yield known | {"group": f"drawn-{category}-{number}"}


def draw_sheet(path: Path) -> None:
    """A dozen of each, to look at."""
    tiles = [p for name in ("drums", "piano", "keyboard") for p, _ in drawings(name, 12)]
    side = 160
    sheet = Image.new("RGB", (12 * side, 3 * side))
    for number, tile in enumerate(tiles):
        sheet.paste(tile.resize((side, side)), (number % 12 * side, number // 12 * side))
    sheet.save(path)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", type=Path, nargs="?")
    parser.add_argument("--drums", type=int, default=170)
    parser.add_argument("--pianos", type=int, default=70)
    parser.add_argument("--keyboards", type=int, default=45)
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    if asked.bank is None and asked.sheet is None:
        parser.error("name a bank to add to, or a --sheet to look at.")
    if asked.bank is not None and not (asked.bank / "index.csv").is_file():
        parser.error(f"{asked.bank}: no index.csv, so this is no bank.")
    if asked.sheet is not None:
        draw_sheet(asked.sheet)
    if asked.bank is not None:
        counts = {"drums": asked.drums, "piano": asked.pianos, "keyboard": asked.keyboards}
        add_to_bank(asked.bank, counts)


if __name__ == "__main__":
    main()
