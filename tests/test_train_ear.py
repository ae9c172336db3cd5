"""The script that teaches a network's ear by sounds alone."""

import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
import torch

from avsseg.checkpoint import load_checkpoint, save_checkpoint
from avsseg.model.build import build_model
from avsseg.model.config import ModelConfig

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "examples" / "train_ear.py"

_spec = spec_from_file_location("avsseg_ear_bank", ROOT / "tests/data/conftest.py")
assert _spec is not None and _spec.loader is not None
_banks = module_from_spec(_spec)
_spec.loader.exec_module(_banks)
bank_root = _banks.bank_root


def run(*arguments) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def script(example):
    """The script as a module."""
    return example("train_ear")


CONFIG = ModelConfig(
    kind="ed",
    backbone="tf_efficientnet_lite2",
    audio_encoder="yamnet",
    audio_hidden=16,
    image_size=64,
    channels=8,
    decoder="light",
    decoder_channels=8,
    categories=("dog", "guitar", "clock"),
)


def taught(bank_root, folder, *arguments) -> tuple[dict, dict]:
    """The weights of a small network before and after the script."""
    torch.manual_seed(0)
    before = build_model(CONFIG)
    save_checkpoint(folder / "new.safetensors", before, summary={"steps": "7"})
    done = run(bank_root, folder / "new.safetensors", "-o", folder / "ear.safetensors",
               "--minutes", 0.1, "--workers", 0, "--held-out", 4, *arguments)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "before: told of 1:" in done.stdout and "steps: told of 1:" in done.stdout
    files = folder / "new.safetensors", folder / "ear.safetensors"
    old, new = (load_checkpoint(file).state_dict() for file in files)
    return old, new


def test_only_what_hears_is_trained(bank_root, tmp_path):
    """The encoder's late blocks and the adapter move, and all else is as it was."""
    old, new = taught(bank_root, tmp_path)
    moved = {name for name in old if not torch.equal(old[name], new[name])}
    assert {name.split(".")[0] for name in moved} == {"audio_encoder", "audio_adapter"}
    assert not {
        name for name in moved if name.startswith(("audio_encoder.c1", "audio_encoder.pw.3"))
    }
    assert {name for name in moved if name.startswith("audio_encoder.pw.4")}


def test_a_context_is_given_and_taught_and_all_else_stays(bank_root, tmp_path):
    """The network that comes out leans on other seconds, and is the same without that."""
    old, new = taught(bank_root, tmp_path, "--context")
    assert all(torch.equal(old[name], new[name]) for name in old)
    given = {name for name in new if name not in old}
    assert {name.split(".")[0] for name in given} == {"sound_context"}
    assert new["sound_context.add.2.weight"].abs().max() > 0


PATCHES = torch.zeros(6, 1, 96, 64)
RIGHT, WRONG = torch.tensor([[9.0, -9.0]]), torch.tensor([[-9.0, 9.0]])


def ear(code, logits, tag=0.5):
    """An ear that always says the same."""
    return lambda patches: (code, logits.expand(6, -1), torch.full((6, 521), tag))


def test_the_codes_of_what_was_right_are_held(script):
    """A code that leaves its teacher's costs something only where the teacher was right."""
    code, told = torch.randn(6, 128), torch.tensor([[1.0, 0.0]]).expand(6, -1)
    same = script.objective(ear(code, RIGHT), ear(code, RIGHT), PATCHES, told)
    left = script.objective(ear(code + 1, RIGHT), ear(code, RIGHT), PATCHES, told)
    free = script.objective(ear(code + 1, RIGHT), ear(code, WRONG), PATCHES, told)
    assert left - same == pytest.approx(script.HOLD / code.var().item(), rel=1e-3)
    assert free == pytest.approx(same.item())


def test_the_tags_of_what_is_heard_alone_are_held(script):
    """Not those of mixtures, of which the teacher names only what is loudest."""
    code = torch.randn(6, 128)
    alone, both = (torch.tensor([row]).expand(6, -1) for row in ([1.0, 0.0], [1.0, 1.0]))
    for told, held in ((alone, True), (both, False)):
        same = script.objective(ear(code, RIGHT), ear(code, RIGHT), PATCHES, told)
        drifted = script.objective(ear(code, RIGHT, tag=0.9), ear(code, RIGHT), PATCHES, told)
        assert (drifted > same + 1) == held


def test_what_nobody_can_say_teaches_nothing(script):
    """A kind told as -1 has no error, whatever the ear says of it."""
    code, told = torch.randn(6, 128), torch.tensor([[1.0, -1.0]]).expand(6, -1)
    costs = [
        script.objective(ear(code, torch.tensor([[9.0, said]])), ear(code, WRONG), PATCHES, told)
        for said in (-9.0, 0.0, 9.0)
    ]
    assert max(costs) == min(costs) < 1e-3
