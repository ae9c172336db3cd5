"""Laws of sound by absolute time, for whatever pieces it comes in."""

from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from avsseg.media.sound import MonoResampler, SoundBuffer
from avsseg.media.spectrogram import SpectrogramMeter

PIECES = st.lists(st.tuples(st.integers(-50, 200), st.integers(0, 30)), max_size=8)
WINDOWS = st.tuples(st.integers(-80, 260), st.integers(1, 60))


def written(pieces):
    """A buffer with these pieces, and what it must hold: the first to come to a place stays."""
    buffer, truth = SoundBuffer(), {}
    for number, (first, count) in enumerate(pieces):
        samples = (np.arange(count) + 1000 * (number + 1)).astype(np.float32)
        end = max(truth, default=first - 1) + 1
        truth |= {first + i: samples[i] for i in range(count) if first + i >= end}
        buffer.write(first, samples)
    return buffer, truth


@given(PIECES, WINDOWS)
def test_a_window_is_what_was_written_there_and_silence_elsewhere(pieces, window):
    """Whatever overlaps, comes late or leaves gaps."""
    buffer, truth = written(pieces)
    first, count = window

    assert buffer.window(first, count).tolist() == [
        truth.get(n, 0.0) for n in range(first, first + count)
    ]
    assert buffer.num_samples == len(truth)


@given(PIECES, WINDOWS, st.integers(-100, 300))
def test_forgetting_changes_no_window_behind_it(pieces, window, before):
    """And a forgotten buffer is never larger."""
    buffer, truth = written(pieces)
    first, count = max(window[0], before), window[1]
    expected = buffer.window(first, count)
    buffer.forget(before)

    np.testing.assert_array_equal(buffer.window(first, count), expected)
    assert buffer.num_samples <= len(truth)


@given(PIECES, st.integers(-100, 300))
def test_what_is_known_stays_known(pieces, until):
    """Once a moment is covered, so is every one before it, and later writing takes nothing back."""
    buffer, _ = written(pieces)
    covered = buffer.covers(until)

    assert not covered or buffer.covers(until - 1)
    buffer.write(500, np.ones(1, np.float32))
    assert buffer.covers(until)


def cut(samples, sizes):
    """The samples in pieces of these sizes, each with the number of its first."""
    ends = np.minimum(np.cumsum([0, *sizes, len(samples)]), len(samples))
    return [(int(a), samples[a:b]) for a, b in pairwise(ends) if b > a]


SIZES = st.lists(st.integers(1, 900), max_size=12)


@given(SIZES, st.sampled_from([8000, 16000, 44100]), st.integers(-3, 3))
def test_how_a_track_is_cut_into_frames_has_no_part_in_its_sound(sizes, rate, start):
    """The same samples come out, from the same number on."""
    samples = np.sin(np.arange(4000) / 9).astype(np.float32)

    def heard(pieces):
        resampler, buffer = MonoResampler(), SoundBuffer()
        for first, piece in pieces:
            frame = av.AudioFrame.from_ndarray(piece[None], format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
            frame.pts = start * rate + first
            for part in resampler.push(frame):
                buffer.write(*part)
        for part in resampler.flush():
            buffer.write(*part)
        return buffer.end, buffer.window(start * 16000, 9000)

    (end, one), (other_end, other) = heard([(0, samples)]), heard(cut(samples, sizes))

    assert end == other_end
    np.testing.assert_allclose(one, other, atol=1e-5)
    assert abs(end - start * 16000 - 4000 * 16000 / rate) <= 2


@given(SIZES, st.integers(0, 10**9))
def test_how_a_track_is_cut_has_no_part_in_its_picture(sizes, first):
    """Nor where on the clock it begins, as far as whole blocks go."""
    samples = np.sin(np.arange(6000) / 3).astype(np.float32)

    def drawn(pieces, offset):
        meter = SpectrogramMeter(most_columns=8)
        for number, piece in pieces:
            meter.add(offset + number, piece)
        return meter.spectrogram()

    one, other = drawn([(0, samples)], 0), drawn(cut(samples, sizes), first // 400 * 400)

    np.testing.assert_array_equal(one.levels, other.levels)
    np.testing.assert_allclose(one.loudness, other.loudness, atol=1e-4)
    assert other.start == Fraction(first // 400 * 400, 16000)
