from fractions import Fraction

import av
import numpy as np
import pytest

from avsseg.media.colour import to_rgb
from avsseg.media.hdr import SdrMapper, hlg_light, pq_light, to_bt709, tone

PQ, HLG = 16, 18


def pq_code(nits):
    """The inverse of the PQ transfer, from its definition in BT.2100."""
    ratio = (np.asarray(nits) / 10000) ** (1305 / 8192)
    return ((107 / 128 + 2413 / 128 * ratio) / (1 + 2392 / 128 * ratio)) ** (2523 / 32)


def grey_steps(codes, transfer):
    """A 10-bit limited range frame with one grey bar of 16 columns for each code value."""
    frame = av.VideoFrame(16 * len(codes), 32, "yuv420p10le")
    bars = np.repeat(np.round(64 + 876 * np.asarray(codes)).astype(np.uint16), 16)
    for index, plane in enumerate(frame.planes):
        rows = np.frombuffer(plane, np.uint16).reshape(-1, plane.line_size // 2)
        rows[:, : plane.width] = 512 if index else bars
    frame.colorspace, frame.color_range = 9, 1
    frame.color_trc, frame.color_primaries = transfer, 9
    frame.pts, frame.time_base = 5, Fraction(1, 24)
    return frame


def test_pq_decodes_to_the_light_it_was_made_of():
    """The transfer undoes its definition from darkness to 10000 cd/m2."""
    nits = np.array([0.01, 1, 100, 203, 1000, 10000])

    np.testing.assert_allclose(pq_light(pq_code(nits)), nits, rtol=1e-6)
    assert pq_light(np.array(0.0)) == pytest.approx(0, abs=1e-6)


def test_hlg_reference_white_is_203_nits():
    """BT.2408: a signal of 75 % is 203 cd/m2 on a 1000 cd/m2 screen, 100 % is 1000."""
    light = hlg_light(np.array([[0.75] * 3, [1.0] * 3, [0.0] * 3]))

    np.testing.assert_allclose(light[:, 0], [203, 1000, 0], rtol=5e-3, atol=1e-9)


def test_tone_keeps_dark_light_rises_and_ends_at_white():
    """Below the knee light is untouched; above it bends without a step and never falls."""
    light = np.linspace(0, 1000 / 203, 2000)
    bent = tone(light)

    np.testing.assert_allclose(bent[light <= 0.3], light[light <= 0.3])
    assert (np.diff(bent) > 0).all()
    assert np.diff(bent).max() <= np.diff(light).max() * 1.001
    assert bent[-1] == pytest.approx(1)


def test_grey_stays_grey_and_colours_keep_their_order():
    """Neutral pixels stay neutral; the strongest channel stays the strongest."""
    grey = to_bt709(np.repeat(np.linspace(0, 1, 50)[:, None], 3, axis=1), PQ)
    red = to_bt709(np.array([[0.6, 0.4, 0.3]]), PQ)[0]

    assert np.ptp(grey, axis=1).max() < 2e-3
    assert red[0] > red[1] > red[2]


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_frames_are_mapped_as_the_formula_says(transfer):
    """The filter's cube and chroma conversions stay within 3 of 255 of the formula."""
    codes = np.linspace(0, 1, 11)
    frame = grey_steps(codes, transfer)
    mapped = SdrMapper()(frame)
    got = to_rgb(mapped, (frame.width, 32))[16, 8::16, 0]

    expected = to_bt709(np.repeat(codes[:, None], 3, axis=1), transfer)[:, 0] * 255
    assert np.abs(got - expected).max() <= 3


def test_mapped_frames_are_tagged_as_what_they_are_and_keep_their_time():
    """The HDR tag never stays on 8-bit BT.709 pictures; the source frame is left alone."""
    frame = grey_steps([0.2, 0.5], PQ)
    mapped = SdrMapper()(frame)

    assert mapped.format.name == "yuv420p"
    assert (mapped.pts, mapped.time_base) == (5, Fraction(1, 24))
    tags = (mapped.colorspace, mapped.color_range, mapped.color_trc, mapped.color_primaries)
    assert [int(tag) for tag in tags] == [1, 1, 1, 1]
    assert int(frame.color_trc) == PQ


def test_one_mapper_serves_frame_after_frame():
    """Each frame gives its own result, whatever its timestamp, and a new size is followed."""
    mapper = SdrMapper()
    dark, bright = grey_steps([0.1] * 4, PQ), grey_steps([0.6] * 4, PQ)
    levels = [to_rgb(mapper(f), (8, 8)).mean() for f in (dark, bright, dark, bright)]
    wider = mapper(grey_steps([0.1] * 9, PQ))

    assert levels[0] == levels[2] < levels[1] == levels[3]
    assert wider.width == 144
