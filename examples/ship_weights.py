"""Puts a checkpoint where avsseg ships weights from, under its name, version and digest.

    python examples/ship_weights.py runs/train/compact/best.safetensors --version 0.2

The file is copied to ``weights/NAME-VERSION-DIGEST.safetensors`` and the entry of NAME in
``weights/manifest.toml`` is made to point at it; earlier files are left for you to delete.
"""

import argparse
import hashlib
import re
import shutil
from pathlib import Path

from avsseg.checkpoint import read_header
from avsseg.weight_manifest import read_manifest

LIMIT = 32_000_000
WEIGHTS = Path(__file__).parents[1] / "weights"


def ship(checkpoint: Path, *, name: str, version: str, weights: Path) -> Path:
    """Copies the checkpoint and points the manifest at the copy, whose path is given back."""
    read_header(checkpoint)  # refuses what avsseg could not load
    data = checkpoint.read_bytes()
    if len(data) > LIMIT:
        raise SystemExit(f"{checkpoint}: {len(data)} bytes; shipped files have at most {LIMIT}.")
    digest = hashlib.sha256(data).hexdigest()
    target = weights / f"{name}-{version}-{digest[:8]}.safetensors"
    shutil.copyfile(checkpoint, target)
    manifest = weights / "manifest.toml"
    values = {"file": f'"{target.name}"', "bytes": str(len(data)), "sha256": f'"{digest}"'}
    manifest.write_text(_pointed(manifest.read_text(encoding="utf-8"), name, values), "utf-8")
    read_manifest(manifest)
    return target


def _pointed(text: str, name: str, values: dict[str, str]) -> str:
    """The manifest with the entry's values replaced; everything else stays as it was written."""
    start = text.index(f"[weights.{name}]")
    end = text.find("\n[", start)
    entry = text[start:] if end < 0 else text[start:end]
    changed = entry
    for key, value in values.items():
        changed = re.sub(rf"(?m)^{key} = .*$", f"{key} = {value}", changed)
    return text.replace(entry, changed)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--name", default="avsseg-compact")
    parser.add_argument("--version", required=True)
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    asked = parser.parse_args()
    print(ship(asked.checkpoint, name=asked.name, version=asked.version, weights=asked.weights))


if __name__ == "__main__":
    main()
