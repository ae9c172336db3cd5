"""Published pickles are opened as numbers only, and fit or are refused in one line."""

import json
import pickle
from pathlib import Path

import pytest
import torch

from avsseg.errors import CheckpointError
from avsseg.foreign_checkpoint import load_foreign, read_pickle
from avsseg.model.vggish import VGGish

KEYS = Path(__file__).parent / "golden" / "avsbench_r50_keys.json"


def save_zeros(path, shapes):
    """A state dict of zeros that takes no room: every tensor is one number, repeated."""
    torch.save({name: torch.zeros(()).expand(shape) for name, shape in shapes.items()}, path)
    return path


@pytest.fixture
def vggish(tmp_path):
    with torch.device("meta"):
        shapes = {name: t.shape for name, t in VGGish().state_dict().items()}
    return save_zeros(tmp_path / "vggish.pth", shapes)


def test_names_are_freed_of_the_data_parallel_prefix(tmp_path):
    """AVSBench saves what several devices trained."""
    path = save_zeros(tmp_path / "m.pth", {"module.a": (2,), "b": (3,)})

    assert {name: tuple(t.shape) for name, t in read_pickle(path).items()} == {"a": (2,), "b": (3,)}


def test_a_pickle_that_would_run_code_is_refused_and_runs_nothing(tmp_path):
    """Opening somebody's weights never runs somebody's program."""
    mark = tmp_path / "ran"

    class Trap:
        def __reduce__(self):
            return Path.touch, (mark,)

    path = tmp_path / "m.pth"
    path.write_bytes(pickle.dumps({"a": Trap()}, protocol=2))
    with pytest.raises(CheckpointError):
        read_pickle(path)

    assert not mark.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"<html>"])
def test_damaged_files_end_in_one_line(content, tmp_path):
    """Whatever torch makes of the bytes, the user reads the file's name and the remedy."""
    path = tmp_path / "m.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="download it again") as caught:
        read_pickle(path)

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, {"model": {"a": torch.zeros(1)}}])
def test_more_than_weights_is_told(content, tmp_path):
    """A whole training state is not guessed apart."""
    path = tmp_path / "m.pth"
    torch.save(content, path)
    with pytest.raises(CheckpointError, match="state_dict"):
        read_pickle(path)


@pytest.mark.slow
def test_avsbench_weights_and_the_sound_beside_them_make_a_network(vggish, tmp_path):
    """All keys of the published layout find their place, strictly."""
    shapes = {f"module.{name}": shape for name, shape in json.loads(KEYS.read_text())}
    model = load_foreign(save_zeros(tmp_path / "m.pth", shapes), "avsbench-r50", vggish=vggish)

    assert not model.training
    assert not any(t.any() for t in model.state_dict().values())


@pytest.mark.slow
def test_weights_of_another_network_are_refused(vggish, tmp_path):
    """A missing tensor is named; nothing is filled in with random numbers."""
    shapes = dict(json.loads(KEYS.read_text()))
    del shapes["conv1.conv2d_list.0.bias"]
    path = save_zeros(tmp_path / "m.pth", shapes)
    with pytest.raises(CheckpointError, match=r"necks\.0\.conv2d_list\.0\.bias"):
        load_foreign(path, "avsbench-r50", vggish=vggish)
