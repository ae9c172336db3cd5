"""Masks shown on the picture."""

import av
import numpy as np
import pytest

from avsseg.errors import UsageError
from avsseg.media.coverage import grow, ramp, soften, translate
from avsseg.media.ink import halve, mix_ink, paint
from avsseg.media.labels import Label
from avsseg.media.overlay import OVERLAY_KINDS, OverlayStyle, draw_overlay
from avsseg.media.planes import copy_frame, pad_to_even, plane_view
from avsseg.media.upsample import BilinearUpsampler

BT709, BT601, FULL, LIMITED = 1, 5, 2, 1


def grey_frame(width=64, height=48, *, matrix=BT709, colour_range=LIMITED, y=90):
    frame = av.VideoFrame(width, height, "yuv420p")
    for index, value in enumerate((y, 110, 140)):
        plane_view(frame, index)[:] = value
    frame.colorspace, frame.color_range = matrix, colour_range
    frame.pts = 7
    return frame


def planes(frame):
    return [plane_view(frame, index).copy() for index in range(3)]


def square(height=48, width=64):
    levels = np.zeros((height, width), np.uint8)
    levels[12:30, 20:44] = 255
    return levels


@pytest.mark.parametrize("matrix", [BT709, BT601])
@pytest.mark.parametrize("colour_range", [LIMITED, FULL])
@pytest.mark.parametrize("rgb", [(200, 40, 30), (0, 230, 195), (255, 255, 255), (0, 0, 0)])
def test_ink_shows_as_its_rgb_colour(matrix, colour_range, rgb):
    """A plane filled with mixed ink is converted back by libswscale to the same colour."""
    frame = grey_frame(matrix=matrix, colour_range=colour_range)
    paint(frame, mix_ink(rgb, frame), np.full((48, 64), 255, np.uint8))

    shown = frame.reformat(
        format="rgb24",
        src_colorspace=matrix,
        src_color_range=colour_range,
        dst_color_range=FULL,
    ).to_ndarray()

    assert np.abs(shown.astype(int) - rgb).max() <= 2


def test_an_untagged_frame_is_taken_as_players_take_it():
    """BT.601 for small pictures, BT.709 for large ones."""
    green = (0, 255, 0)

    assert mix_ink(green, grey_frame(matrix=2)) == mix_ink(green, grey_frame(matrix=BT601))
    large = mix_ink(green, grey_frame(1280, 720, matrix=2))
    assert large == mix_ink(green, grey_frame(matrix=BT709))


@pytest.mark.parametrize("kind", OVERLAY_KINDS)
def test_where_nothing_sounds_the_picture_is_untouched(kind):
    """An empty mask gives the very same pixels, in a new frame."""
    frame = grey_frame()

    drawn = draw_overlay(frame, np.zeros((48, 64), np.uint8), style=OverlayStyle(kind=kind))

    assert drawn is not frame and drawn.pts == 7
    for before, after in zip(planes(frame), planes(drawn), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("kind", OVERLAY_KINDS)
@pytest.mark.parametrize("size", [(64, 48), (65, 49), (63, 47), (16, 16)])
def test_the_frame_that_came_in_is_never_painted(kind, size):
    """The decoder may still need it; odd sizes are drawn as well."""
    frame = grey_frame(*size)
    before = planes(frame)
    levels = np.full((size[1], size[0]), 255, np.uint8)
    levels[: size[1] // 2] = 0

    draw_overlay(frame, levels, style=OverlayStyle(kind=kind), labels=[Label(text="Dog 0.93")])

    for old, now in zip(before, planes(frame), strict=True):
        np.testing.assert_array_equal(old, now)


def test_tint_colours_the_inside_and_draws_a_line_in_full_colour():
    """Outside nothing, inside part of the colour, on the rim all of it."""
    frame = grey_frame(320, 240)
    style = OverlayStyle(colour=(255, 0, 0), opacity=0.5)
    levels = np.zeros((240, 320), np.uint8)
    levels[60:180, 80:240] = 255
    ink = mix_ink(style.colour, frame)

    y, _, red = planes(draw_overlay(frame, levels, style=style))

    assert y[0, 0] == 90 and red[0, 0] == 140
    assert abs(int(red[60, 80]) - (140 + (ink[2] - 140) // 2)) <= 2
    assert red[60, 80] > 140 and y[120, 160] != 90
    rim = y[120, 76:84].astype(int)
    assert np.abs(rim - ink[0]).min() <= 0.3 * abs(90 - ink[0])


def test_tint_touches_only_the_neighbourhood_of_the_mask():
    """A few pixels beyond the outline every plane is as it was."""
    frame = grey_frame(320, 240)
    levels = np.zeros((240, 320), np.uint8)
    levels[100:120, 100:140] = 255

    drawn = planes(draw_overlay(frame, levels))

    changed = np.argwhere(drawn[0] != 90)
    assert changed.min(axis=0).tolist() >= [94, 94]
    assert changed.max(axis=0).tolist() <= [126, 146]


def test_contour_leaves_the_inside_as_it_was():
    """Only the outline is drawn."""
    frame = grey_frame(320, 240)
    levels = np.zeros((240, 320), np.uint8)
    levels[60:180, 80:240] = 255

    y = planes(draw_overlay(frame, levels, style=OverlayStyle(kind="contour")))[0]

    assert (y[70:170, 90:230] == 90).all()
    assert (y[120, 76:84] != 90).any()


def test_spotlight_darkens_the_rest_alone():
    """The sounding thing keeps its light."""
    y = planes(draw_overlay(grey_frame(), square(), style=OverlayStyle(kind="spotlight")))[0]

    assert (y[12:30, 20:44] == 90).all()
    assert (y[:10] < 50).all() and (y[:10] >= 16).all()


def test_blur_takes_detail_from_the_rest_alone():
    """A fine pattern stays where it sounds and turns even elsewhere."""
    frame = grey_frame(128, 96)
    plane_view(frame)[:] = np.indices((96, 128)).sum(axis=0) % 2 * 100 + 60
    levels = np.zeros((96, 128), np.uint8)
    levels[40:60, 40:80] = 255

    y = planes(draw_overlay(frame, levels, style=OverlayStyle(kind="blur")))[0]

    np.testing.assert_array_equal(y[40:60, 40:80], plane_view(frame)[40:60, 40:80])
    assert y[:30].std() < 5


def test_bands_leave_no_seams():
    """A mask over many bands is drawn as if in one piece: rows of a column differ nowhere."""
    frame = grey_frame(320, 480)
    levels = np.zeros((480, 320), np.uint8)
    levels[:, 100:200] = 255

    for kind in OVERLAY_KINDS:
        for plane in planes(draw_overlay(frame, levels, style=OverlayStyle(kind=kind))):
            inner = plane[4:-4].astype(int)
            assert np.abs(np.diff(inner, axis=0)).max() <= 1


def test_labels_are_bright_letters_on_a_dark_plate():
    """Readable on any picture, stacked one under another without leaving the frame."""
    frame = grey_frame(320, 240, y=128)
    labels = [Label(text="Dog 0.93"), Label(text="Speech 0.40")]

    y = planes(draw_overlay(frame, np.zeros((240, 320), np.uint8), labels=labels))[0]

    assert (y > 200).sum() > 50
    assert (y[:60, :140] < 80).sum() > 500
    assert (y[80:] == 128).all()


def test_an_anchored_label_sits_on_its_region_inside_the_frame():
    """A region at the edge pushes its label inwards."""
    frame = grey_frame(320, 240, y=128)
    label = Label(text="Dog", anchor=(315, 5))

    y = planes(draw_overlay(frame, np.zeros((240, 320), np.uint8), labels=[label]))[0]

    changed = np.argwhere(y != 128)
    assert changed[:, 1].max() >= 315 and changed[:, 0].min() <= 3


def test_an_unknown_style_is_refused():
    """The message lists what there is."""
    with pytest.raises(UsageError, match="choose one of tint, contour, spotlight, blur"):
        OverlayStyle(kind="sparkle")


@pytest.mark.parametrize("grid", [(7, 7), (224, 224), (2, 2), (1, 1), (3, 5)])
@pytest.mark.parametrize("size", [(48, 64), (49, 65), (720, 1280)])
def test_upsampling_is_plain_bilinear_between_cell_centres(grid, size):
    """A ramp over the grid stays a ramp over the frame."""
    width = size[1]
    mask = np.tile(np.linspace(0, 1, grid[1], dtype=np.float32), (grid[0], 1))

    levels = BilinearUpsampler()(mask, np.zeros(size, np.uint8))

    cells = (np.arange(width) + 0.5) * grid[1] / width - 0.5
    expected = 255 * np.interp(cells, np.arange(grid[1]), mask[0])
    assert levels.shape == size and levels.dtype == np.uint8
    assert np.abs(levels - expected).max() <= (6 if grid[1] > width else 3)


def test_a_dilated_pixel_is_an_octagon():
    """Crosses and squares in turn keep growth even in all directions."""
    shape = np.zeros((9, 9), np.uint8)
    shape[4, 4] = 1

    assert grow(shape, 1).sum() == 5
    assert grow(shape, 2).sum() == 21
    assert grow(shape, 0).sum() == 1


def test_softening_keeps_flat_areas():
    """Full stays full to a step, empty stays empty, an edge becomes a slope."""
    edge = np.repeat(np.array([[0, 0, 0, 255, 255, 255]], np.uint8), 5, axis=0)

    soft = soften(edge)

    assert soft[2, 0] == 0 and soft[2, 5] >= 250
    assert 0 < soft[2, 2] < soft[2, 3] < 255


def test_ramps_rise_and_fall_between_their_ends():
    """The table is 0 before, the top after, half way in the middle."""
    levels = np.array([[0, 102, 128, 153, 255]], np.uint8)

    assert translate(levels, ramp(0.4, 0.6)).tolist() == [[0, 0, 130, 255, 255]]
    assert translate(levels, ramp(0.6, 0.4, top=0.5)).tolist() == [[128, 128, 63, 0, 0]]


def test_halving_averages_blocks_and_repeats_an_odd_edge():
    """Chroma coverage is the mean of its four luma pixels."""
    plane = np.array([[0, 100, 8], [0, 100, 8], [10, 10, 50]], np.uint8)

    assert halve(plane).tolist() == [[50, 8], [10, 50]]


def test_an_odd_frame_is_padded_by_its_last_row_and_column():
    """No black or green rim appears."""
    frame = grey_frame(65, 49)
    plane_view(frame)[:, -1] = 33

    padded = pad_to_even(frame)

    assert (padded.width, padded.height, padded.pts) == (66, 50, 7)
    assert (plane_view(padded)[:, -2:] == 33).all()
    np.testing.assert_array_equal(plane_view(padded)[-1], plane_view(padded)[-2])


def test_a_copied_frame_carries_time_and_colour_tags():
    """What the picture is and when it shows travel with the copy."""
    frame = grey_frame(matrix=BT601, colour_range=FULL)
    frame.color_primaries, frame.color_trc = 6, 6

    copy = copy_frame(frame)

    assert (copy.pts, int(copy.colorspace), int(copy.color_range)) == (7, BT601, FULL)
    assert (int(copy.color_primaries), int(copy.color_trc)) == (6, 6)
