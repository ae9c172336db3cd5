"""The sound-activity gate: sounds with known on and off times, and the laws of hysteresis."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avsseg.errors import UsageError
from avsseg.gate import GateSettings, SoundGate, loud_stretches, opening_level, parse_gate
from avsseg.media.sound import SoundProfile, measure_sound

LEVELS = st.lists(st.floats(-100, 0), min_size=1, max_size=80)


def profile_of(levels, first=0):
    """A film's loudness from levels of its hops; hops at -100 dBFS stay as they are."""
    values = np.asarray(levels, np.float32)
    powers = 10 ** (values.astype(float) / 10)
    seconds = np.convolve(powers, np.ones(10), "full") / 10
    return SoundProfile(
        hops=np.arange(first, first + len(values)),
        levels=values,
        loudest=float(10 * np.log10(seconds.max())),
        peak=1.0,
    )


def bursts(on, floor_db, burst_db, rng=None):
    """Levels of hops that are on or off, with half a decibel of unrest."""
    unrest = (rng or np.random.default_rng(0)).normal(0, 0.5, len(on))
    return np.where(on, burst_db, floor_db) + unrest


def middle(hop):
    return Fraction(2 * hop + 1, 20)


def test_bursts_over_a_noise_floor_open_the_gate_and_pauses_shut_it():
    """From 15 dB over the floor on, every burst is kept and every pause is emptied but its rims."""
    on = np.tile(np.repeat([False, True], [15, 10]), 8)
    for floor_db, burst_db in ((-60, -20), (-45, -15), (-35, -20)):
        gate = SoundGate(profile_of(bursts(on, floor_db, burst_db)))
        scores = np.array([gate.at(middle(hop)) for hop in range(len(on))])
        assert (scores[on] == 1).all()
        far = np.convolve(on, np.ones(7), "same") == 0
        assert far.sum() > 50 and (scores[far] == 0).all()


def test_a_single_short_burst_in_a_long_silence_is_found():
    """Half a second in a minute counts, however quiet the film is on the whole."""
    on = np.zeros(600, bool)
    on[300:305] = True
    gate = SoundGate(profile_of(bursts(on, -65, -18)))
    assert gate.stretches == ((Fraction(30), Fraction(61, 2)),)


@pytest.mark.parametrize("spread", [0.5, 2.0])
def test_a_steady_sound_never_shuts_the_gate(spread):
    """An engine has no pauses: its floor is its loudness."""
    levels = np.random.default_rng(1).normal(-20, spread, 300)
    gate = SoundGate(profile_of(levels))
    assert all(gate.at(middle(hop)) == 1 for hop in range(300))


def test_music_with_soft_passages_keeps_the_gate_open():
    """What is soft moves; a noise floor lies still."""
    hops = np.arange(600)
    levels = -22 + 8 * np.sin(hops / 40) - 5 * (hops % 5)
    gate = SoundGate(profile_of(levels))
    assert all(gate.at(middle(hop)) == 1 for hop in range(600))


def test_a_film_that_is_quiet_throughout_stays_shut():
    """At -50 dBFS there is nothing to show, whatever the shape of its loudness."""
    levels = np.random.default_rng(2).normal(-50, 4, 200)
    gate = SoundGate(profile_of(levels))
    gate.hear(Fraction(5), event=1.0, silence=0.0)
    assert gate.threshold_db == math.inf
    assert all(gate.at(middle(hop)) == 0 for hop in range(200))


def test_masks_enter_before_the_onset_and_fade_after_the_end():
    """The ramps are linear, of the lengths that were set."""
    on = np.zeros(100, bool)
    on[50:60] = True
    gate = SoundGate(profile_of(bursts(on, -60, -20)), GateSettings(attack=0.2, release=0.4))
    assert gate.at(Fraction(5) - Fraction(1, 10)) == pytest.approx(0.5)
    assert gate.at(Fraction(6) + Fraction(1, 10)) == pytest.approx(0.75)
    assert gate.at(Fraction(5) - Fraction(1, 5)) == gate.at(Fraction(6) + Fraction(2, 5)) == 0


def test_short_pauses_are_part_of_the_sound():
    """A breath between words does not make the mask flicker; a longer pause does."""
    on = np.zeros(100, bool)
    on[30:40] = on[44:50] = on[60:70] = True
    gate = SoundGate(profile_of(bursts(on, -60, -20)))
    assert gate.stretches == ((Fraction(3), Fraction(5)), (Fraction(6), Fraction(7)))


def test_a_pause_of_missing_samples_is_silent():
    """A gap in the track shuts the gate as silence does."""
    profile = profile_of([-20.0] * 40)
    hops = np.concatenate([np.arange(20), np.arange(20) + 40])
    gapped = SoundProfile(hops=hops, levels=profile.levels, loudest=-20.0, peak=1.0)
    gate = SoundGate(gapped)
    assert gate.at(Fraction(1)) == gate.at(Fraction(5)) == 1
    assert gate.at(Fraction(3)) == gate.at(Fraction(7)) == 0


def test_the_encoder_shuts_the_gate_where_it_is_sure_of_silence():
    """Its word counts half a second around, and less and less beyond."""
    gate = SoundGate(profile_of([-20.0] * 100))
    for second in range(1, 9):
        gate.hear(Fraction(second), event=0.0, silence=float(second == 4))
    assert [gate.at(Fraction(second)) for second in (3, 4, 5)] == [1, 0, 1]
    assert gate.at(Fraction(7, 2)) == pytest.approx(0.5)


def test_the_encoder_opens_the_gate_for_a_soft_sound_that_nothing_loud_explains():
    """Bird song under the margin is kept; the echo of a bark in the encoder's window is not."""
    on = np.zeros(200, bool)
    on[50:60] = True
    gate = SoundGate(profile_of(bursts(on, -50, -20)))
    gate.hear(Fraction(44, 10), event=0.0, silence=0.0)
    gate.hear(Fraction(64, 10), event=0.9, silence=0.0)
    gate.hear(Fraction(15), event=0.9, silence=0.0)
    assert gate.at(Fraction(65, 10)) == 0
    assert gate.at(Fraction(15)) == 1


def test_a_threshold_set_by_hand_is_not_overruled():
    """Neither by the film's own floor nor by the encoder."""
    gate = SoundGate(profile_of([-50.0] * 20 + [-30.0] * 20), GateSettings(threshold_db=-40))
    gate.hear(Fraction(3), event=0.0, silence=1.0)
    assert gate.at(Fraction(3)) == 1 and gate.at(Fraction(1)) == 0


@given(LEVELS, st.floats(-90, -5), st.floats(0, 1))
def test_hysteresis_keeps_all_that_reaches_the_threshold_and_nothing_below_its_lower_edge(
    levels, threshold, bridge
):
    """Loud hops lie inside a stretch; a stretch's rims are above the lower edge; gaps are longer
    than a bridge."""
    profile = profile_of(levels)
    stretches = loud_stretches(profile, threshold, bridge=bridge)
    values = profile.levels
    inside = np.zeros(len(values), bool)
    for start, end in stretches:
        inside[start:end] = True
        assert values[start] >= threshold - 4 and values[end - 1] >= threshold - 4
        assert (values[start:end] >= threshold).any()
    assert inside[values >= threshold].all()
    gaps = [after[0] - before[1] for before, after in pairwise(stretches)]
    assert all(gap > bridge * 10 for gap in gaps)


@given(LEVELS, st.floats(0, 30))
def test_the_gate_hears_the_same_film_louder_as_the_same(levels, gain):
    """Relative rules: a film played louder opens and shuts at the same times."""
    soft = np.asarray(levels, np.float32) * 0.4 - 30
    soft[0] = -31.0
    quiet, loud = profile_of(soft), profile_of(soft + np.float32(gain))
    quiet_gate = SoundGate(quiet)
    if quiet_gate.threshold_db < math.inf:
        assert opening_level(loud) == pytest.approx(quiet_gate.threshold_db + gain, abs=1e-3)


@given(LEVELS, st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=8))
def test_scores_stay_within_bounds(levels, told):
    """Whatever is told, a score is a share."""
    gate = SoundGate(profile_of(levels))
    for second, (event, silence) in enumerate(told):
        gate.hear(Fraction(second), event=event, silence=silence)
    assert all(0 <= gate.at(Fraction(tick, 7)) <= 1 for tick in range(-7, 70))


def test_gates_are_set_in_words():
    """auto, off, or a level in dBFS; anything else is said to be wrong in one line."""
    assert parse_gate("auto") == GateSettings()
    assert parse_gate(" OFF ") is None
    assert parse_gate("-45") == parse_gate("-45dB") == GateSettings(threshold_db=-45.0)
    for wrong in ("loud", "12", "-200", "nan", ""):
        with pytest.raises(UsageError, match="auto, off, or a level"):
            parse_gate(wrong)


def test_a_real_sound_track_opens_the_gate_at_its_bursts(make_film):
    """From file to score: tone bursts over a noise floor, at known times."""
    unrest = np.random.default_rng(3)

    def wave(seconds):
        on = (seconds % 2) >= 1
        return 0.2 * np.sin(2000 * seconds) * on + unrest.normal(0, 0.004, len(seconds))

    film = make_film(seconds=6, sounds=({"wave": wave},))
    gate = SoundGate(measure_sound(film))
    assert [round(gate.at(Fraction(n, 2)), 3) for n in (1, 3, 5, 7, 9, 11)] == [0, 1, 0, 1, 0, 1]
