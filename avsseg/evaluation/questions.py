"""Probe scenes as questions to a network: fixed by their seed, answered by hearing alone."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from avsseg.data.bank import BankView
from avsseg.data.options import SoundOptions
from avsseg.data.photographs import photographs
from avsseg.data.probes import PROBE_SOUNDS, Probe, ProbeKind, probe_scenes
from avsseg.data.scene import Scene, target
from avsseg.data.soundtrack import Soundtrack, compose_sound
from avsseg.errors import DataError
from avsseg.evaluation.family_a import Bools

Topic = ProbeKind | Literal["onsets", "photographs", "turns"]
"""A kind of probe; ``onsets``: one object whose sound starts or stops inside the clip; ``turns``:
two objects heard one after the other inside the clip; or ``photographs``: pictures as they are,
one thing in view sounds."""

POSITIVE: tuple[Topic, ...] = ("one", "two", "two_of_three", "onsets", "photographs", "turns")
NEGATIVE: tuple[Topic, ...] = ("silence", "noise", "offscreen", "absent")

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
    still: tuple[Topic, ...] = (*kinds, "photographs")
    return still if num_frames == 1 else (*kinds, "onsets", "photographs", "turns")


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
    change = _CHANGES.get(topic)
    kind = change.of if change else cast(ProbeKind, topic)
    scenes = probe_scenes(view, seed=seed, kind=kind, count=count, num_frames=num_frames, size=size)
    missed = 0
    for number, probe in enumerate(scenes):
        tracks: tuple[Soundtrack, ...] = probe.tracks
        if change:
            found = change.track(view, probe, seed, number)
            missed += found is None
            tracks = () if found is None else (found,)
        if tracks:
            yield tuple(
                _question(f"{topic}/{number:04d}/{n}", topic, probe.scene, track)
                for n, track in enumerate(tracks)
            )
    if missed == count:
        raise DataError(f"{view.bank.root}: no sound of its scenes starts or stops clearly")


@dataclass(frozen=True, kw_only=True)
class _Change:
    """How what is heard changes inside a clip.

    Attributes:
        of: the scenes that are heard so.
        key: parts the draws of one change from another's.
        options: how soundtracks are drawn.
        told: whether the frames (N, T) in which each of the scene's categories sounds will do.
    """

    of: ProbeKind
    key: int
    options: SoundOptions
    told: Callable[[Bools], bool]

    def track(self, view: BankView, probe: Probe, seed: int, number: int) -> Soundtrack | None:
        """A soundtrack that will do, every frame's truth known; of two, each begins in turn.

        None where the recordings of the scene's categories allow none.
        """
        rng, scene = np.random.default_rng((seed, self.key, number)), probe.scene.cast
        heard = scene.categories[:: -1 if number % 2 else 1]
        for _ in range(_TRIES):
            track = compose_sound(view, rng, scene, self.options, sources=heard)
            if not track.ignored.any() and self.told(track.sounding):
                return track
        return None


def _on_and_off(sounding: Bools) -> bool:
    on = sounding.any(axis=0)
    return bool(on.any() and not on.all())


def _each_alone(sounding: Bools) -> bool:
    alone = sounding & (sounding.sum(axis=0) == 1)
    return bool(alone.any(axis=1).all())


_CHANGES: dict[Topic, _Change] = {
    "onsets": _Change(of="one", key=99, options=replace(PROBE_SOUNDS, gated=1.0), told=_on_and_off),
    "turns": _Change(
        of="two", key=98, options=replace(PROBE_SOUNDS, sequential=1.0), told=_each_alone
    ),
}


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
