"""Fixed questions to a model: scenes with sounds chosen so that only hearing answers them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from avsseg.data.bank import BankView
from avsseg.data.casting import Kind
from avsseg.data.compose import compose_scene
from avsseg.data.kinds import confusable
from avsseg.data.masks import resize_nearest
from avsseg.data.options import SceneOptions, SoundOptions
from avsseg.data.scene import Cast, Scene
from avsseg.data.soundtrack import Soundtrack, compose_sound
from avsseg.errors import DataError
from avsseg.media.colour import resize_rgb

ProbeKind = Literal["one", "two", "two_of_three", "silence", "noise", "offscreen", "absent"]

PROBE_KINDS: tuple[ProbeKind, ...] = get_args(ProbeKind)


_OBJECTS: dict[ProbeKind, int] = {"one": 1, "two": 2, "two_of_three": 3}
_NEGATIVE: dict[ProbeKind, Kind] = {
    "silence": "none:silence",
    "noise": "none:noise",
    "offscreen": "none:offscreen",
    "absent": "none:absent",
}
PROBE_SCENES = SceneOptions(moving=0.0, panning=0.0, confusable=0.0)
PROBE_SOUNDS = SoundOptions(
    reverb=0.0,
    speed=0.0,
    equalise=0.0,
    rare_below=0,
    pause=0.0,
    gated=0.0,
    confusable=0.0,
    absent_pair=0.0,
)
MIN_AREA = 0.02
"""Least share of the frame of what is asked about."""
COMPOSED = 384
"""Side of the scenes in pixels: of the largest pictures that a network of ours looks at."""
_TRIES = 1000


@dataclass(frozen=True, kw_only=True)
class Probe:
    """One scene and the soundtracks to be asked about it.

    Attributes:
        tracks: for ``two`` one for each of the scene's two categories, in their order, so that
            sounds can be swapped; otherwise a single one.
    """

    kind: ProbeKind
    scene: Scene
    tracks: tuple[Soundtrack, ...]


def probe_scenes(
    view: BankView,
    *,
    seed: int,
    kind: ProbeKind,
    count: int,
    num_frames: int = 1,
    size: int = 224,
    options: SceneOptions = PROBE_SCENES,
) -> Iterator[Probe]:
    """Compose the fixed set of one kind: the same view and seed give the same probes.

    Scenes hold one, two or three categories of at least 2 % of the frame each and nothing else
    that could sound (negatives: one or two); objects and camera stand still. Two of three
    sounding sources are mixed. They are composed in one size and shown in ``size``, so that
    networks of all sizes are asked about the same scenes.

    Raises:
        DataError: the view's pictures cannot make such a scene.
    """
    for index in range(count):
        rng = np.random.default_rng((seed, PROBE_KINDS.index(kind), index))
        yield _draw_probe(view, rng, kind, num_frames, size, options)


def _draw_probe(
    view: BankView,
    rng: np.random.Generator,
    kind: ProbeKind,
    num_frames: int,
    size: int,
    options: SceneOptions,
) -> Probe:
    wanted = _OBJECTS.get(kind) or int(rng.integers(1, 3))
    for _ in range(_TRIES):
        # Whether a scene will do is told from one frame: nothing in it moves.
        scene = compose_scene(view, rng, options, num_frames=1, size=COMPOSED)
        if _suits(view, scene.cast, wanted):
            scene = held(shown(scene, size), num_frames)
            tracks = _draw_tracks(view, rng, scene.cast, kind)
            if kind in _OBJECTS or tracks[0].kind == _NEGATIVE[kind]:
                return Probe(kind=kind, scene=scene, tracks=tracks)
    raise DataError(
        f"{view.bank.root}: no scene with {wanted} sounding categories ({kind}) came about"
    )


def _suits(view: BankView, cast: Cast, wanted: int) -> bool:
    names = cast.categories
    alike = any(confusable(one, other) for one in names for other in names)
    heard = all(name in view.sounds for name in names)
    return len(names) == wanted and heard and not alike and bool((cast.areas >= MIN_AREA).all())


def shown(scene: Scene, size: int) -> Scene:
    """The still as a film of it is seen in pictures of another size."""
    if size == COMPOSED:
        return scene
    (picture,) = scene.frames
    masks = [resize_nearest(mask, (size, size)) for (mask,) in scene.masks]
    return replace(
        scene, frames=resize_rgb(picture, (size, size))[None], masks=np.stack(masks)[:, None]
    )


def held(scene: Scene, num_frames: int) -> Scene:
    """The still for so many seconds."""
    frames = np.repeat(scene.frames, num_frames, axis=0)
    return replace(scene, frames=frames, masks=np.repeat(scene.masks, num_frames, axis=1))


def _draw_tracks(
    view: BankView, rng: np.random.Generator, cast: Cast, kind: ProbeKind
) -> tuple[Soundtrack, ...]:
    if kind in _NEGATIVE:
        return (compose_sound(view, rng, cast, PROBE_SOUNDS, kind=_NEGATIVE[kind]),)
    names = cast.categories
    if kind == "two_of_three":
        chosen = [names[n] for n in rng.permutation(len(names))[:2]]
        return (draw_clear(view, rng, cast, chosen),)
    return tuple(draw_clear(view, rng, cast, [name]) for name in names)


def draw_clear(
    view: BankView, rng: np.random.Generator, cast: Cast, sources: list[str]
) -> Soundtrack:
    """A soundtrack in which every source is heard and every frame's truth is known."""
    options = replace(PROBE_SOUNDS, sequential=0.0)
    for _ in range(_TRIES):
        track = compose_sound(view, rng, cast, options, sources=sources)
        if not track.ignored.any() and track.sounding.any(axis=1).sum() == len(sources):
            return track
    raise DataError(f"{view.bank.root}: the sounds of {', '.join(sources)} are never clearly heard")
