"""The public names of the package."""

import subprocess
import sys

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
