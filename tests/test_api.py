"""The public names of the package."""

import subprocess
import sys

import numpy as np
import pytest

import avsseg


def test_importing_the_package_loads_nothing_heavy():
    """torch comes with the first use of a name, not with the import."""
    code = "import sys, avsseg; print(sorted({'torch', 'av', 'numpy'} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert result.stdout.strip() == "[]"


def test_every_public_name_is_there():
    """What the package lists can be used."""
    for name in avsseg.__all__:
        assert getattr(avsseg, name)
        assert name in dir(avsseg)


def test_an_unknown_name_is_an_attribute_error():
    """As for any module."""
    with pytest.raises(AttributeError, match="nonsense"):
        avsseg.nonsense  # noqa: B018


def test_five_lines_are_enough(make_film, tiny_checkpoint):
    """Load once, then loop over what sounds."""
    from avsseg import load_model, segment_video

    model = load_model(tiny_checkpoint, device="cpu")
    scores = [moment.score() for moment in segment_video(make_film("film.mkv"), model)]

    assert len(scores) == 2


def test_arrays_are_told_as_the_file_of_them_would_be(make_film, tiny_checkpoint):
    """A film, decoded by hand: the same moments, and masks as alike as 4:2:0 leaves them."""
    import av

    from avsseg import load_model, segment_arrays, segment_video

    film = make_film("film.mkv", seconds=6)
    model = load_model(tiny_checkpoint, device="cpu")
    with av.open(film) as container:
        rate = container.streams.video[0].average_rate
        pictures = [f.to_ndarray(format="rgb24", threads=1) for f in container.decode(video=0)]
    with av.open(film) as container:
        pieces = [f.to_ndarray() for f in container.decode(audio=0)]
        sample_rate = container.streams.audio[0].rate
    sound = np.concatenate(pieces, axis=1).reshape(-1)
    told = list(segment_arrays(iter(pictures), sound, model, rate=rate, sample_rate=sample_rate))
    expected = list(segment_video(film, model))

    assert [m.time for m in told] == [m.time for m in expected]
    for one, other in zip(told, expected, strict=True):
        assert one.loudness_db == pytest.approx(other.loudness_db, abs=0.5)
        np.testing.assert_allclose(one.mask, other.mask, atol=0.02)


def test_pictures_of_arrays_are_taken_as_they_are_needed(tiny_checkpoint):
    """An endless generator gives predictions; stereo integers are sound, too."""
    from avsseg import load_model, segment_arrays

    def endless():
        while True:
            yield np.full((48, 64, 3), 90, np.uint8)

    sound = np.full((44_100 * 8, 2), 3000, np.int16) * np.array([[1], [-1]] * 176_400, np.int16)
    model = load_model(tiny_checkpoint, device="cpu")
    moments = segment_arrays(endless(), sound, model, rate=25, sample_rate=44_100, fps=2)

    assert [next(moments).index for _ in range(3)] == [0, 1, 2]
    moments.close()
