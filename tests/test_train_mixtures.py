"""The script that teaches a network to tell several sounds at once."""

import subprocess
import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy as np
import pytest
import torch

from avsseg.checkpoint import load_checkpoint, read_header, save_checkpoint
from avsseg.model.build import build_model
from avsseg.model.config import ModelConfig

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "examples" / "train_mixtures.py"

_spec = spec_from_file_location("avsseg_mixture_bank", ROOT / "tests/data/conftest.py")
assert _spec is not None and _spec.loader is not None
_banks = module_from_spec(_spec)
_spec.loader.exec_module(_banks)
bank_root = _banks.bank_root

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


@pytest.fixture(scope="module")
def script(example):
    """The script as a module."""
    return example("train_mixtures")


@pytest.fixture
def teach(bank_root, tmp_path):
    """Runs the script on a network: the weights before and after."""

    def run(config, *options):
        torch.manual_seed(0)
        files = tmp_path / "new.safetensors", tmp_path / "taught.safetensors"
        save_checkpoint(files[0], build_model(config), summary={"steps": "7"})
        command = [sys.executable, str(SCRIPT), str(bank_root), str(files[0]), "-o", str(files[1])]
        command += ["--minutes", "0.05", "--tracks", "40", "--workers", "0", "--held-out", "4"]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "before: told of 1:" in done.stdout and "steps: told of 1:" in done.stdout
        assert read_header(files[1]).summary["steps"] == "7"
        assert {path.name for path in tmp_path.iterdir()} == {file.name for file in files}
        return [load_checkpoint(file).state_dict() for file in files]

    return run


def test_only_what_hears_mixtures_is_given_and_taught(teach):
    """All that was in the network stays; what is new says something after a few steps."""
    old, new = teach(CONFIG)
    assert all(torch.equal(old[name], new[name]) for name in old)
    given = {name for name in new if name not in old}
    assert {name.split(".")[0] for name in given} == {"audio_encoder", "mixture"}
    assert new["mixture.tell.weight"].abs().max() > 0


def test_turns_teach_the_context_too(teach):
    """And nothing else that was in the network."""
    old, new = teach(replace(CONFIG, sound_context=True), "--turns")
    moved = {name.split(".")[0] for name in old if not torch.equal(old[name], new[name])}
    assert moved == {"sound_context"}
    assert new["mixture.tell.weight"].abs().max() > 0


def test_a_store_gives_back_what_was_encoded(script, tmp_path):
    """As many clips as there is room for, each with its own truth, up to half precision."""
    torch.manual_seed(0)
    taught = script.Parts.of(build_model(replace(CONFIG, mixture_hearing=True)).eval())
    patches, told = torch.randn(3, 5, 1, 96, 64), torch.arange(3.0)[:, None, None]
    told = (told - 1).expand(-1, 5, 3)
    store = script.Store.new(tmp_path, taught, 4)
    store.fill([(patches, told), (patches, told)], taught, hidden=0.0)
    with torch.inference_mode():
        maps, embeddings = taught.encode(patches)
    assert np.array_equal(store.told[:, 0, 0], [-1, 0, 1, -1])
    assert np.allclose(store.maps[:3], maps, atol=0.05)
    assert np.allclose(store.embeddings[3], embeddings[0], atol=0.05)


def test_a_network_that_names_no_kinds_is_refused(script):
    """It has no ear for mixtures, whatever its config asks for."""
    nameless = replace(CONFIG, mixture_hearing=True, categories=())
    with pytest.raises(SystemExit, match="that names kinds"):
        script.Parts.of(build_model(nameless))


def test_turns_want_a_context(script):
    """Without one there is nothing that leans on what has stopped."""
    with pytest.raises(SystemExit, match="no SoundContext"):
        script.Parts.of(build_model(replace(CONFIG, mixture_hearing=True)), turns=True)


def test_what_nobody_can_say_teaches_nothing(script):
    """A kind told as -1 has no error, whatever the ear says of it."""
    told, none = torch.tensor([[[1.0, -1.0]]]), torch.zeros(1, 1, 2)
    said = [torch.tensor([[[9.0, logit]]]) for logit in (-9.0, 0.0, 9.0)]
    costs = [script.objective(logits, none, told) for logits in said]
    assert max(costs) == min(costs) < 1e-3


@pytest.mark.parametrize(
    ("heard", "price"), [((0.0, 0.0), 0.5), ((1.0, 0.0), 0.5), ((1.0, 1.0), 0.0)]
)
def test_a_correction_costs_what_it_changes(script, heard, price):
    """So where the network was right, it is left as it was, and more so where one kind is heard."""
    told = torch.tensor([[heard]])
    cost = script.objective(60 * told - 30, torch.full((1, 1, 2), 3.0), told, hold_one=0.5)
    assert cost == pytest.approx((script.HOLD + price) * 18, rel=1e-4)
