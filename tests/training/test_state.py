"""The one file that a run goes on from, when it is not what it should be."""

import pytest
import torch

from avsseg.errors import CheckpointError
from avsseg.training.state import read_state, write_state


def test_what_is_written_is_read(tmp_path):
    """And comes back with its format."""
    write_state(tmp_path / "state.pt", {"step": 3})

    assert read_state(tmp_path / "state.pt") == {"format": 1, "step": 3}


@pytest.mark.parametrize("other", [[1, 2], {"format": 99}, {}], ids=["list", "newer", "bare"])
def test_another_state_is_refused_in_one_line(tmp_path, other):
    """Whatever torch may have stored there."""
    torch.save(other, tmp_path / "state.pt")

    with pytest.raises(CheckpointError, match="another avsseg's making"):
        read_state(tmp_path / "state.pt")


def test_a_damaged_state_is_refused_in_one_line(tmp_path):
    """Not with what the unpickler says."""
    (tmp_path / "state.pt").write_bytes(b"PK no zip")

    with pytest.raises(CheckpointError, match="cannot be resumed"):
        read_state(tmp_path / "state.pt")
