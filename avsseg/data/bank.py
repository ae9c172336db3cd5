"""A bank on disk: pictures with masks, scenes with instances, and sounds, split by source."""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from avsseg.data.cache import ArrayCache
from avsseg.data.decoded import Picture, Recording, read_mask, read_picture, read_sound
from avsseg.errors import DataError

Split = Literal["train", "val", "test"]

_OFTEN_UNMARKED = frozenset({"person", "car"})
_COLUMNS = ("path", "kind", "category", "split")


@dataclass(frozen=True, kw_only=True)
class BankObject:
    """One picture whose 0/1 mask covers one object of a known category.

    Attributes:
        method: how the mask was made, as the bank's index states it.
        alone: no other sounding thing is in the picture (its ``sub`` is not ``paste``).
    """

    path: Path
    category: str
    method: str
    alone: bool


@dataclass(frozen=True, kw_only=True)
class Instance:
    """One object of a scene: ``index`` is its value in the scene's index mask.

    Attributes:
        name: its name in the source, without the ``*`` of a crowd region.
        category: its sounding category, or None for a thing that makes no sound.
    """

    index: int
    name: str
    category: str | None
    crowd: bool


@dataclass(frozen=True, kw_only=True)
class BankScene:
    """One natural picture with an instance-index mask.

    Attributes:
        sequence: pictures of one moving scene share it and sort by path; a still is alone.
        exhaustive: every object of a sounding category is in the mask (False: only some).
        guessed: the mask is a teacher's; its crowd regions are things it was unsure of.
    """

    path: Path
    sequence: str
    instances: tuple[Instance, ...]
    exhaustive: bool
    guessed: bool

    @property
    def unmarked(self) -> frozenset[str]:
        """Categories of which some may be in view without a mask."""
        return frozenset() if self.exhaustive else _OFTEN_UNMARKED

    @cached_property
    def categories(self) -> frozenset[str]:
        """The sounding categories in view, without what a teacher was unsure of."""
        sure = (i for i in self.instances if not (self.guessed and i.crowd))
        return frozenset(i.category for i in sure if i.category)


@dataclass(frozen=True, kw_only=True)
class BankSound:
    """One recording at 16 kHz, its loudest second near -22 dBFS."""

    path: Path
    category: str
    sub: str


@dataclass(frozen=True, kw_only=True, eq=False)
class BankView:
    """What one split of a bank offers, drawn from by the composers.

    Attributes:
        objects: cut-out pictures by category.
        scenes: natural pictures by sequence; a still picture is a sequence of one.
        sounds: recordings by category.
        noise: sounds without a visible source (rain, wind, fire, ...).
        offscreen: sounds of kinds that no picture of the bank shows.
        backgrounds: pictures listed as free of sounding categories.
    """

    bank: "Bank"
    split: Split
    objects: Mapping[str, tuple[BankObject, ...]]
    scenes: Mapping[str, tuple[BankScene, ...]]
    sounds: Mapping[str, tuple[BankSound, ...]]
    noise: tuple[BankSound, ...]
    offscreen: tuple[BankSound, ...]
    backgrounds: tuple[Path, ...]

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Every category that has both pictures and sounds, in alphabetical order."""
        seen = set(self.objects)
        for frames in self.scenes.values():
            seen.update(*(frame.categories for frame in frames))
        return tuple(sorted(seen & set(self.sounds)))

    @cached_property
    def sequences(self) -> Mapping[str, tuple[str, ...]]:
        """Names of the sequences that show each of the categories."""
        found = defaultdict(list)
        for name, frames in self.scenes.items():
            for category in frames[0].categories & set(self.categories):
                found[category].append(name)
        return {category: tuple(found[category]) for category in sorted(found)}

    @cached_property
    def grounds(self) -> tuple[Path, ...]:
        """Pictures that show no sounding category: the listed ones, else stills without any."""
        stills = (frame for frames in self.scenes.values() for frame in frames)
        bare = (still for still in stills if still.exhaustive and not still.categories)
        sure = (still for still in bare if not any(i.category for i in still.instances))
        return self.backgrounds or tuple(still.path for still in sure)


class Bank:
    """Pictures, scenes and sounds of a folder in the layout of ``index.csv``, decoded lazily.

    ``objects/<category>/*.jpg`` each with a 1-bit ``.png`` mask beside it; ``scenes/**/*.jpg``
    each with an 8-bit instance-index ``.png`` and one ``scenes/instances.json``;
    ``audio|noise|offscreen/**`` sounds of any format that FFmpeg reads. ``index.csv`` names
    every file with its kind, category and split; where it has them, ``sub`` (the sub-kind of a
    sound) and ``method`` (of a mask: ``davis`` for the frames ``<sequence>_<number>`` of films,
    ``teacher`` for guesses) are read too. An optional ``backgrounds.txt`` lists pictures that
    show no sounding category, one path a line; without it, scenes without one serve.
    """

    def __init__(self, root: Path, rows: tuple[Mapping[str, str], ...], cache_bytes: int) -> None:
        self.root = root
        self.rows = rows
        self._pictures = ArrayCache[Picture](cache_bytes)
        self._sounds = ArrayCache[Recording](cache_bytes)

    @classmethod
    def open(cls, root: Path | str, *, cache_bytes: int = 1 << 30) -> "Bank":
        """Read a bank's index; pictures and sounds each may fill ``cache_bytes`` of memory.

        Raises:
            DataError: no bank is there, or its index lacks a column.
        """
        root = Path(root)
        index = root / "index.csv"
        if not index.is_file():
            raise DataError(f"{root}: no index.csv, so this is no bank; pass the bank's folder")
        with index.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(f"{index}: lacks the column {missing[0]}; its header needs it")
            return cls(root, tuple(reader), cache_bytes)

    def split(self, name: Split) -> BankView:
        """The part of the bank that belongs to one split.

        Raises:
            DataError: the split holds no pictures or no sounds.
        """
        rows = [row for row in self.rows if row["split"] == name]
        view = BankView(
            bank=self,
            split=name,
            objects=self._objects(rows),
            scenes=self._scenes(rows),
            sounds=_by_category(self._recordings(rows, "audio")),
            noise=tuple(self._recordings(rows, "noise")),
            offscreen=tuple(self._recordings(rows, "offscreen")),
            backgrounds=tuple(self._backgrounds(name)),
        )
        if not view.categories:
            raise DataError(
                f"{self.root}: split {name} has no category with both pictures and sounds; "
                "add rows for it to index.csv"
            )
        return view

    def picture(self, path: Path) -> Picture:
        """A picture and its mask, as ``read_picture`` gives them, kept for the next time."""
        return self._pictures.get(str(path), lambda: read_picture(path))

    def mask(self, path: Path) -> NDArray[np.uint8]:
        """The mask of a picture alone, not kept."""
        return read_mask(path)

    def recording(self, sound: BankSound) -> Recording:
        """A recording and its loudness, as ``read_sound`` gives them, kept for the next time."""
        return self._sounds.get(str(sound.path), lambda: read_sound(sound.path))

    def _objects(self, rows: Iterable[Mapping[str, str]]) -> Mapping[str, tuple[BankObject, ...]]:
        found = defaultdict(list)
        for row in rows:
            if row["kind"] == "object":
                path, category = self.root / row["path"], row["category"]
                method, alone = row.get("method") or "", row.get("sub") != "paste"
                item = BankObject(path=path, category=category, method=method, alone=alone)
                found[category].append(item)
        return {name: tuple(found[name]) for name in sorted(found)}

    def _scenes(self, rows: Iterable[Mapping[str, str]]) -> Mapping[str, tuple[BankScene, ...]]:
        found = defaultdict(list)
        for row in sorted(rows, key=lambda row: row["path"]):
            if row["kind"] == "scene":
                scene = self._scene(row)
                found[scene.sequence].append(scene)
        return {name: tuple(frames) for name, frames in found.items()}

    def _scene(self, row: Mapping[str, str]) -> BankScene:
        path = self.root / row["path"]
        key = str(Path(row["path"]).relative_to("scenes").with_suffix(""))
        moving = row.get("method") == "davis"
        if key not in self._instances:
            raise DataError(f"{path}: scenes/instances.json says nothing of {key}; add it there")
        return BankScene(
            path=path,
            sequence=key.rsplit("_", 1)[0] if moving else key,
            instances=tuple(_instance(*entry) for entry in self._instances[key]),
            exhaustive=not moving,
            guessed=row.get("method") == "teacher",
        )

    @cached_property
    def _instances(self) -> Mapping[str, list[tuple[int, str, str | None]]]:
        path = self.root / "scenes" / "instances.json"
        try:
            loaded: dict[str, list[tuple[int, str, str | None]]] = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise DataError(f"{path}: cannot be read ({error}); scenes need it") from error
        return loaded

    def _recordings(self, rows: Iterable[Mapping[str, str]], kind: str) -> Iterator[BankSound]:
        for row in rows:
            if row["kind"] == kind:
                path, sub = self.root / row["path"], row.get("sub") or ""
                yield BankSound(path=path, category=row["category"], sub=sub)

    def _backgrounds(self, split: Split) -> Iterator[Path]:
        listing = self.root / "backgrounds.txt"
        if not listing.is_file():
            return
        splits = {row["path"]: row["split"] for row in self.rows}
        for line in listing.read_text(encoding="utf-8").splitlines():
            name = line.strip()
            if name and splits.get(name, "train") == split:
                yield self.root / name


def _instance(index: int, name: str, category: str | None) -> Instance:
    crowd = name.endswith("*")
    return Instance(index=index, name=name.rstrip("*"), category=category, crowd=crowd)


def _by_category(sounds: Iterable[BankSound]) -> Mapping[str, tuple[BankSound, ...]]:
    found = defaultdict(list)
    for sound in sounds:
        found[sound.category].append(sound)
    return {name: tuple(found[name]) for name in sorted(found)}
