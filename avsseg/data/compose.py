"""Composes scenes in which only the sound can tell what sounds."""

import numpy as np
from numpy.typing import NDArray

from avsseg.data.bank import BankScene, BankView
from avsseg.data.choice import pick
from avsseg.data.draft import Draft
from avsseg.data.finish import draw_look, finish
from avsseg.data.ground import draw_kind, draw_plates, draw_window
from avsseg.data.layers import draw_layers
from avsseg.data.motion import Window, camera_path, seen_through
from avsseg.data.options import SceneOptions
from avsseg.data.paste import paste
from avsseg.data.plate import Plate, scene_plate
from avsseg.data.scene import Scene

DEFAULT = SceneOptions()
_WHOLE = Window(left=0.0, top=0.0, width=1.0, height=1.0)


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

    Raises:
        DataError: a picture of the bank cannot be read.
    """
    draft = Draft(
        view=view,
        rng=rng,
        options=options,
        num_frames=num_frames,
        size=size,
        aspect=pick(rng, options.aspects),
    )
    kind = draw_kind(draft)
    plates = draw_plates(draft, kind)
    if kind == "pasted" or rng.random() < options.added:
        draw_layers(draft, kind)
    return _render(draft, plates, kind)


def photographed(view: BankView, still: BankScene, *, size: int = 224) -> Scene:
    """A natural picture as it is, squeezed to a square of ``size`` pixels.

    Raises:
        DataError: it cannot be read.
    """
    unused = np.random.default_rng(0)
    draft = Draft(view=view, rng=unused, options=DEFAULT, num_frames=1, size=size, aspect=1.0)
    pixels, owners = scene_plate(draft, still).seen(_WHOLE, size=(size, size), flip=False)
    return _scene(draft, pixels[None], owners[None], "natural")


def _render(draft: Draft, plates: list[Plate], kind: str) -> Scene:
    """Draw every frame, then give all of them one camera's look."""
    rng, o = draft.rng, draft.options
    panning = draft.num_frames > 1 and rng.random() < o.panning
    window = _draw_window(draft, plates[0], kind, room=0.85 if panning else 1.0)
    cameras = camera_path(window, rng, num_frames=draft.num_frames, panning=panning)
    flip, look = bool(rng.random() < 0.5), draw_look(rng, o)
    frames, owners = [], []
    for moment, (plate, camera) in enumerate(zip(plates, cameras, strict=True)):
        pixels, owner = _draw(draft, plate, (cameras[0], camera), moment, flip)
        frames.append(finish(pixels, look, rng))
        owners.append(owner)
    return _scene(draft, np.stack(frames), np.stack(owners), kind)


def _draw_window(draft: Draft, plate: Plate, kind: str, *, room: float) -> Window:
    """The best of a few crops: one that keeps what could sound in a natural picture."""
    least = max(draft.options.zoom, 0.0 if kind == "natural" else 0.75)
    crops = [draw_window(draft.rng, least=least, room=room) for _ in range(3)]
    return max(crops, key=lambda crop: np.count_nonzero(plate.owners[plate.part(crop)]))


def _draw(
    draft: Draft, plate: Plate, cameras: tuple[Window, Window], moment: int, flip: bool
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    start, now = cameras
    ground, owner = plate.seen(now, size=(draft.size, draft.size), flip=flip)
    frame, owner = ground.astype(np.float32), owner.copy()
    for layer in draft.layers:
        paste(frame, owner, layer, seen_through(layer.path[moment], start, now))
    return frame, owner


def _scene(draft: Draft, frames: NDArray[np.uint8], owners: NDArray[np.uint8], kind: str) -> Scene:
    names = [name for name in draft.names if (owners == draft.number(name)).any()]
    masks = [owners == draft.number(name) for name in names]
    return Scene(
        frames=frames,
        masks=np.stack(masks) if masks else np.zeros((0, *owners.shape), np.bool_),
        categories=tuple(names),
        uncertain=frozenset(draft.uncertain | set(draft.names)) - set(names),
        kind=kind,
    )
