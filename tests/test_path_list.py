"""Lists of paths as other programs write them."""

import io
import os
import sys

import pytest

from avsseg.errors import UsageError
from avsseg.path_list import read_path_list


@pytest.fixture
def listed(tmp_path):
    def read(data):
        path = tmp_path / "list"
        path.write_bytes(data)
        return read_path_list(str(path))

    return read


def test_a_line_is_a_path(listed):
    """Spaces belong to it; empty lines, Windows' line ends and a byte order mark do not."""
    assert listed(b"a b.mp4\n\n c.mkv \n") == ["a b.mp4", " c.mkv "]
    assert listed(b"\xef\xbb\xbfa.mp4\r\nb.mp4") == ["a.mp4", "b.mp4"]


def test_nul_parts_paths_where_there_is_any(listed):
    """As ``find -print0`` writes them: newlines are part of names then."""
    assert listed(b"a\nb.mp4\0c.mp4\0") == ["a\nb.mp4", "c.mp4"]


def test_names_may_be_any_bytes(listed):
    """They come back to the file system as they were."""
    (name,) = listed(b"film-\xff.mp4\n")

    assert os.fsencode(name) == b"film-\xff.mp4"


def test_a_dash_is_stdin(monkeypatch):
    """For pipes."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a.mp4\n")))

    assert read_path_list("-") == ["a.mp4"]


def test_an_empty_or_absent_list_is_an_error_of_usage(listed, tmp_path):
    """Nothing to do is more likely a broken pipe than a wish."""
    with pytest.raises(UsageError, match="no path"):
        listed(b"\n\n")
    with pytest.raises(UsageError, match="cannot be read"):
        read_path_list(str(tmp_path / "absent"))
