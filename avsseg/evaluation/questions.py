"""Probe scenes as questions to a network: fixed by their seed, answered by hearing alone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from avsseg.data.bank import BankView
from avsseg.data.photographs import photographs
from avsseg.data.probes import PROBE_SOUNDS, Probe, ProbeKind, probe_scenes
from avsseg.data.scene import Scene, target
from avsseg.data.soundtrack import Soundtrack, compose_sound
from avsseg.errors import DataError
from avsseg.evaluation.family_a import Bools

Topic = ProbeKind | Literal["onsets", "photographs"]
"""A kind of probe; ``onsets``: one object whose sound starts or stops inside the clip; or
``photographs``: pictures as they are, one thing in view sounds."""

POSITIVE: tuple[Topic, ...] = ("one", "two", "two_of_three", "onsets", "photographs")
NEGATIVE: tuple[Topic, ...] = ("silence", "noise", "offscreen", "absent")

_ONSETS = 99
_TRIES = 200


@dataclass(frozen=True, kw_only=True)
class Question:
    """One scene with one of its soundtracks.

    Shapes:
        frames (T, H, W, 3) uint8; waveform (T, 15600); truth, everything (T, H, W) bool: what
        sounds, and all objects that could; others: for ``two`` the silent object.
    """

    name: str
    topic: Topic
    heard: tuple[str, ...]
    frames: NDArray[np.uint8]
    waveform: NDArray[np.float32]
    truth: Bools
    everything: Bools
    others: Bools


def topics(num_frames: int) -> tuple[Topic, ...]:
    """What can be asked with scenes of so many frames."""
    kinds: tuple[Topic, ...] = get_args(ProbeKind)
    return (*kinds, "onsets", "photographs") if num_frames > 1 else (*kinds, "photographs")


def questions(
    view: BankView, topic: Topic, *, seed: int, count: int, num_frames: int, size: int
) -> Iterator[tuple[Question, ...]]:
    """The questions about each scene of a topic, one for each of its soundtracks.

    Raises:
        DataError: the bank cannot make such a scene.
    """
    if topic == "photographs":
        asked = photographs(view, seed=seed, count=count, num_frames=num_frames, size=size)
        for number, (scene, track) in enumerate(asked):
            yield (_question(f"{topic}/{number:04d}/0", topic, scene, track),)
        return
    kind: ProbeKind = "one" if topic == "onsets" else topic
    scenes = probe_scenes(view, seed=seed, kind=kind, count=count, num_frames=num_frames, size=size)
    missed = 0
    for number, probe in enumerate(scenes):
        tracks: tuple[Soundtrack, ...] = probe.tracks
        if topic == "onsets":
            found = _interrupted(view, probe, np.random.default_rng((seed, _ONSETS, number)))
            missed += found is None
            tracks = () if found is None else (found,)
        if tracks:
            yield tuple(
                _question(f"{topic}/{number:04d}/{n}", topic, probe.scene, track)
                for n, track in enumerate(tracks)
            )
    if missed == count:
        raise DataError(f"{view.bank.root}: no sound of its scenes starts or stops clearly")


def _interrupted(view: BankView, probe: Probe, rng: np.random.Generator) -> Soundtrack | None:
    """A soundtrack that is on in some frames and off in others, every frame's truth known.

    None where the recordings of its category allow none.
    """
    cast, options = probe.scene.cast, replace(PROBE_SOUNDS, gated=1.0)
    for _ in range(_TRIES):
        track = compose_sound(view, rng, cast, options, sources=cast.categories)
        on = track.sounding.any(axis=0)
        if not track.ignored.any() and on.any() and not on.all():
            return track
    return None


def _question(name: str, topic: Topic, scene: Scene, track: Soundtrack) -> Question:
    truth = target(scene.masks, track.sounding)
    everything = np.asarray(scene.masks.any(axis=0))
    return Question(
        name=name,
        topic=topic,
        heard=track.heard,
        frames=scene.frames,
        waveform=np.ascontiguousarray(track.waveform),
        truth=truth,
        everything=everything,
        others=everything & ~truth,
    )
