from fractions import Fraction

import av
import numpy as np
import pytest

from avsseg.media.colour import matrix_of, resize_rgb, tags_of, to_rgb, to_yuv420p
from avsseg.media.orientation import Orientation

RED = np.array([200, 40, 30])
MATRIX_601, MATRIX_709, MATRIX_2020 = 5, 1, 9
LIMITED, FULL = 1, 2


def flat_frame(format, *, matrix=MATRIX_601, values=LIMITED, tagged=True, size=(64, 48)):
    """A frame of one red, encoded by a known matrix and range, tagged or not."""
    picture = np.broadcast_to(RED.astype(np.uint8), (size[1], size[0], 3))
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    frame = frame.reformat(format=format, dst_colorspace=matrix, dst_color_range=values)
    frame.colorspace, frame.color_range = (matrix, values) if tagged else (2, 0)
    frame.color_trc = frame.color_primaries = 2
    frame.pts, frame.time_base = 7, Fraction(1, 30)
    return frame


@pytest.mark.parametrize("matrix", [MATRIX_601, MATRIX_709, MATRIX_2020])
@pytest.mark.parametrize("values", [LIMITED, FULL])
@pytest.mark.parametrize(
    "format", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuva420p", "nv12"]
)
def test_tagged_colours_survive(format, matrix, values):
    """Every matrix, range and depth gives back the red that was put in, within 2 of 255."""
    frame = flat_frame(format, matrix=matrix, values=values)

    assert np.abs(to_rgb(frame, (20, 20)) - RED).max() <= 2
    assert np.abs(to_rgb(to_yuv420p(frame), (20, 20)) - RED).max() <= 2


@pytest.mark.parametrize("format", ["rgb24", "bgra", "gbrp", "gbrp10le"])
def test_rgb_sources_keep_their_colours(format):
    """Formats without a matrix are taken as they are, and tagged once they have one."""
    frame = flat_frame(format, tagged=False)
    planar = to_yuv420p(frame)

    assert np.abs(to_rgb(frame, (20, 20)) - RED).max() <= 1
    assert np.abs(to_rgb(planar, (20, 20)) - RED).max() <= 2
    assert (tags_of(planar).matrix, tags_of(planar).range) == (6, LIMITED)


def test_full_range_jpeg_format_is_full_without_a_tag():
    """yuvj420p means full range by its name."""
    frame = flat_frame("yuvj420p", values=FULL, tagged=False)

    assert np.abs(to_rgb(frame, (20, 20)) - RED).max() <= 2


@pytest.mark.parametrize(
    ("size", "matrix"),
    [((64, 48), MATRIX_601), ((480, 854), MATRIX_601), ((1280, 720), MATRIX_709)],
)
def test_untagged_colours_follow_the_number_of_lines(size, matrix):
    """Without a tag BT.601 holds below 720 lines and BT.709 from there on, upright or turned."""
    frame = flat_frame("yuv420p", matrix=matrix, tagged=False, size=size)

    assert int(matrix_of(frame)) == matrix
    assert np.abs(to_rgb(frame, (20, 20)) - RED).max() <= 2


def test_a_frame_that_is_ready_is_not_copied():
    """The usual film costs nothing on its way to full size."""
    frame = flat_frame("yuv420p")

    assert to_yuv420p(frame) is frame


def test_conversion_keeps_time_and_tags():
    """A 10-bit frame becomes 8-bit and stays itself otherwise."""
    frame = to_yuv420p(flat_frame("yuv422p10le", matrix=MATRIX_709, values=FULL))

    assert frame.format.name == "yuv420p"
    assert (frame.pts, frame.time_base) == (7, Fraction(1, 30))
    assert (tags_of(frame).matrix, tags_of(frame).range) == (MATRIX_709, FULL)


def test_shrinking_does_not_alias():
    """A one pixel checkerboard shrinks to flat grey; an aliasing resizer would leave stripes."""
    board = np.indices((480, 640)).sum(axis=0) % 2 * 255
    picture = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    small = resize_rgb(picture, (224, 224))

    assert np.abs(small[2:-2, 2:-2].astype(int) - 127).max() <= 8


def test_resizing_keeps_positions_and_colours():
    """Halves stay halves: left red, right blue, the border in the middle."""
    picture = np.zeros((101, 203, 3), np.uint8)
    picture[:, :101], picture[:, 101:] = (200, 40, 30), (30, 60, 200)
    small = resize_rgb(picture, (224, 224))

    assert small.shape == (224, 224, 3)
    assert np.abs(small[:, :108] - [200, 40, 30]).max() <= 2
    assert np.abs(small[:, 116:] - [30, 60, 200]).max() <= 2


def test_fine_colour_is_not_subsampled():
    """RGB pictures keep chroma at full resolution: one pixel stripes of colour keep their mean."""
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[:, 0::2], picture[:, 1::2] = (255, 0, 0), (0, 0, 255)

    assert np.abs(resize_rgb(picture, (64, 64)).astype(int) - picture).max() <= 2
    assert np.abs(resize_rgb(picture, (32, 32))[4:-4, 4:-4] - [127, 0, 127]).max() <= 24


def test_a_film_frame_and_its_picture_shrink_alike(picture_of):
    """Training arrays and decoded frames meet in the same picture, up to colour rounding."""
    picture = picture_of(0b10110010, (320, 240))
    frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
        format="yuv444p", dst_colorspace=MATRIX_601, dst_color_range=LIMITED
    )
    frame.colorspace, frame.color_range = MATRIX_601, LIMITED

    difference = to_rgb(frame, (224, 224)).astype(int) - resize_rgb(picture, (224, 224))

    assert np.abs(difference).max() <= 4


def test_a_turned_frame_comes_out_upright(picture_of, number_of):
    """The size asked for is that of the upright picture."""
    picture = picture_of(0b01100101, (64, 48))
    turned = np.ascontiguousarray(np.rot90(picture, -1))
    frame = av.VideoFrame.from_ndarray(turned, format="rgb24")

    upright = to_rgb(frame, (32, 24), Orientation(rotation=90))

    assert upright.shape == (24, 32, 3)
    assert number_of(upright) == 0b01100101
