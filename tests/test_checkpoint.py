"""Checkpoints describe themselves, and what is wrong with one is said in one line."""

import dataclasses
import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from avsseg.checkpoint import (
    FORMAT,
    load_checkpoint,
    load_model,
    read_header,
    save_checkpoint,
    sketch,
)
from avsseg.errors import CheckpointError, UsageError
from avsseg.model.build import build_model
from avsseg.model.segmenter import AVSegmenter


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> AVSegmenter:
    return load_checkpoint(tiny_checkpoint)


def metadata_of(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return dict(file.metadata())


def rewritten(source: Path, target: Path, tensors=None, **changes: str) -> Path:
    metadata = metadata_of(source) | changes
    save_file(tensors or load_file(source), target, metadata)
    return target


def one_line(path: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load_checkpoint(path)
    message = str(caught.value)
    assert "\n" not in message
    assert str(path) in message
    return message


def test_a_saved_network_comes_back_the_same_in_single_precision(model, tmp_path):
    """Without halving, every number survives the file."""
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, model, half=False)
    loaded = load_checkpoint(path)

    assert loaded.config == model.config
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name


def test_halving_stores_matrices_in_float16_and_leaves_counters_and_norms(model, tmp_path):
    """Integer buffers and one-dimensional statistics are not touched."""
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, model)
    tensors = load_file(path)

    for name, tensor in model.state_dict().items():
        half = tensor.dtype == torch.float32 and tensor.dim() >= 2
        assert tensors[name].dtype == (torch.float16 if half else tensor.dtype), name


def test_weights_that_float16_cannot_hold_stay_in_float32(tiny_config, tmp_path):
    """A value above 65504 would become infinite."""
    model = build_model(tiny_config)
    weight = next(p for p in model.films.parameters() if p.dim() == 2)
    with torch.no_grad():
        weight[0, 0] = 1e6
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, model)

    assert max(float(t.max()) for t in load_checkpoint(path).films.state_dict().values()) == 1e6


def test_loading_draws_nothing_from_the_network_and_ends_in_evaluation_mode(
    tiny_checkpoint, monkeypatch
):
    """A loaded network is complete in itself."""
    import socket

    monkeypatch.setattr(socket, "socket", None)
    loaded = load_model(tiny_checkpoint, "cpu")

    assert not loaded.training
    assert all(p.dtype == torch.float32 for p in loaded.parameters())


def test_the_header_tells_config_and_training_without_the_weights(model, tmp_path):
    """What `weights list` shows costs no loading."""
    path = tmp_path / "m.safetensors"
    save_checkpoint(path, model, summary={"steps": "12"})
    header = read_header(path)

    assert header.config == model.config
    assert header.summary == {"steps": "12"}
    assert header.shapes == {n: tuple(t.shape) for n, t in model.state_dict().items()}


def test_a_failed_save_leaves_the_earlier_file(model, tmp_path, monkeypatch):
    """A checkpoint is replaced whole or not at all."""
    import avsseg.checkpoint

    path = tmp_path / "m.safetensors"
    path.write_bytes(b"earlier")

    def torn(_tensors, file, _metadata):
        Path(file).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(avsseg.checkpoint, "save_file", torn)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, model)

    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_is_as_readable_as_any_new_file(model, tmp_path):
    """What is installed for all users can be read by all users."""
    path, plain = tmp_path / "m.safetensors", tmp_path / "plain"
    plain.touch()
    save_checkpoint(path, model)

    assert path.stat().st_mode == plain.stat().st_mode


def test_a_pickle_is_refused_and_never_opened(tmp_path):
    """Both forms of torch.save and plain pickles are named as what they are."""
    new, old, plain = (tmp_path / n for n in ("new.pth", "old.pth", "x.safetensors"))
    torch.save({"a": torch.zeros(1)}, new)
    torch.save({"a": torch.zeros(1)}, old, _use_new_zipfile_serialization=False)
    plain.write_bytes(pickle.dumps({"a": 1}, protocol=4))

    for path in (new, old, plain):
        message = one_line(path)
        assert "is a pickle" in message
        assert "avsseg weights list" in message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        b"<!DOCTYPE html><html>not found</html>",
        b"\xff" * 64,
        (1 << 62).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"{}",
        (9).to_bytes(8, "little") + b'{"a": 1}}',
    ],
)
def test_damaged_files_end_in_one_line(content, tmp_path):
    """Empty, cut, foreign and lying headers are all told apart from a network."""
    path = tmp_path / "m.safetensors"
    path.write_bytes(content)

    one_line(path)


def test_a_cut_file_ends_in_one_line(tiny_checkpoint, tmp_path):
    """An unfinished copy is not taken for a network."""
    path = tmp_path / "m.safetensors"
    path.write_bytes(tiny_checkpoint.read_bytes()[:-1000])

    one_line(path)


def test_a_missing_file_and_a_pointer_are_named(tmp_path):
    """Git LFS pointers are what a clone without LFS holds."""
    assert "no such file" in one_line(tmp_path / "absent.safetensors")
    pointer = tmp_path / "p.safetensors"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")

    assert "git lfs pull" in one_line(pointer)


def test_a_newer_format_asks_for_an_upgrade(tiny_checkpoint, tmp_path):
    """An old program does not guess at a new layout."""
    path = rewritten(tiny_checkpoint, tmp_path / "m.safetensors", avsseg_format=str(FORMAT + 1))

    assert "upgrade avsseg" in one_line(path)


def test_a_newer_config_names_the_field_it_does_not_know(tiny_checkpoint, tmp_path):
    """Unknown settings are never dropped in silence."""
    config = json.loads(metadata_of(tiny_checkpoint)["config"]) | {"telepathy": True}
    path = rewritten(tiny_checkpoint, tmp_path / "m.safetensors", config=json.dumps(config))

    assert "telepathy" in one_line(path)


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, "9" * 5000, '{"channels": "many"}'])
def test_a_damaged_config_ends_in_one_line(text, tiny_checkpoint, tmp_path):
    """Text that is no table of settings is refused."""
    one_line(rewritten(tiny_checkpoint, tmp_path / "m.safetensors", config=text))


@pytest.mark.parametrize(
    "lie",
    [
        {"channels": 10**7},
        {"latent_dim": 10**9},
        {"backbone": "no_such_net"},
        {"backbone": "hf-hub:some/network"},
        {"backbone": "resnet18.x:y"},
        {"backbone": "vit_tiny_patch16_224"},
        {"num_classes": -3},
        {"decoder_channels": -1},
        {"kind": "ed"},
    ],
)
def test_a_config_that_lies_about_the_weights_costs_no_memory(lie, tiny_checkpoint, tmp_path):
    """The claimed network is held against the file's shapes before any of it is allocated."""
    config = json.loads(metadata_of(tiny_checkpoint)["config"]) | lie
    path = rewritten(tiny_checkpoint, tmp_path / "m.safetensors", config=json.dumps(config))
    one_line(path)
    if lie != {"kind": "ed"}:  # which is a network, but not this one
        with pytest.raises(CheckpointError):
            sketch(path, read_header(path).config)


def test_missing_and_unknown_tensors_are_listed(tiny_checkpoint, tmp_path):
    """Nothing is filled in with random numbers."""
    tensors = load_file(tiny_checkpoint)
    gone = sorted(tensors)[0]
    del tensors[gone]
    tensors["surplus"] = torch.zeros(1)
    message = one_line(rewritten(tiny_checkpoint, tmp_path / "m.safetensors", tensors))

    assert gone in message
    assert "surplus" in message


def test_weights_that_are_no_numbers_are_refused(tiny_checkpoint, tmp_path):
    """A training that ran away is noticed at loading, not in black masks."""
    tensors = load_file(tiny_checkpoint)
    name = next(n for n, t in tensors.items() if t.dim() == 4)
    tensors[name] = tensors[name] * float("nan")

    assert name in one_line(rewritten(tiny_checkpoint, tmp_path / "m.safetensors", tensors))


def test_another_programs_safetensors_is_told_apart(tmp_path):
    """A file without a config is not guessed at."""
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(1)}, path)

    assert "not one of avsseg's" in one_line(path)


def test_an_absent_device_is_an_error_of_usage(tiny_checkpoint):
    """A named device never falls back in silence."""
    if torch.cuda.is_available():
        pytest.skip("this machine has CUDA")
    with pytest.raises(UsageError, match="cuda"):
        load_model(tiny_checkpoint, "cuda")


def test_every_kind_of_network_survives_its_own_file(tiny_config, tmp_path):
    """The config in the file is enough to build each of them."""
    for kind in ("ldm", "cvae", "ed"):
        config = dataclasses.replace(tiny_config, kind=kind, num_classes=3)
        path = tmp_path / f"{kind}.safetensors"
        save_checkpoint(path, build_model(config))

        assert load_checkpoint(path).config == config
