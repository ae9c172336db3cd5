"""All that a run needs to go on as if it had never stopped: one file, replaced as a whole."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from avsseg.errors import CheckpointError, MediaError
from avsseg.media.publish import publish_file

FORMAT = 1

State = dict[str, Any]


def random_state() -> State:
    """The state of every global generator of this process."""
    kind, keys, *rest = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (kind, keys.tolist(), *rest),  # type: ignore[union-attr]
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def restore_random_state(state: State) -> None:
    """Puts every global generator back; those of devices that are not here stay as they are."""
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, np.uint32), *rest))
    torch.set_rng_state(state["torch"])
    if len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])


def write_state(path: Path, state: State) -> None:
    """Writes a state; the file changes at one moment, or not at all.

    Raises:
        MediaError: the file cannot be written, or the disk is full; the earlier one is kept.
    """
    with explained(path), publish_file(path, overwrite=True) as temporary:
        torch.save({"format": FORMAT, **state}, temporary)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns the failures of tensor writers, which hide what the system said, into one line.

    Raises:
        MediaError: in place of them.
    """
    try:
        yield
    except (RuntimeError, SafetensorError) as error:
        raise MediaError(
            f"{path}: cannot be written whole; the disk may be full. What was there is kept."
        ) from error


def read_state(path: Path) -> State:
    """Reads a state; nothing in the file is run.

    Raises:
        CheckpointError: the file is missing, damaged or of a newer avsseg.
    """
    try:
        state: State = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: no such file.") from error
    except Exception as error:  # torch raises whatever the bytes happen to provoke
        raise CheckpointError(f"{path}: cannot be read; the run cannot be resumed.") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise CheckpointError(f"{path}: is of another avsseg's making; resume it with that one.")
    return state
