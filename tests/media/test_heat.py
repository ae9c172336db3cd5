"""Heat over a grey picture."""

import av
import numpy as np

from avsseg.media.heat import heat_frame


def frame():
    picture = np.zeros((48, 64, 3), np.uint8)
    picture[:, :32], picture[:, 32:] = (200, 60, 60), (60, 60, 200)
    made = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p", threads=1)
    made.pts = 7
    return made


def test_what_is_cold_is_grey_and_what_is_hot_is_bright_and_yellow():
    """Colour tells of heat alone; the picture's own is taken away."""
    levels = np.zeros((48, 64), np.uint8)
    levels[:, 40:] = 255
    heat = heat_frame(frame(), levels)
    rgb = heat.to_ndarray(format="rgb24", threads=1).astype(int)
    cold, hot = rgb[10, 10], rgb[10, 55]
    assert np.ptp(cold) <= 6 and cold.max() < 100
    assert hot[0] > 200 and hot[2] < hot[0] - 40
    assert heat.pts == 7


def test_more_heat_is_never_darker():
    """Violet, red, orange, yellow: the brightness rises with the heat."""
    ramp = np.repeat(np.linspace(20, 255, 8).astype(np.uint8), 8)
    levels = np.broadcast_to(ramp, (48, 64)).copy()
    plain = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), format="rgb24")
    luma = heat_frame(plain.reformat(format="yuv420p", threads=1), levels).to_ndarray(
        format="gray", threads=1
    )[8]
    assert (np.diff(luma[4::8].astype(int)) >= -4).all()
