"""The one place of network files: a checkpoint describes itself and holds nothing but numbers."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from avsseg.device import choose_device
from avsseg.errors import CheckpointError, ConfigError, UsageError
from avsseg.media.publish import publish_file
from avsseg.model.build import build_model
from avsseg.model.config import ModelConfig
from avsseg.model.segmenter import AVSegmenter
from avsseg.weights import resolve_weights

FORMAT = 1
"""Number of the layout below; a file with a higher one was made by a newer avsseg."""

_LARGEST_NUMBER = 16_384
"""No width, size or count of a network comes near it; a header that claims more lies."""

_FORMAT_KEY, _CONFIG_KEY, _SUMMARY_KEY = "avsseg_format", "config", "summary"


@dataclass(frozen=True, kw_only=True)
class CheckpointHeader:
    """What a checkpoint says of itself, read without its weights.

    Attributes:
        config: the network.
        summary: how it was trained, in words and figures.
        shapes: the shape of every tensor by its name.
    """

    config: ModelConfig
    summary: dict[str, str]
    shapes: dict[str, tuple[int, ...]]


def save_checkpoint(
    path: str | Path,
    model: AVSegmenter,
    *,
    summary: Mapping[str, str] | None = None,
    half: bool = True,
    overwrite: bool = True,
) -> None:
    """Writes a network with its config and training summary as one safetensors file.

    With ``half``, weights of two and more dimensions are stored in float16 where it can hold
    them; biases, norms and running statistics stay as they are. The file appears whole or not at
    all.

    Raises:
        MediaError: the file cannot be written.
    """
    tensors = {name: _stored(tensor, half) for name, tensor in model.state_dict().items()}
    metadata = {
        _FORMAT_KEY: str(FORMAT),
        _CONFIG_KEY: json.dumps(model.config.to_dict()),
        _SUMMARY_KEY: json.dumps(dict(summary or {})),
    }
    with publish_file(Path(path), overwrite=overwrite) as temporary:
        save_file(tensors, temporary, metadata)


def load_model(
    weights: str | Path | None = None,
    device: str = "auto",
    *,
    resolution: int | None = None,
    offline: bool = False,
) -> AVSegmenter:
    """The network of a checkpoint, by name or path (None: the shipped one), ready to predict.

    Args:
        weights: a name of ``avsseg weights list``, or a path.
        device: as for ``choose_device``.
        resolution: side of the square pictures that it looks at, in pixels; None for its own.
        offline: weights that are not here are not downloaded.

    Raises:
        CheckpointError: the file is missing, damaged, of another program or of a newer avsseg.
        UsageError: the device is not here, or the resolution is no multiple of 32.
    """
    chosen = choose_device(device)
    model = load_checkpoint(resolve_weights(weights, offline=offline))
    if resolution is not None:
        model.config = _at_resolution(model.config, resolution)
    return model.to(chosen)


def _at_resolution(config: ModelConfig, resolution: int) -> ModelConfig:
    try:
        return config.at_size(resolution)
    except ConfigError as error:
        raise UsageError(
            f"resolution {resolution}: it must be a multiple of 32, such as 224 or 384."
        ) from error


def load_checkpoint(path: str | Path) -> AVSegmenter:
    """The network of a checkpoint file, on the CPU, in evaluation mode, in float32.

    Raises:
        CheckpointError: as :func:`load_model`.
    """
    path = Path(path)
    header = read_header(path)
    compare_shapes(shapes_of(sketch(path, header.config)), header.shapes, path)
    model = build_model(header.config)
    with _readable(path):
        tensors = load_file(path, device="cpu")
    _refuse_infinite(tensors, path)
    model.load_state_dict(tensors, strict=True)
    return model.eval()


def read_header(path: str | Path) -> CheckpointHeader:
    """What a checkpoint says of itself; costs milliseconds, whatever its size.

    Raises:
        CheckpointError: as :func:`load_model`.
    """
    path = Path(path)
    _refuse_strangers(path)
    with _readable(path), safe_open(path, framework="pt") as file:
        metadata = file.metadata() or {}
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    _check_format(metadata, path)
    try:
        config = ModelConfig.from_dict(_table(metadata, _CONFIG_KEY, path))
    except ConfigError as error:
        raise CheckpointError(f"{path}: its config is not understood: {error}") from error
    summary = {key: str(value) for key, value in _table(metadata, _SUMMARY_KEY, path).items()}
    return CheckpointHeader(config=config, summary=summary, shapes=shapes)


def _stored(tensor: Tensor, half: bool) -> Tensor:
    tensor = tensor.detach().cpu().contiguous()
    if not half or tensor.dtype != torch.float32 or tensor.dim() < 2:
        return tensor.clone()
    halved = tensor.half()
    return halved if torch.isfinite(halved).all() else tensor.clone()


def _refuse_strangers(path: Path) -> None:
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file.")
    with path.open("rb") as file:
        start = file.read(64)
    # The length that a safetensors file begins with may look like a pickle; its "{" does not.
    if start[:2] == b"PK" or (start[:1] == b"\x80" and start[8:9] != b"{"):
        raise CheckpointError(
            f"{path}: is a pickle, which can run code as it opens; name a .safetensors file "
            "made by 'avsseg train', or weights of 'avsseg weights list'."
        )
    if start.startswith(b"version https://git-lfs"):
        raise CheckpointError(f"{path}: is a Git LFS pointer; run 'git lfs pull' for the file.")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turns the failures of a damaged file into one line."""
    try:
        yield
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: is no whole safetensors file ({_first_line(error)}); "
            "download or copy it again."
        ) from error


def _check_format(metadata: Mapping[str, str], path: Path) -> None:
    number = metadata.get(_FORMAT_KEY, "")
    if not (number.isdecimal() and len(number) < 10) or _CONFIG_KEY not in metadata:
        raise CheckpointError(
            f"{path}: is a safetensors file, but not one of avsseg's; "
            "name a checkpoint made by 'avsseg train'."
        )
    if int(number) > FORMAT:
        raise CheckpointError(
            f"{path}: has format {number}, this avsseg knows up to {FORMAT}; upgrade avsseg."
        )


def _table(metadata: Mapping[str, str], key: str, path: Path) -> dict[str, Any]:
    try:
        table = json.loads(metadata.get(key, "{}"))
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: its {key} is damaged; download it again.") from error
    if not isinstance(table, dict):
        raise CheckpointError(f"{path}: its {key} is damaged; download it again.")
    return table


def _refuse_infinite(tensors: Mapping[str, Tensor], path: Path) -> None:
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(f"{path}: {name} holds values that are no numbers; train anew.")


def sketch(path: Path, config: ModelConfig) -> AVSegmenter:
    """The network of a checkpoint's config, without its memory: a header may claim anything.

    Raises:
        CheckpointError: the config describes no network.
    """
    for name, value in config.to_dict().items():
        if isinstance(value, int) and value > _LARGEST_NUMBER:
            raise CheckpointError(f"{path}: its config asks for {name} = {value}, beyond reason.")
    try:
        with torch.device("meta"):
            return build_model(config)
    except ConfigError as error:
        raise CheckpointError(f"{path}: its config is not understood: {error}") from error
    except Exception as error:  # timm and torch raise whatever a config happens to provoke
        raise CheckpointError(
            f"{path}: its config describes no network ({_first_line(error)})."
        ) from error


def shapes_of(model: AVSegmenter) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of a network by its name."""
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def compare_shapes(
    wanted: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]], path: Path
) -> None:
    """Holds a file's tensors against a network's.

    Raises:
        CheckpointError: a name is missing or unknown (the first few are listed), or a shape
            differs.
    """
    missing = sorted(wanted.keys() - found.keys())
    extra = sorted(found.keys() - wanted.keys())
    if missing or extra:
        parts = [_listed("lacks", missing), _listed("has unknown", extra)]
        raise CheckpointError(
            f"{path}: does not fit its network: {' and '.join(filter(None, parts))}."
        )
    for name, shape in wanted.items():
        if found[name] != shape:
            raise CheckpointError(
                f"{path}: does not fit its network: {name} is {found[name]}, not {shape}."
            )


def _listed(verb: str, names: list[str]) -> str:
    if not names:
        return ""
    return f"{verb} {', '.join(names[:3])}" + (f" and {len(names) - 3} more" if names[3:] else "")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
