"""What is pasted into a scene: objects, groups, players with instruments, silent decoys."""

from collections.abc import Sequence

import numpy as np

from avsseg.data.choice import pick, pick_category, pick_weighted
from avsseg.data.cutouts import CutOut, Source, cut_out, find_sources
from avsseg.data.draft import Draft
from avsseg.data.kinds import INSTRUMENTS
from avsseg.data.lean import lean
from avsseg.data.motion import Pose, object_path
from avsseg.data.paste import Layer
from avsseg.data.placing import Spot, draw_area, place


def draw_layers(draft: Draft, kind: str) -> None:
    """Add what a scene of ``kind`` gets pasted, back to front in random order."""
    o, rng = draft.options, draft.rng
    if kind == "pasted":
        count = pick_weighted(rng, range(len(o.num_objects)), o.num_objects)
    else:
        count = int(rng.integers(1, 3))
    for _ in range(count):
        _add_category(draft, count)
    if rng.random() < o.decoys:
        for _ in range(int(rng.integers(1, 3))):
            _add_decoy(draft)
    order = rng.permutation(len(draft.layers))
    draft.layers[:] = [draft.layers[place] for place in order]
    if kind == "pasted" and rng.random() < o.player:
        _add_player(draft)


def _add_category(draft: Draft, count: int) -> None:
    """One category that is not there yet, as one object or a group."""
    rng, o = draft.rng, draft.options
    offers = find_sources(draft.view).by_category
    names = [name for name in offers if offers[name] and draft.may_join(name)]
    if not names:
        return
    name, area = pick_category(rng, offers, names), draw_area(draft, count)
    if rng.random() >= o.group:
        _add_object(draft, name, area, None)
        return
    members = int(rng.integers(o.group_sizes[0], o.group_sizes[1] + 1))
    centre, spread = rng.uniform(0.25, 0.75, 2), 0.12 + 0.5 * np.sqrt(area)
    for _ in range(members):
        x, y = np.clip(rng.normal(centre, spread), 0.05, 0.95)
        own = area / members**0.8 * rng.uniform(0.6, 1.5)
        _add_object(draft, name, own, (float(x), float(y)))


def _add_object(draft: Draft, name: str, area: float, near: Spot | None) -> Pose | None:
    piece = _draw_piece(draft, find_sources(draft.view).by_category[name])
    if piece is None:
        return None
    pose = place(draft, piece, area, near)
    _add_layer(draft, piece, draft.number(name), pose)
    return pose


def _draw_piece(draft: Draft, offers: Sequence[tuple[Source, ...]]) -> CutOut | None:
    spread = draft.options.lean
    piece = cut_out(draft.view, pick(draft.rng, pick(draft.rng, offers)))
    return lean(piece, draft.rng, spread) if piece and spread else piece


def _add_player(draft: Draft) -> None:
    """A person with an instrument before the chest; a soundtrack may play either alone."""
    rng, offers = draft.rng, find_sources(draft.view).by_category
    names = [n for n in offers if n in INSTRUMENTS and offers[n] and draft.may_join(n)]
    if not names or not offers.get("person"):
        return
    person = _add_object(draft, "person", float(rng.uniform(0.08, 0.5)), None)
    if person is None:
        return
    x = person.x + rng.normal(0, 0.2) * person.width
    y = person.y + rng.uniform(-0.05, 0.35) * person.height
    area = person.width * person.height * rng.uniform(0.12, 0.5)
    _add_object(draft, pick_category(rng, offers, names), area, (float(x), float(y)))


def _add_decoy(draft: Draft) -> None:
    """A thing that makes no sound, or a patch of some ground in the outline of an object."""
    silent = find_sources(draft.view).silent
    use_thing = draft.rng.random() < 0.6 and silent
    piece = _draw_piece(draft, silent) if use_thing else _patch(draft)
    if piece is not None:
        _add_layer(draft, piece, 0, place(draft, piece, draw_area(draft, 2), None))


def _patch(draft: Draft) -> CutOut | None:
    rng, view = draft.rng, draft.view
    offers = find_sources(view).by_category
    outline = _draw_piece(draft, offers[pick(rng, [name for name in offers if offers[name]])])
    if outline is None or not view.grounds:
        return None
    pixels = view.bank.picture(pick(rng, view.grounds))[0]
    height = min(outline.mask.shape[0], pixels.shape[0])
    width = min(outline.mask.shape[1], pixels.shape[1])
    top = int(rng.integers(pixels.shape[0] - height + 1))
    left = int(rng.integers(pixels.shape[1] - width + 1))
    part = pixels[top : top + height, left : left + width]
    return CutOut(pixels=part, mask=outline.mask[:height, :width])


def _add_layer(draft: Draft, piece: CutOut, label: int, pose: Pose) -> None:
    rng, o = draft.rng, draft.options
    moving = draft.num_frames > 1 and rng.random() < o.moving
    red, green, blue = rng.uniform(0.8, 1.2) * rng.uniform(0.95, 1.05, 3)
    layer = Layer(
        cutout=piece,
        label=label,
        path=object_path(pose, rng, num_frames=draft.num_frames, moving=moving),
        flip=bool(rng.random() < 0.5),
        feather=float(rng.uniform(*o.feather)),
        inward=bool(rng.random() < 0.75),
        tint=(float(red), float(green), float(blue)),
    )
    draft.layers.append(layer)
