"""The ground of a scene: a natural picture, two side by side, or what others are pasted on."""

import numpy as np

from avsseg.data.choice import pick, pick_category, pick_weighted
from avsseg.data.draft import Draft
from avsseg.data.motion import Window
from avsseg.data.plate import (
    CUT_OUT_METHODS,
    Plate,
    bare_plate,
    object_plate,
    scene_plate,
    studio_plate,
)


def draw_kind(draft: Draft) -> str:
    """One of ``natural``, ``whole``, ``collage`` and ``pasted``, as far as the bank serves it."""
    o, view = draft.options, draft.view
    pictures = bool(view.objects)
    weights = (
        o.natural * bool(view.sequences),
        o.whole * pictures,
        o.collage * pictures,
        1 - o.natural - o.whole - o.collage + 1e-9,
    )
    return pick_weighted(draft.rng, ("natural", "whole", "collage", "pasted"), weights)


def draw_plates(draft: Draft, kind: str) -> list[Plate]:
    """One plate for each frame: the same one, unless the ground is a film itself."""
    if kind == "natural":
        return _natural_plates(draft)
    makers = {"whole": _whole_plate, "collage": _collage_plate, "pasted": _empty_stage}
    return [makers[kind](draft)] * draft.num_frames


def draw_window(rng: np.random.Generator, *, least: float, room: float) -> Window:
    """Draw a crop; ``room`` < 1 leaves a margin for the camera to move in."""
    width, height = np.minimum(rng.uniform(least, 1.15, 2), room)
    left, top = rng.uniform(0, 1 - width), rng.uniform(0, 1 - height)
    return Window(left=float(left), top=float(top), width=float(width), height=float(height))


def _natural_plates(draft: Draft) -> list[Plate]:
    rng, count = draft.rng, draft.num_frames
    offers = draft.view.sequences
    frames = draft.view.scenes[pick(rng, offers[pick_category(rng, offers, list(offers))])]
    stride = 1
    if len(frames) >= count > 1:
        stride = int(rng.integers(1, (len(frames) - 1) // (count - 1) + 1))
    first = int(rng.integers(max(0, len(frames) - 1 - stride * (count - 1)) + 1))
    chosen = [min(first + stride * k, len(frames) - 1) for k in range(count)]
    plates = {k: scene_plate(draft, frames[k]) for k in sorted(set(chosen))}
    return [plates[k] for k in chosen]


def _whole_plate(draft: Draft) -> Plate:
    rng, objects = draft.rng, draft.view.objects
    names = [name for name in objects if draft.may_join(name)] or list(objects)
    offers = [item for item in objects[pick_category(rng, objects, names)] if item.alone]
    if not offers:
        return studio_plate(rng)
    studio = draft.options.white_whole
    weights = [studio if item.method in CUT_OUT_METHODS else 1.0 for item in offers]
    return object_plate(draft, pick_weighted(rng, offers, weights))


def _collage_plate(draft: Draft) -> Plate:
    """Two pictures side by side or one above the other, so that no paste edge tells."""
    rng, size = draft.rng, draft.size
    axis = int(rng.random() < 0.7)
    cut = int(size * rng.uniform(0.35, 0.65))
    halves = []
    for length in (cut, size - cut):
        plate = _still_plate(draft) if rng.random() < 0.4 else _whole_plate(draft)
        shape = (length, size) if axis else (size, length)
        window = draw_window(rng, least=0.7, room=1.0)
        halves.append(plate.seen(window, size=shape, flip=bool(rng.random() < 0.5)))
    return Plate(
        pixels=np.concatenate([pixels for pixels, _ in halves], axis=axis),
        owners=np.concatenate([owners for _, owners in halves], axis=axis),
    )


def _still_plate(draft: Draft) -> Plate:
    rng, offers = draft.rng, draft.view.sequences
    names = [name for name in offers if draft.may_join(name)]
    if not names:
        return studio_plate(rng)
    sequence = pick(rng, offers[pick_category(rng, offers, names)])
    return scene_plate(draft, pick(rng, draft.view.scenes[sequence]))


def _empty_stage(draft: Draft) -> Plate:
    """A ground to paste on: mostly one without sounding things."""
    rng, o, view = draft.rng, draft.options, draft.view
    draw = rng.random() - o.plain_ground
    if draw < 0:
        return studio_plate(rng)
    if draw < o.labelled_ground:
        return _still_plate(draft)
    if not view.grounds:
        return studio_plate(rng)
    return bare_plate(draft, pick(rng, view.grounds))
