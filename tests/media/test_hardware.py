"""Pictures decoded by a GPU; where there is none, that is said."""

import numpy as np
import pytest

from avsseg.errors import MediaError, UsageError
from avsseg.media.colour import to_rgb
from avsseg.media.container import open_container
from avsseg.media.reader import open_video


def has_nvdec(path):
    try:
        open_container(path, hardware="cuda").close()
    except UsageError:
        return False
    return True


def rgb_of(path, hardware):
    with open_video(path, hardware=hardware) as reader:
        return [to_rgb(frame, (frame.width, frame.height)) for frame in reader.frames()]


def test_where_no_gpu_decodes_it_is_said_with_what_to_do(make_film):
    """Not a fall back in silence, and not for a file that nothing can decode."""
    film = make_film("film.mp4")
    torn = film.with_name("torn.mp4")
    torn.write_bytes(b"no film at all")

    assert len(rgb_of(film, None)) == 20
    with pytest.raises(MediaError, match="not a video file"):
        open_container(torn, hardware="cuda")
    if not has_nvdec(film):
        with pytest.raises(UsageError, match=r"decoder cuda: .* use --decoder bundled"):
            rgb_of(film, "cuda")


@pytest.mark.gpu
def test_a_gpu_decodes_the_same_pictures(make_film):
    """H.264 is exact; only the layout of the planes differs."""
    film = make_film("film.mp4")
    if not has_nvdec(film):
        pytest.skip("needs a GPU that decodes")
    expected, found = rgb_of(film, None), rgb_of(film, "cuda")

    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.astype(int), b.astype(int), atol=1)
