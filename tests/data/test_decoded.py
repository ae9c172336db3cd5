"""Files of a bank that cannot be read."""

import pytest
from PIL import Image

from avsseg.data.decoded import read_picture
from avsseg.errors import DataError


def test_a_picture_of_absurd_size_is_refused_with_its_name(tmp_path, monkeypatch):
    """Pillow's own limit against bombs ends in the same one line as any other damage."""
    path = tmp_path / "large.png"
    Image.new("L", (64, 64)).save(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 64 * 64 // 2 - 1)

    with pytest.raises(DataError, match=r"large\.png: cannot be read .*replace or unlist"):
        read_picture(path)
