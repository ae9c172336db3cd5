"""Small pictures sought in a film."""

from fractions import Fraction
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from avsseg.media.stills import jpeg_stills


def picture(still):
    with Image.open(BytesIO(still)) as image:
        assert image.format == "JPEG"
        return np.asarray(image)


def test_each_still_is_the_picture_on_display_at_its_time(make_film, number_of):
    """The last picture that began by then, also between two and past the end."""
    film = make_film("a.mp4", size=(128, 96), seconds=Fraction(3), gop=8, b_frames=2)
    times = [Fraction(0), Fraction(7, 10), Fraction(19, 25), Fraction(29, 10), Fraction(9)]
    stills = jpeg_stills(film, times, width=128)

    assert [number_of(picture(still)) for still in stills] == [0, 7, 7, 29, 29]


@pytest.mark.parametrize(("width", "shape"), [(32, (24, 32, 3)), (640, (48, 64, 3))])
def test_stills_are_as_wide_as_asked_but_no_wider_than_the_film(make_film, width, shape):
    """The shape of the picture is kept."""
    (still,) = jpeg_stills(make_film("a.mp4"), [Fraction(1)], width=width)

    assert picture(still).shape == shape


def test_stills_of_turned_films_stand_upright(make_film):
    """A film that is stored lying gives upright pictures."""
    (still,) = jpeg_stills(make_film("a.mp4", rotation=90), [Fraction(1)], width=640)

    assert picture(still).shape == (64, 48, 3)
