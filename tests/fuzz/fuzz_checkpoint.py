"""Fuzzes the loader of checkpoints: ``python tests/fuzz/fuzz_checkpoint.py FOLDER``.

An input that begins with ``h`` is the header alone, as JSON whose ``__metadata__`` may be nested:
its length and as many zeros as it lays claim to are added. Any other input is the file itself.
"""

import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import atheris
import campaign

with atheris.instrument_imports(include=["avsseg"]):
    from avsseg.checkpoint import load_checkpoint, read_header, save_checkpoint
    from avsseg.foreign_checkpoint import read_pickle
    from avsseg.model.build import build_model
    from avsseg.model.config import ModelConfig
    from avsseg.model.presets import PRESETS, preset

FOLDER = Path(tempfile.mkdtemp())
PATH = FOLDER / "network.safetensors"
MOST_ZEROS = 8 * 2**20
STRANGE: list[Any] = [
    0, -1, 1, 3, 2**14, 2**31, 2**63, 2**64, 10**400, 0.5, 1e308, float("nan"), True, None, "", "x",
    "../../x", "resnet50", "none", [], [0], [-1], [2**40], [2**63, 2**63], {}, {"a": {}}, "F16",
    "BOOL", "F8_E4M3", "C64", [[[]]], "9" * 5000,
]  # fmt: skip


def target(data: bytes) -> None:
    """The header, the network behind it, and the pickles of other projects."""
    PATH.write_bytes(whole(data[1:]) if data[:1] == b"h" else data)
    if data[:1] == b"P":
        read_pickle(PATH)
        return
    header = read_header(PATH)
    assert all("\n" not in key for key in header.config.to_dict())
    assert not load_checkpoint(PATH).training


def whole(header: bytes) -> bytes:
    """A file around a header."""
    size = 0
    try:
        values = json.loads(header)
        metadata = values.get("__metadata__")
        if isinstance(metadata, dict):
            values["__metadata__"] = {name: text(value) for name, value in metadata.items()}
        ends = [entry["data_offsets"][1] for name, entry in values.items() if name[:2] != "__"]
        size = min(max(ends, default=0), MOST_ZEROS)
        header = json.dumps(values).encode()
        return len(header).to_bytes(8, "little") + header + bytes(size)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        return len(header).to_bytes(8, "little") + header


def text(value: Any) -> Any:
    """Metadata as safetensors stores it."""
    return json.dumps(value) if isinstance(value, dict | list) else value


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """Changes one value of a header, or some of its bytes."""
    chance = random.Random(seed)
    if data[:1] != b"h" or chance.random() < 0.3:
        return atheris.Mutate(data, most)
    try:
        header = json.loads(data[1:])
        for _ in range(chance.randint(1, 3)):
            change(header, chance)
        return (b"h" + json.dumps(header).encode())[:most]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return atheris.Mutate(data, most)


def change(header: dict[str, Any], chance: random.Random) -> None:
    """Puts something strange in one place, most often into the network's config."""
    metadata = header.get("__metadata__", {})
    table = metadata.get("config") if chance.random() < 0.7 else header
    table = table if isinstance(table, dict) and table else header
    while True:
        name = chance.choice(list(table))
        if isinstance(table[name], dict) and table[name] and chance.random() < 0.9:
            table = table[name]
            continue
        what = chance.random()
        if what < 0.1:
            table[chance.choice(["x", "", "a.b", "\n"])] = table.pop(name)
        elif isinstance(table[name], int) and what < 0.6:
            table[name] = chance.choice([table[name] * 2, table[name] + 1, -table[name], 0, 7])
        elif isinstance(table[name], list) and table[name] and what < 0.6:
            place = chance.randrange(len(table[name]))
            table[name][place] = chance.choice([0, -1, 1, 2**62, 2**14, table[name][place] * 2])
        else:
            table[name] = chance.choice(STRANGE)
        return


def tiny(**changes: Any) -> ModelConfig:
    """The smallest network of each kind."""
    import dataclasses

    narrow: dict[str, Any] = {
        "backbone": "test_efficientnet", "image_size": 64, "channels": 8, "decoder_channels": 8,
        "audio_hidden": 8, "latent_hidden": 8, "denoiser_widths": (8, 8, 8, 8), "time_dim": 8,
    }  # fmt: skip
    return dataclasses.replace(preset("compact"), **(narrow | changes))


def seeds() -> Iterator[bytes]:
    """A header of the tiny network, its first kilobytes as they are, and a pickle."""
    import torch

    save_checkpoint(FOLDER / "seed.safetensors", build_model(tiny()), summary={"made": "now"})
    data = (FOLDER / "seed.safetensors").read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    metadata = header["__metadata__"]
    metadata["config"], metadata["summary"] = map(
        json.loads, (metadata["config"], metadata["summary"])
    )
    yield b"h" + json.dumps(header).encode()
    for name in PRESETS:
        about = metadata | {"config": preset(name).to_dict()}
        yield b"h" + json.dumps({"__metadata__": about}).encode()
    yield data[: 8 + size]
    yield b"h" + json.dumps({"__metadata__": {"avsseg_format": "1", "config": {}}}).encode()
    torch.save({"module.a": torch.zeros(2)}, FOLDER / "seed.pth")
    yield (FOLDER / "seed.pth").read_bytes()


if __name__ == "__main__":
    names = ['"dtype"', '"shape"', '"data_offsets"', "__metadata__", "avsseg_format", "config"]
    campaign.main(target, seeds, names, mutate)
