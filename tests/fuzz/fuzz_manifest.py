"""Fuzzes the reader of the weight manifest: ``python tests/fuzz/fuzz_manifest.py FOLDER``."""

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import atheris
import campaign

with atheris.instrument_imports(include=["avsseg", "tomllib", "urllib"]):
    from avsseg.weight_manifest import WeightEntry, read_manifest
    from avsseg.weights import cache_folder, shipped_folder, weights_location

PATH = Path(tempfile.mkdtemp()) / "manifest.toml"
ROOT = Path(__file__).parents[2]


def target(data: bytes) -> None:
    """Whatever is accepted keeps the manifest's promises."""
    PATH.write_bytes(data)
    manifest = read_manifest(PATH)
    assert manifest.default is None or manifest.default in manifest.entries
    for name, entry in manifest.entries.items():
        assert name == entry.name
        place = weights_location(entry)
        assert place.resolve().parent in (cache_folder().resolve(), shipped_folder().resolve())
        assert entry.url or entry.sha256


def seeds() -> Iterator[bytes]:
    """The shipped manifest whole, and each of its tables alone."""
    text = (ROOT / "weights/manifest.toml").read_text()
    yield text.encode()
    yield from (f"format = 1\n[weights.{part}".encode() for part in text.split("[weights.")[1:])
    yield b'format = 1\n[weights]\na = {file="b", url="https://[::1]/", what="", licence=""}\n'


if __name__ == "__main__":
    words = [f"{field.name} = " for field in dataclasses.fields(WeightEntry)]
    words += [
        "[weights.",
        "format = 1",
        "https://",
        "http://localhost",
        "../",
        "'''",
        '"',
        "{",
        "[",
    ]
    words += ["\\u0000", "\\n", "1e999", "nan", "0x", "9" * 20, "1979-05-27T07:32:00Z", "true"]
    campaign.main(target, seeds, words)
