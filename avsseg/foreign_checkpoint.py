"""Networks from other people's files: published pickles, opened as numbers only."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from avsseg.checkpoint import compare_shapes, shapes_of
from avsseg.errors import CheckpointError
from avsseg.model.build import build_model
from avsseg.model.foreign import avsbench_state, vggish_state
from avsseg.model.presets import preset
from avsseg.model.segmenter import AVSegmenter

ForeignKind = Literal["avsbench-r50", "avsbench-pvt"]


def load_foreign(path: str | Path, kind: ForeignKind, *, vggish: str | Path) -> AVSegmenter:
    """AVSBench's own network from its published pickle; the sound network is a file beside it.

    The pickles are opened with ``weights_only=True``: nothing in them is run.

    Raises:
        CheckpointError: a file is missing, damaged or does not hold this network.
        ConfigError: ``kind`` names no network.
    """
    model = build_model(preset(kind))
    state = avsbench_state(read_pickle(path))
    sound = vggish_state(read_pickle(vggish))
    state |= {f"audio_encoder.{name}": tensor for name, tensor in sound.items()}
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    compare_shapes(shapes_of(model), shapes, Path(path))
    model.load_state_dict(state, strict=True)
    return model.eval()


def read_pickle(path: str | Path) -> dict[str, Tensor]:
    """The state dict of a foreign ``.pth`` file; names are freed of data-parallel's prefix.

    Raises:
        CheckpointError: the file is missing, or holds anything but tensors by name.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file.")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises whatever the bytes happen to provoke
        raise CheckpointError(
            f"{path}: cannot be opened as plain weights; download it again."
        ) from error
    if not isinstance(state, dict) or not all(isinstance(v, Tensor) for v in state.values()):
        raise CheckpointError(f"{path}: holds more than weights; save its state_dict alone.")
    return {str(name).removeprefix("module."): tensor for name, tensor in state.items()}
