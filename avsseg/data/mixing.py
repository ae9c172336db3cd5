"""What is heard: recordings cut, placed in time and levelled, and the noises behind them."""

import numpy as np

from avsseg.data.acoustics import RATE, Wave, coloured_noise, decibels, gate
from avsseg.data.bank import BankSound
from avsseg.data.casting import Casting, Kind
from avsseg.data.choice import pick, pick_weighted
from avsseg.data.excerpt import Excerpt, draw_excerpt
from avsseg.data.kinds import SUB_IMPORTANCE

Span = tuple[float, float]

USUAL_LEVEL = decibels(-22.0)
"""Level of the loudest second of a recording."""

_SYNTHETIC_NOISE = 0.2


def draw_voices(casting: Casting, kind: Kind, names: tuple[str, ...]) -> list[Excerpt]:
    """One excerpt for each voice, the later ones softer or louder than the first."""
    rng, o = casting.rng, casting.options
    length = casting.cast.num_frames * RATE
    spans = _draw_spans(casting, kind, len(names))
    voices = []
    for place, name in enumerate(names):
        excerpt = _draw_excerpt(casting, _draw_recording(casting, name), name)
        level = decibels(-rng.uniform(*o.mix_db)) if place else 1.0
        opened = gate(length, spans[place]) if spans[place] else np.float32(1)
        wave = excerpt.wave * opened * np.float32(level)
        voices.append(Excerpt(wave=wave, loud=excerpt.loud * level))
    return voices


def draw_rest(casting: Casting, kind: Kind, voices: list[Excerpt]) -> Wave:
    """What is heard besides the voices: the negative itself, or a background.

    Shapes:
        (T * 16000,)
    """
    rng, o, view = casting.rng, casting.options, casting.view
    if kind == "none:noise":
        return _draw_noise(casting, view.noise)
    if kind == "none:offscreen":
        return _draw_noise(casting, view.offscreen)
    if voices and rng.random() < o.background:
        level = decibels(-rng.uniform(*o.background_db)) * voices[0].loud / USUAL_LEVEL
        return _draw_background(casting) * np.float32(level)
    return np.zeros(casting.cast.num_frames * RATE, np.float32)


def draw_floor(casting: Casting) -> Wave:
    """A faint noise floor or none; without one, silence is digital zero.

    Shapes:
        (T * 16000,)
    """
    rng, o = casting.rng, casting.options
    length = casting.cast.num_frames * RATE
    if rng.random() >= o.floor:
        return np.zeros(length, np.float32)
    return coloured_noise(rng, length) * np.float32(decibels(rng.uniform(*o.floor_db)))


def _draw_background(casting: Casting) -> Wave:
    if casting.absent and casting.rng.random() < casting.options.background_absent:
        name = casting.draw_absent()
        return _draw_excerpt(casting, _draw_recording(casting, name), name).wave
    return _draw_noise(casting, casting.view.noise)


def _draw_noise(casting: Casting, sounds: tuple[BankSound, ...]) -> Wave:
    """A recording without a source in view, now and then coloured noise instead."""
    rng = casting.rng
    synthetic = sounds is casting.view.noise and rng.random() < _SYNTHETIC_NOISE
    if synthetic or not sounds:
        noise = coloured_noise(rng, casting.cast.num_frames * RATE)
        return noise * np.float32(USUAL_LEVEL)
    return _draw_excerpt(casting, _pick_by_sub(rng, sounds), "").wave


def _draw_recording(casting: Casting, name: str) -> BankSound:
    return _pick_by_sub(casting.rng, casting.view.sounds[name])


def _pick_by_sub(rng: np.random.Generator, sounds: tuple[BankSound, ...]) -> BankSound:
    """Draw a sub-kind by the root of its count and importance, then one of its recordings."""
    by_sub: dict[str, list[BankSound]] = {}
    for sound in sounds:
        by_sub.setdefault(sound.sub, []).append(sound)
    weights = [len(found) ** 0.5 * SUB_IMPORTANCE.get(sub, 1.0) for sub, found in by_sub.items()]
    return pick(rng, pick_weighted(rng, list(by_sub.values()), weights))


def _draw_excerpt(casting: Casting, sound: BankSound, name: str) -> Excerpt:
    known = casting.view.sounds.get(name)
    return draw_excerpt(
        casting.view,
        casting.rng,
        sound,
        casting.options,
        seconds=casting.cast.num_frames,
        rare=known is not None and len(known) < casting.options.rare_below,
    )


def _draw_spans(casting: Casting, kind: Kind, count: int) -> list[list[Span]]:
    """When each voice is on, in seconds; an empty list means always."""
    rng, end = casting.rng, float(casting.cast.num_frames)
    if end < 2:
        return [[] for _ in range(count)]
    if kind == "several" and rng.random() < casting.options.sequential:
        inner = np.sort(rng.uniform(0.5, end - 0.5, count - 1))
        cuts = [0.0, *(float(cut) for cut in inner), end]
        return [[(cuts[n], cuts[n + 1])] for n in range(count)]
    return [_draw_own_spans(rng, end, casting.options.gated) for _ in range(count)]


def _draw_own_spans(rng: np.random.Generator, end: float, gated: float) -> list[Span]:
    """One stretch, sometimes with a second one after a pause."""
    if rng.random() >= gated:
        return []
    length = rng.uniform(0.25, 0.9) * end
    start = rng.uniform(-0.3 * end, end - 0.3 * length)
    spans = [(float(start), float(start + length))]
    if rng.random() < 0.3:
        again = start + length + rng.uniform(0.5, 1.5)
        spans.append((float(again), float(again + rng.uniform(0.5, 2.0))))
    return [(max(0.0, a), min(end, b)) for a, b in spans if b > 0.1 and a < end - 0.1]
