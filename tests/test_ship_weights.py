"""The script that ships weights: the manifest it leaves is one that avsseg loads from."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from avsseg.checkpoint import load_checkpoint
from avsseg.weight_manifest import read_manifest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("ship", ROOT / "examples/ship_weights.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_manifest_points_at_what_was_shipped(script, tiny_checkpoint, tmp_path):
    """File, size and digest are the new file's, and every other line stays."""
    shutil.copyfile(ROOT / "weights/manifest.toml", tmp_path / "manifest.toml")
    before = (tmp_path / "manifest.toml").read_text().splitlines()

    path = script.ship(tiny_checkpoint, name="avsseg-compact", version="9.1", weights=tmp_path)

    after = (tmp_path / "manifest.toml").read_text().splitlines()
    entry = read_manifest(tmp_path / "manifest.toml").entries["avsseg-compact"]
    changed = {a.split(" = ")[0] for a, b in zip(after, before, strict=True) if a != b}
    assert changed == {"file", "bytes", "sha256"}
    assert (tmp_path / entry.file, entry.bytes) == (path, path.stat().st_size)
    assert path.name == f"avsseg-compact-9.1-{entry.sha256[:8]}.safetensors"
    load_checkpoint(path)
