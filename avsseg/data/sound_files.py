"""The sound of a benchmark clip: pickled log-mel or a wav file, as AVSBench's blocks."""

import io
import pickle
import wave
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from avsseg.errors import DataError
from avsseg.log_mel import PATCH_SAMPLES, SAMPLE_RATE, benchmark_patches, log_mel
from avsseg.media.extract import read_sound

VGGISH_OFFSET = 0.01
"""The number that AVSBench's log-mel files have under the logarithm."""

_SAFE = {
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("collections", "OrderedDict"): OrderedDict,
}


def read_log_mel(path: Path) -> Tensor:
    """A pickled log-mel tensor; nothing but a tensor is ever unpickled.

    Shapes:
        -> (n, 1, 96, 64) float32

    Raises:
        DataError: if the file is missing, holds anything but such a tensor or is damaged.
    """
    if not path.is_file():
        raise DataError(f"{path}: the file is missing; 'avsseg data prepare' can make it.")
    try:
        value = _unpickle(path.read_bytes())
    except (pickle.UnpicklingError, EOFError, RuntimeError, ValueError, TypeError) as error:
        raise DataError(f"{path}: holds no tensor or is damaged; make it again.") from error
    if not isinstance(value, Tensor) or value.ndim != 4 or value.shape[1:] != (1, 96, 64):
        raise DataError(f"{path}: holds no log-mel of shape (n, 1, 96, 64); make it again.")
    return value.detach().float()


def write_log_mel(path: Path, patches: Tensor) -> None:
    """Writes a log-mel in the form that AVSBench's loaders unpickle."""
    with path.open("wb") as file:
        pickle.dump(patches.contiguous().clone(), file)


def read_wav(path: Path) -> NDArray[np.float32]:
    """A sound file as mono at 16 kHz, channels averaged; 16-bit PCM is int16 / 32768.

    Shapes:
        -> (S,) float32 in [-1, 1]

    Raises:
        DataError: if it is missing.
        MediaError: if it cannot be read.
    """
    if not path.is_file():
        raise DataError(f"{path}: the file is missing; 'avsseg data prepare' can make it.")
    mono = _read_pcm(path)
    return read_sound(path) if mono is None else mono


def log_mel_blocks(sound: NDArray[np.float32], *, offset: float = VGGISH_OFFSET) -> Tensor:
    """The log-mel of each whole block of a sound: 0.975 s long, one every 0.96 s.

    Shapes:
        sound (S,) at 16 kHz -> (n, 1, 96, 64); n = 5 for 5 s, 0 below 0.975 s
    """
    if len(sound) < PATCH_SAMPLES:
        return torch.zeros(0, 1, 96, 64)
    return log_mel(benchmark_patches(torch.from_numpy(sound)), offset)


def fit_blocks(blocks: Tensor, count: int, *, name: str, repeat: bool) -> Tensor:
    """Exactly ``count`` blocks: the last one repeated (S4, MS3) or zeros appended (AVSS).

    Blocks beyond ``count`` are cut off, where AVSBench leaves the clip out. The zeros are those
    of AVSBench's semantic loader; they are not silence.

    Shapes:
        (n, 1, 96, 64) -> (count, 1, 96, 64)

    Raises:
        DataError: if there is no block at all.
    """
    found = len(blocks)
    if not found:
        raise DataError(f"{name}: the sound is shorter than one block (0.975 s).")
    if found > count:
        return blocks[:count]
    filler = blocks[-1:] if repeat else torch.zeros_like(blocks[-1:])
    return torch.cat([blocks, filler.expand(count - found, -1, -1, -1)])


def change_offset(patches: Tensor, offset: float) -> Tensor:
    """Stored log-mel (offset 0.01) as if another number stood under the logarithm."""
    if offset == VGGISH_OFFSET:
        return patches
    mel = (patches.double().exp() - VGGISH_OFFSET).clamp_min(0)
    return (mel + offset).log().to(patches.dtype)


def _read_pcm(path: Path) -> NDArray[np.float32] | None:
    """The sound of a wav file as AVSBench writes them, None for any other kind."""
    try:
        with wave.open(str(path)) as file:
            if file.getsampwidth() != 2 or file.getframerate() != SAMPLE_RATE:
                return None
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
            channels = samples.reshape(-1, file.getnchannels())
    except (wave.Error, EOFError, ValueError):
        return None
    return np.asarray(channels.mean(axis=1) / 32768, np.float32)


def _unpickle(data: bytes) -> Any:
    if data[:2] == b"PK":
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    value = _TensorUnpickler(io.BytesIO(data)).load()
    if isinstance(value, int):  # torch.save's older format begins with a magic number
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    return value


class _TensorUnpickler(pickle.Unpickler):
    """Rebuilds a plainly pickled tensor and refuses every other name."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("torch.storage", "_load_from_bytes"):
            return _load_storage
        try:
            return _SAFE[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not part of a tensor") from None


def _load_storage(data: bytes) -> Any:
    return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
