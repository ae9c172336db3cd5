"""Soundtracks for scenes: what is heard, and which of the things in view it comes from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from avsseg.data.acoustics import RATE, Wave, coloured_noise, decibels, gate, window_levels, windows
from avsseg.data.bank import BankSound, BankView
from avsseg.data.choice import pick, pick_category, pick_weighted
from avsseg.data.excerpt import Excerpt, draw_excerpt
from avsseg.data.kinds import INSTRUMENTS, SUB_IMPORTANCE, confusable, same_family
from avsseg.data.options import SoundOptions
from avsseg.data.scene import Cast, Scene

Kind = Literal[
    "one", "several", "none:silence", "none:noise", "none:offscreen", "none:music", "none:absent"
]

DEFAULT = SoundOptions()
_LEVEL = decibels(-22.0)


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
    cast = scene.cast if isinstance(scene, Scene) else scene
    mixer = _Mixer(view, rng, cast, options)
    if sources is not None:
        return mixer.play("one" if len(sources) == 1 else "several", tuple(sources))
    kind = mixer.draw_kind(kind)
    return mixer.play(kind, mixer.draw_heard(kind))


class _Mixer:
    """The draws of one soundtrack, made in a fixed order."""

    def __init__(
        self, view: BankView, rng: np.random.Generator, cast: Cast, options: SoundOptions
    ) -> None:
        self.view, self.rng, self.cast, self.options = view, rng, cast, options
        self.seconds = cast.num_frames
        self.length = cast.num_frames * RATE

        self.audible = self._audible()
        self.absent = self._absent()

    def draw_kind(self, kind: Kind | None) -> Kind:
        """A kind that the scene can serve."""
        o, able = self.options, len(self.audible)
        if kind is None:
            chances = (o.one, o.several, max(0.0, 1 - o.one - o.several))
            drawn = pick_weighted(self.rng, ("one", "several", "none"), chances)
        else:
            drawn = kind.partition(":")[0]
        if drawn == "several" and able >= 2:
            return "several"
        if drawn != "none" and able:
            return "one"
        return kind if kind and kind.startswith("none:") else self._draw_negative()

    def _draw_negative(self) -> Kind:
        o, view = self.options, self.view
        kinds: tuple[Kind, ...] = (
            "none:silence",
            "none:noise",
            "none:offscreen",
            "none:music",
            "none:absent",
        )
        music = len(self._musical()) >= 2
        weights = (
            o.silence,
            o.noise,
            o.offscreen * bool(view.offscreen),
            o.music * music,
            o.absent * bool(self.absent),
        )
        return pick_weighted(self.rng, kinds, weights)

    def draw_heard(self, kind: Kind) -> tuple[str, ...]:
        """The categories to play for a kind."""
        rng = self.rng
        if kind == "one":
            return (pick(rng, self.audible),)
        if kind == "several":
            names = self.audible
            count = 2 if len(names) == 2 or rng.random() < 0.8 else 3
            return tuple(names[n] for n in rng.permutation(len(names))[:count])
        if kind == "none:music":
            names = self._musical()
            return tuple(names[n] for n in rng.permutation(len(names))[: rng.integers(2, 4)])
        return (self._draw_absent(),) if kind == "none:absent" else ()

    def play(self, kind: Kind, heard: tuple[str, ...]) -> Soundtrack:
        """Mix what is heard, then note in which frames each category in view is heard."""
        excerpts = self._excerpts(kind, heard)
        rest = self._rest(kind, excerpts)
        gain = decibels(self.rng.uniform(*self.options.gain_db))
        wave = rest + sum((e.wave for e in excerpts), np.zeros(self.length, np.float32))
        sounding, ignored = self._truth(heard, excerpts, rest)
        return Soundtrack(
            wave=np.clip(wave * np.float32(gain), -1, 1) + self._floor(kind),
            sounding=sounding,
            ignored=ignored,
            kind=kind,
            heard=heard,
        )

    # Who may sound

    def _audible(self) -> list[str]:
        """Categories in view that are large enough, have sounds and nothing alike beside them."""
        large = self.cast.areas >= self.options.min_area
        names = [n for n, able in zip(self.cast.categories, large, strict=True) if able]
        names = [name for name in names if name in self.view.sounds]
        lenient = self.rng.random() < self.options.confusable
        clear = [n for n in names if not any(confusable(n, o) for o in self.cast.categories)]
        return names if lenient else clear

    def _absent(self) -> list[str]:
        """Categories with sounds that are surely not in view, nor anything like them."""
        seen = {*self.cast.categories, *self.cast.uncertain}
        names = [name for name in self.view.sounds if name not in seen]
        return [name for name in names if not any(confusable(name, o) for o in seen)]

    def _musical(self) -> list[str]:
        return [name for name in self.absent if name in INSTRUMENTS]

    def _draw_absent(self) -> str:
        rng, names = self.rng, self.absent
        hard = [n for n in names if any(same_family(n, o) for o in self.cast.categories)]
        offers = hard if hard and rng.random() < self.options.hard_absent else names
        return pick_category(rng, self.view.sounds, offers)

    # What is heard

    def _excerpts(self, kind: Kind, heard: tuple[str, ...]) -> list[Excerpt]:
        spans = self._spans(kind, len(heard))
        excerpts = []
        for place, name in enumerate(heard):
            excerpt = self._excerpt(self._recording(name), name)
            level = decibels(-self.rng.uniform(*self.options.mix_db)) if place else 1.0
            opened = gate(self.length, spans[place]) if spans[place] else np.float32(1)
            wave = excerpt.wave * opened * np.float32(level)
            excerpts.append(Excerpt(wave=wave, loud=excerpt.loud * level))
        return excerpts

    def _recording(self, name: str) -> BankSound:
        by_sub: dict[str, list[BankSound]] = {}
        for sound in self.view.sounds[name]:
            by_sub.setdefault(sound.sub, []).append(sound)
        subs = sorted(by_sub)
        weights = [np.sqrt(len(by_sub[sub])) * SUB_IMPORTANCE.get(sub, 1.0) for sub in subs]
        return pick(self.rng, by_sub[pick_weighted(self.rng, subs, weights)])

    def _excerpt(self, sound: BankSound, name: str) -> Excerpt:
        rare = len(self.view.sounds.get(name, ())) < self.options.rare_below
        seconds = self.seconds
        return draw_excerpt(
            self.view, self.rng, sound, self.options, seconds=seconds, rare=rare and bool(name)
        )

    def _spans(self, kind: Kind, count: int) -> list[list[tuple[float, float]]]:
        """When each source is on, in seconds; an empty list means always."""
        rng, end = self.rng, float(self.seconds)
        if self.seconds < 2:
            return [[] for _ in range(count)]
        if kind == "several" and rng.random() < self.options.sequential:
            inner = np.sort(rng.uniform(0.5, end - 0.5, count - 1))
            cuts = [0.0, *(float(cut) for cut in inner), end]
            return [[(cuts[n], cuts[n + 1])] for n in range(count)]
        return [self._own_spans() for _ in range(count)]

    def _own_spans(self) -> list[tuple[float, float]]:
        rng, end = self.rng, float(self.seconds)
        if rng.random() >= self.options.gated:
            return []
        length = rng.uniform(0.25, 0.9) * end
        start = rng.uniform(-0.3 * end, end - 0.3 * length)
        spans = [(float(start), float(start + length))]
        if rng.random() < 0.3:
            again = start + length + rng.uniform(0.5, 1.5)
            spans.append((float(again), float(again + rng.uniform(0.5, 2.0))))
        return [(max(0.0, a), min(end, b)) for a, b in spans if b > 0.1 and a < end - 0.1]

    def _rest(self, kind: Kind, excerpts: list[Excerpt]) -> Wave:
        """What is heard besides the sources: the negative itself, or noise behind them."""
        rng, o = self.rng, self.options
        if kind == "none:noise":
            return self._noise(self.view.noise)
        if kind == "none:offscreen" and self.view.offscreen:
            return self._noise(self.view.offscreen)
        if excerpts and rng.random() < o.background:
            level = decibels(-rng.uniform(*o.background_db)) * excerpts[0].loud / _LEVEL
            return self._noise(self.view.noise) * np.float32(level)
        return np.zeros(self.length, np.float32)

    def _noise(self, sounds: tuple[BankSound, ...]) -> Wave:
        if not sounds or (sounds is self.view.noise and self.rng.random() < 0.2):
            return coloured_noise(self.rng, self.length) * np.float32(_LEVEL)
        return self._excerpt(self._noise_sound(sounds), "").wave

    def _noise_sound(self, sounds: tuple[BankSound, ...]) -> BankSound:
        subs = sorted({sound.sub for sound in sounds})
        counts = [sum(sound.sub == sub for sound in sounds) for sub in subs]
        sub = pick_weighted(self.rng, subs, np.sqrt(counts).tolist())
        return pick(self.rng, [sound for sound in sounds if sound.sub == sub])

    def _floor(self, kind: Kind) -> Wave | np.float32:
        """A faint noise floor; without one, silence is digital zero."""
        if self.rng.random() >= self.options.floor:
            return np.float32(0)
        level = decibels(self.rng.uniform(*self.options.floor_db))
        return coloured_noise(self.rng, self.length) * np.float32(level)

    # What is true

    def _truth(
        self, heard: tuple[str, ...], excerpts: list[Excerpt], rest: Wave
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        o, names = self.options, self.cast.categories
        sounding = np.zeros((len(names), self.seconds), np.bool_)
        ignored = np.zeros(self.seconds, np.bool_)
        levels = [window_levels(excerpt.wave) for excerpt in excerpts]
        behind = window_levels(rest)
        for place, name in enumerate(heard):
            if name not in names:
                continue
            others = [level for n, level in enumerate(levels) if n != place]
            mix = np.sqrt(np.square(np.stack([behind, *others])).sum(axis=0))
            level, loud = levels[place], excerpts[place].loud
            on = level >= decibels(o.sounding_db) * loud
            drowned = level < decibels(o.masked_db) * mix
            ignored |= (~on & (level > decibels(o.silent_db) * loud)) | (on & drowned)
            sounding[names.index(name)] |= on
        return sounding, ignored
