"""Composes scenes in which only the sound can tell what sounds."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from avsseg.data.bank import BankScene, BankView
from avsseg.data.choice import pick, pick_category, pick_weighted
from avsseg.data.cutouts import CutOut, Sources, cut_out, find_sources
from avsseg.data.finish import draw_look, finish
from avsseg.data.ground import (
    Labels,
    Plate,
    bare_plate,
    draw_window,
    object_plate,
    scene_plate,
    studio_plate,
)
from avsseg.data.kinds import INSTRUMENTS, confusable
from avsseg.data.motion import Pose, Window, camera_path, object_path, seen_through
from avsseg.data.options import SceneOptions
from avsseg.data.paste import Layer, paste
from avsseg.data.scene import Scene

DEFAULT = SceneOptions()


def sample_rng(seed: int, index: int) -> np.random.Generator:
    """The generator of one sample: the same bank, seed and index give the same sample."""
    return np.random.default_rng((seed, index))


def compose_scene(
    view: BankView,
    rng: np.random.Generator,
    options: SceneOptions = DEFAULT,
    *,
    num_frames: int = 1,
    size: int = 224,
) -> Scene:
    """Compose one scene of ``num_frames`` moments a second apart, ``size`` pixels square.

    Frames are squeezed to a square from cameras of other shapes, as the network's input is.
    """
    composer = _Composer(view, rng, options, num_frames, size)
    kind = composer.draw_kind()
    plates = composer.draw_plates(kind)
    if kind == "pasted" or rng.random() < options.added:
        composer.draw_layers(kind)
    return composer.render(plates, kind)


class _Composer:
    """The draws of one scene, made in a fixed order."""

    def __init__(
        self,
        view: BankView,
        rng: np.random.Generator,
        options: SceneOptions,
        num_frames: int,
        size: int,
    ) -> None:
        self.view, self.rng, self.options = view, rng, options
        self.num_frames, self.size = num_frames, size
        self.labels = Labels()
        self.layers: list[Layer] = []
        self.aspect = pick(rng, options.aspects)
        self.sources = _sources(view)

    def draw_kind(self) -> str:
        """One of the four kinds of scene that the view can serve."""
        o = self.options
        natural = o.natural if self.view.scenes else 0.0
        whole, collage = (o.whole, o.collage) if self.view.objects else (0.0, 0.0)
        weights = (natural, whole, collage, 1 - o.natural - o.whole - o.collage)
        return pick_weighted(self.rng, ("natural", "whole", "collage", "pasted"), weights)

    def draw_plates(self, kind: str) -> list[Plate]:
        """The ground, one plate for each frame (the same one unless it moves by itself)."""
        if kind == "natural":
            return self._natural_plates()
        if kind == "whole":
            return [self._whole_plate()] * self.num_frames
        if kind == "collage":
            return [self._collage_plate()] * self.num_frames
        return [self._ground_plate()] * self.num_frames

    def draw_layers(self, kind: str) -> None:
        """Cut-outs to paste: objects, groups, players, and silent decoys among them."""
        o, rng = self.options, self.rng
        if kind == "pasted":
            count = pick_weighted(rng, range(len(o.num_objects)), o.num_objects)
            player = rng.random() < o.player
        else:
            count, player = int(rng.integers(1, 3)), False
        if player:
            self._add_player()
            count = max(0, count - 2)
        for _ in range(count):
            self._add_category(count)
        if rng.random() < o.decoys:
            for _ in range(int(rng.integers(1, 3))):
                self._add_decoy()
        if rng.random() < 0.5:
            rng.shuffle(self.layers)  # type: ignore[arg-type]

    def render(self, plates: list[Plate], kind: str) -> Scene:
        """Draw every frame, then give all of them one camera's look."""
        rng, o = self.rng, self.options
        panning = self.num_frames > 1 and rng.random() < o.panning
        least = o.zoom if kind != "whole" else 0.75
        window = draw_window(rng, least=least, room=0.85 if panning else 1.0)
        cameras = camera_path(window, rng, num_frames=self.num_frames, panning=panning)
        flip, look = bool(rng.random() < 0.5), draw_look(rng, o)
        frames, owners = [], []
        for moment, (plate, camera) in enumerate(zip(plates, cameras, strict=True)):
            pixels, owner = self._draw(plate, cameras[0], camera, moment, flip)
            frames.append(finish(pixels, look, rng))
            owners.append(owner)
        return self._scene(np.stack(frames), np.stack(owners), kind)

    def _draw(
        self, plate: Plate, start: Window, camera: Window, moment: int, flip: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        ground, owner = plate.seen(camera, size=(self.size, self.size), flip=flip)
        frame, owner = ground.astype(np.float32), owner.copy()
        for layer in self.layers:
            paste(frame, owner, layer, seen_through(layer.path[moment], start, camera))
        return frame, owner

    def _scene(self, frames: NDArray[np.uint8], owners: NDArray[np.uint8], kind: str) -> Scene:
        numbers = [n + 1 for n in range(len(self.labels.names)) if (owners == n + 1).any()]
        shape = (0, *owners.shape)
        masks = [owners == number for number in numbers]
        names = [self.labels.names[number - 1] for number in numbers]
        return Scene(
            frames=frames,
            masks=np.stack(masks) if masks else np.zeros(shape, np.bool_),
            categories=tuple(names),
            uncertain=frozenset(self.labels.uncertain - set(names)),
            kind=kind,
        )

    # Grounds

    def _natural_plates(self) -> list[Plate]:
        offers = _sequences_by_category(self.view)
        names = sorted(offers)
        if not names:
            return [self._ground_plate()] * self.num_frames
        sequence = pick(self.rng, offers[pick_category(self.rng, offers, names)])
        frames = self.view.scenes[sequence]
        stride = 1
        if len(frames) >= self.num_frames > 1:
            stride = int(self.rng.integers(1, (len(frames) - 1) // (self.num_frames - 1) + 1))
        last = max(0, len(frames) - 1 - stride * (self.num_frames - 1))
        first = int(self.rng.integers(last + 1))
        chosen = [min(first + stride * k, len(frames) - 1) for k in range(self.num_frames)]
        plates = {k: scene_plate(self.view, frames[k], self.labels) for k in set(chosen)}
        return [plates[k] for k in chosen]

    def _whole_plate(self, taken: tuple[str, ...] = ()) -> Plate:
        rng, objects = self.rng, self.view.objects
        names = [name for name in objects if self._may_join(name, taken)] or list(objects)
        offers = objects[pick_category(rng, objects, names)]
        studio = self.options.white_whole
        weights = [studio if item.method in ("white", "alpha") else 1.0 for item in offers]
        return object_plate(self.view, pick_weighted(rng, offers, weights), self.labels)

    def _collage_plate(self) -> Plate:
        """Two pictures side by side or one above the other, so that no paste edge tells."""
        rng, size = self.rng, self.size
        halves = []
        along = int(rng.random() < 0.3)
        cut = int(size * rng.uniform(0.35, 0.65))
        for length in (cut, size - cut):
            scene = rng.random() < 0.4 and bool(_sequences_by_category(self.view))
            taken = tuple(self.labels.names)
            plate = self._still_plate(taken) if scene else self._whole_plate(taken)
            shape = (length, size) if not along else (size, length)
            window = draw_window(rng, least=0.7, room=1.0)
            halves.append(plate.seen(window, size=shape, flip=bool(rng.random() < 0.5)))
        axis = 0 if along else 1
        return Plate(
            pixels=np.concatenate([pixels for pixels, _ in halves], axis=axis),
            owners=np.concatenate([owners for _, owners in halves], axis=axis),
        )

    def _still_plate(self, taken: tuple[str, ...]) -> Plate:
        offers = _sequences_by_category(self.view)
        names = [name for name in sorted(offers) if self._may_join(name, taken)]
        if not names:
            return self._whole_plate(taken)
        name = pick_category(self.rng, offers, names)
        scene = pick(self.rng, self.view.scenes[pick(self.rng, offers[name])])
        return scene_plate(self.view, scene, self.labels)

    def _ground_plate(self) -> Plate:
        rng, o, view = self.rng, self.options, self.view
        draw = rng.random()
        if draw < o.plain_ground:
            return studio_plate(rng)
        if draw < o.plain_ground + o.labelled_ground and _sequences_by_category(view):
            return self._still_plate(())
        bare = _bare_scenes(view)
        if view.backgrounds and rng.random() < len(view.backgrounds) / (
            len(view.backgrounds) + len(bare)
        ):
            return bare_plate(view, pick(rng, view.backgrounds))
        if bare:
            return scene_plate(view, pick(rng, bare), self.labels)
        return studio_plate(rng)

    # Layers

    def _may_join(self, name: str, present: tuple[str, ...]) -> bool:
        if name in present:
            return False
        lenient = self.rng.random() < self.options.confusable
        return lenient or not any(confusable(name, other) for other in present)

    def _add_category(self, count: int) -> None:
        rng, o = self.rng, self.options
        offers = {name: found for name, found in self.sources.by_category.items() if found}
        names = [name for name in offers if self._may_join(name, tuple(self.labels.names))]
        if not names:
            return
        name = pick_category(rng, offers, names)
        grouped = rng.random() < o.group
        members = int(rng.integers(o.group_sizes[0], o.group_sizes[1] + 1)) if grouped else 1
        area = self._draw_area(count)
        if members == 1:
            self._add_object(name, area, None)
            return
        centre = rng.uniform(0.25, 0.75, 2)
        spread = 0.12 + 0.5 * np.sqrt(area)
        for _ in range(members):
            near = np.clip(rng.normal(centre, spread), 0.05, 0.95)
            self._add_object(name, area / members**0.8 * rng.uniform(0.6, 1.5), near)

    def _draw_area(self, count: int) -> float:
        o, rng = self.options, self.rng
        low, high = o.small_area if rng.random() < o.small else o.area
        if count > 1:
            high = max(low * 1.5, high / count**0.6)
        return float(np.exp(rng.uniform(np.log(low), np.log(high))))

    def _add_object(self, name: str, area: float, near: NDArray[np.float64] | None) -> Pose | None:
        piece = self._draw_cutout(pick(self.rng, self.sources.by_category[name]))
        if piece is None:
            return None
        pose = self._place(piece, area, near)
        self._add_layer(piece, self.labels.number(name), pose)
        return pose

    def _draw_cutout(self, sequence: tuple[object, ...]) -> CutOut | None:
        return cut_out(self.view, pick(self.rng, sequence))  # type: ignore[arg-type]

    def _add_player(self) -> None:
        """A person with an instrument before the chest; only one of the two may sound."""
        rng, offers = self.rng, self.sources.by_category
        taken = tuple(self.labels.names)
        names = [n for n in offers if n in INSTRUMENTS and offers[n] and self._may_join(n, taken)]
        if not names or not offers.get("person"):
            return
        person = self._add_object("person", float(rng.uniform(0.1, 0.5)), None)
        piece = self._draw_cutout(pick(rng, offers[pick(rng, names)])) if person else None
        if person is None or piece is None:
            return
        self._add_instrument(person, names)

    def _add_instrument(self, person: Pose, names: list[str]) -> None:
        rng = self.rng
        near = np.array(
            [
                person.x + rng.normal(0, 0.2) * person.width,
                person.y + rng.uniform(-0.05, 0.35) * person.height,
            ]
        )
        area = person.width * person.height * rng.uniform(0.12, 0.5)
        self._add_object(pick_category(rng, self.sources.by_category, names), area, near)

    def _add_decoy(self) -> None:
        """A silent thing, or a patch of ground in the outline of an object."""
        rng = self.rng
        if rng.random() < 0.6 and self.sources.silent:
            piece = self._draw_cutout(pick(rng, self.sources.silent))
        else:
            piece = self._patch()
        if piece is not None:
            self._add_layer(piece, 0, self._place(piece, self._draw_area(2), None))

    def _patch(self) -> CutOut | None:
        offers = self.sources.by_category
        name = pick(self.rng, [name for name in offers if offers[name]])
        outline = self._draw_cutout(pick(self.rng, offers[name]))
        grounds = _bare_scenes(self.view)
        if outline is None or not grounds:
            return None
        pixels = self.view.bank.picture(pick(self.rng, grounds).path)[0]
        height = min(outline.mask.shape[0], pixels.shape[0])
        width = min(outline.mask.shape[1], pixels.shape[1])
        top = int(self.rng.integers(pixels.shape[0] - height + 1))
        left = int(self.rng.integers(pixels.shape[1] - width + 1))
        part = pixels[top : top + height, left : left + width]
        return CutOut(pixels=part, mask=outline.mask[:height, :width])

    def _add_layer(self, piece: CutOut, label: int, pose: Pose) -> None:
        rng, o = self.rng, self.options
        moving = self.num_frames > 1 and rng.random() < o.moving
        gain, tint = rng.uniform(0.8, 1.2), rng.uniform(0.95, 1.05, 3)
        layer = Layer(
            cutout=piece,
            label=label,
            path=object_path(pose, rng, num_frames=self.num_frames, moving=moving),
            flip=bool(rng.random() < 0.5),
            feather=float(rng.uniform(*o.feather)),
            inward=bool(rng.random() < 0.75),
            tint=(float(gain * tint[0]), float(gain * tint[1]), float(gain * tint[2])),
        )
        self.layers.append(layer)

    def _place(self, piece: CutOut, area: float, near: NDArray[np.float64] | None) -> Pose:
        """A pose of about ``area``; apart from the others unless overlap is drawn."""
        rng = self.rng
        height, width = piece.mask.shape
        fill = float(piece.mask.mean()) / 255
        shape = width / height / self.aspect
        tall = min(np.sqrt(area / max(fill, 0.1) / shape), 1.1, 1.1 / shape)
        pose = Pose(x=0.5, y=0.5, width=tall * shape, height=tall, angle=rng.normal(0, 5))
        if near is not None:
            return replace(pose, x=float(near[0]), y=float(near[1]))
        tries = 1 if rng.random() < self.options.overlap else 8
        spots = [self._spot(pose) for _ in range(tries)]
        return min(spots, key=self._hidden)

    def _spot(self, pose: Pose) -> Pose:
        reach_x = max(0.0, 0.5 - 0.35 * pose.width)
        reach_y = max(0.0, 0.5 - 0.35 * pose.height)
        x, y = self.rng.uniform(-1, 1, 2)
        return replace(pose, x=0.5 + float(x) * reach_x, y=0.5 + float(y) * reach_y)

    def _hidden(self, pose: Pose) -> float:
        return sum(_shared(pose, layer.path[0]) for layer in self.layers)


def _shared(one: Pose, other: Pose) -> float:
    width = min(one.x + one.width / 2, other.x + other.width / 2) - max(
        one.x - one.width / 2, other.x - other.width / 2
    )
    height = min(one.y + one.height / 2, other.y + other.height / 2) - max(
        one.y - one.height / 2, other.y - other.height / 2
    )
    return max(0.0, width) * max(0.0, height)


def _sources(view: BankView) -> Sources:
    found = view.memory.get("sources")
    if not isinstance(found, Sources):
        found = view.memory["sources"] = find_sources(view)
    return found


def _bare_scenes(view: BankView) -> tuple[BankScene, ...]:
    """Stills that show no sounding category."""
    if "bare" not in view.memory:
        stills = (frame for frames in view.scenes.values() for frame in frames[:1])
        bare = tuple(s for s in stills if not s.categories and s.exhaustive)
        view.memory["bare"] = bare
    return view.memory["bare"]  # type: ignore[return-value]


def _sequences_by_category(view: BankView) -> dict[str, list[str]]:
    """Names of the sequences that show each category that also has sounds."""
    if "sequences" not in view.memory:
        found: dict[str, list[str]] = {}
        for name, frames in view.scenes.items():
            for category in frames[0].categories & set(view.categories):
                found.setdefault(category, []).append(name)
        view.memory["sequences"] = found
    return view.memory["sequences"]  # type: ignore[return-value]
