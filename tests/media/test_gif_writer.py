"""Moving previews."""

from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from avsseg.errors import MediaError
from avsseg.media.gif_writer import open_gif_writer
from avsseg.media.reader import open_video


def preview(source, target, **settings):
    with open_video(source) as film, open_gif_writer(target, film.info, **settings) as writer:
        for frame in film.frames():
            writer.write(frame)
    return Image.open(target)


def durations(gif):
    result = []
    for number in range(gif.n_frames):
        gif.seek(number)
        result.append(gif.info["duration"])
    return result


def test_a_preview_moves_at_the_pace_of_the_film(make_film, tmp_path, number_of):
    """All pictures up to the rate, each shown as long as in the film, for ever."""
    source = make_film(times=[Fraction(k) for k in (0, 1, 3)] + [Fraction(7, 2)], sounds=())

    gif = preview(source, tmp_path / "a.gif")

    assert durations(gif) == [1000, 2000, 500, 100]
    assert gif.info["loop"] == 0
    numbers = []
    for number in range(4):
        gif.seek(number)
        numbers.append(number_of(np.asarray(gif.convert("RGB"))))
    assert numbers == [0, 1, 2, 3]


def test_a_preview_is_thinned_and_cut_short(make_film, tmp_path):
    """At most so many pictures a second and so many seconds, whatever the film."""
    source = make_film(rate=Fraction(30), seconds=Fraction(4), sounds=())

    gif = preview(source, tmp_path / "a.gif", fps=Fraction(5), seconds=Fraction(2))

    assert gif.n_frames == 10
    assert durations(gif) == [200] * 10


@pytest.mark.parametrize(
    ("film", "expected"),
    [
        ({"size": (64, 48)}, (32, 24)),
        ({"size": (65, 49), "pix_fmt": "yuv444p"}, (32, 24)),
        ({"size": (64, 48), "sar": Fraction(2)}, (32, 12)),
    ],
)
def test_a_preview_has_the_shape_of_the_film_on_a_screen(make_film, tmp_path, film, expected):
    """Odd sizes and pixels that are not square included."""
    gif = preview(make_film(sounds=(), **film), tmp_path / "a.gif", width=32)

    assert gif.size == expected


def test_a_preview_of_nothing_is_an_error(make_film, tmp_path):
    """No empty file is left."""
    with (
        open_video(make_film()) as film,
        pytest.raises(MediaError, match="no picture for a preview"),
        open_gif_writer(tmp_path / "a.gif", film.info),
    ):
        pass

    assert not (tmp_path / "a.gif").exists()
