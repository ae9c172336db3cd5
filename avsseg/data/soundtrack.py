"""Soundtracks for scenes: what is heard, and which of the things in view it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from avsseg.data.acoustics import Wave, decibels, window_levels, windows
from avsseg.data.bank import BankView
from avsseg.data.casting import Casting, Kind
from avsseg.data.excerpt import Excerpt
from avsseg.data.mixing import draw_floor, draw_rest, draw_voices
from avsseg.data.options import SoundOptions
from avsseg.data.scene import Cast, Scene

DEFAULT = SoundOptions()


@dataclass(frozen=True, kw_only=True)
class Soundtrack:
    """What is heard in T seconds of a scene, and from whom.

    Shapes:
        wave (T * 16000,) float32 in [-1, 1]; sounding (N, T) bool for the scene's categories;
        ignored (T,) bool; audible (M, T) int8 for the categories ``heard``: 1 heard, 0 silent,
        -1 where nobody can say.

    Attributes:
        ignored: frames in which a source is neither clearly heard nor clearly silent (a fading
            tail, a sound drowned by others); no truth can be told for them.
        kind: ``one``, ``several``, or ``none:`` and what is heard instead.
        heard: the categories played, in view or not.
    """

    wave: Wave
    sounding: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    kind: Kind
    heard: tuple[str, ...]
    audible: NDArray[np.int8]

    @property
    def waveform(self) -> Wave:
        """The sound of each frame: 0.975 s centred on the middle of its second.

        Shapes:
            (T, 15600).
        """
        return windows(self.wave)


def compose_sound(
    view: BankView,
    rng: np.random.Generator,
    scene: Scene | Cast,
    options: SoundOptions = DEFAULT,
    *,
    kind: Kind | None = None,
    sources: Sequence[str] | None = None,
) -> Soundtrack:
    """Draw a soundtrack of one second per frame for a scene.

    ``kind`` asks for one kind (where the scene cannot serve it, another is drawn); ``sources``
    makes exactly these categories of the scene sound.

    Raises:
        DataError: a recording of the bank cannot be decoded.
    """
    casting = Casting(view, rng, scene.cast if isinstance(scene, Scene) else scene, options)
    if sources is None:
        kind = casting.draw_kind(kind)
        return _mix(casting, kind, casting.draw_voices(kind))
    return _mix(casting, "one" if len(sources) == 1 else "several", tuple(sources))


def _mix(casting: Casting, kind: Kind, heard: tuple[str, ...]) -> Soundtrack:
    voices = draw_voices(casting, kind, heard)
    rest = draw_rest(casting, kind, voices)
    gain = decibels(casting.rng.uniform(*casting.options.gain_db))
    rest = rest * np.float32(gain) + draw_floor(casting)
    voices = [Excerpt(wave=v.wave * np.float32(gain), loud=v.loud * gain) for v in voices]
    audible = _tell_audible(casting.options, voices, rest)
    sounding, ignored = _tell_truth(casting.cast, dict(zip(heard, audible, strict=True)))
    return Soundtrack(
        wave=np.clip(rest + sum(voice.wave for voice in voices), -1, 1),
        sounding=sounding,
        ignored=ignored,
        kind=kind,
        heard=heard,
        audible=audible,
    )


def _tell_audible(options: SoundOptions, voices: list[Excerpt], rest: Wave) -> NDArray[np.int8]:
    """In which frames each voice is heard (1), silent (0), or either for all one can say (-1)."""
    levels = [window_levels(voice.wave) for voice in voices]
    behind = window_levels(rest)
    audible = np.zeros((len(voices), len(behind)), np.int8)
    for number, voice in enumerate(voices):
        others = [level for place, level in enumerate(levels) if place != number]
        mix = np.sqrt(np.square([behind, *others]).sum(axis=0))
        level = levels[number]
        on = level >= decibels(options.sounding_db) * voice.loud
        fading = ~on & (level > decibels(options.silent_db) * voice.loud)
        drowned = on & (level < decibels(options.masked_db) * mix)
        audible[number] = np.where(fading | drowned, -1, on)
    return audible


def _tell_truth(
    cast: Cast, audible: dict[str, NDArray[np.int8]]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """In which frames each category in view is heard, and in which nobody can say."""
    sounding = np.zeros((len(cast.categories), cast.num_frames), np.bool_)
    ignored = np.zeros(cast.num_frames, np.bool_)
    for number, name in enumerate(cast.categories):
        if name in audible:
            sounding[number] = audible[name] == 1
            ignored |= audible[name] == -1
    return sounding, ignored
