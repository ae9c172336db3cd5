from fractions import Fraction

import av
import numpy as np
import pytest

from avsseg.media.orientation import UPRIGHT, Orientation, orientation_of, upright

CORNERS = {
    # stored corners (top left, top right, bottom right, bottom left) as a player shows them
    (0, False): "abcd",
    (90, False): "bcda",
    (180, False): "cdab",
    (270, False): "dabc",
    (0, True): "badc",
    (90, True): "adcb",
    (180, True): "dcba",
    (270, True): "cbad",
}


def first_frame(path):
    with av.open(str(path)) as container:
        return next(container.decode(video=0))


@pytest.mark.parametrize(("rotation", "mirrored"), CORNERS)
def test_corners_go_where_a_player_shows_them(rotation, mirrored):
    """Each of the eight orientations is its permutation of the corners."""
    stored = np.array([["a", "b"], ["d", "c"]])
    shown = Orientation(rotation=rotation, mirrored=mirrored).turn(stored)

    assert (
        "".join([shown[0, 0], shown[0, 1], shown[1, 1], shown[1, 0]])
        == (CORNERS[rotation, mirrored])
    )


@pytest.mark.parametrize(("rotation", "mirrored"), CORNERS)
@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_the_display_matrix_is_read_as_it_was_written(make_film, name, rotation, mirrored):
    """What a muxer writes as rotation and flip comes back as the same orientation."""
    film = make_film(name, rotation=rotation, hflip=mirrored, seconds=1, sounds=())
    found = orientation_of(first_frame(film))

    expected = Orientation(rotation=rotation, mirrored=mirrored)
    corners = np.arange(4).reshape(2, 2)
    if mirrored:  # FFmpeg flips after it turns
        expected = Orientation(rotation=-rotation % 360, mirrored=True)
    np.testing.assert_array_equal(found.turn(corners), expected.turn(corners))


def test_a_plain_film_is_upright(make_film):
    """No display matrix means no turning."""
    assert orientation_of(first_frame(make_film(seconds=1))) == UPRIGHT


@pytest.mark.parametrize("size", [(64, 48), (65, 49)])
def test_turning_a_frame_turns_every_plane_and_keeps_its_time(size):
    """Luma and chroma turn together, odd sides too, and the timestamp stays."""
    frame = av.VideoFrame(*size, "yuv420p")
    for plane in frame.planes:
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        rows[:] = 50
        rows[: plane.height // 2, : plane.width] = 200
    frame.pts, frame.time_base, frame.color_range = 9, Fraction(1, 30), 2

    turned = upright(frame, Orientation(rotation=90))

    assert (turned.width, turned.height) == size[::-1]
    assert (turned.pts, turned.time_base, turned.color_range) == (9, Fraction(1, 30), 2)
    for plane in turned.planes:
        rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
        assert (rows[:, : plane.width // 2] == 200).all()
        assert (rows[:, -(-plane.width // 2) : plane.width] == 50).all()


def test_an_upright_frame_is_not_copied():
    """The usual film costs nothing."""
    frame = av.VideoFrame(64, 48, "yuv420p")

    assert upright(frame, UPRIGHT) is frame
