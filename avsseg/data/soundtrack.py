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
        ignored (T,) bool.

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
    sounding, ignored = _tell_truth(casting, dict(zip(heard, voices, strict=True)), rest)
    return Soundtrack(
        wave=np.clip(rest + sum(voice.wave for voice in voices), -1, 1),
        sounding=sounding,
        ignored=ignored,
        kind=kind,
        heard=heard,
    )


def _tell_truth(
    casting: Casting, voices: dict[str, Excerpt], rest: Wave
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """In which frames each category in view is heard, and in which nobody can say."""
    o, names = casting.options, casting.cast.categories
    sounding = np.zeros((len(names), casting.cast.num_frames), np.bool_)
    ignored = np.zeros(casting.cast.num_frames, np.bool_)
    levels = {name: window_levels(voice.wave) for name, voice in voices.items()}
    behind = window_levels(rest)
    for name in voices.keys() & set(names):
        level, loud = levels[name], voices[name].loud
        others = [found for other, found in levels.items() if other != name]
        mix = np.sqrt(np.square([behind, *others]).sum(axis=0))
        on = level >= decibels(o.sounding_db) * loud
        drowned = level < decibels(o.masked_db) * mix
        ignored |= (~on & (level > decibels(o.silent_db) * loud)) | (on & drowned)
        sounding[names.index(name)] = on
    return sounding, ignored
