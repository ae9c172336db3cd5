"""Waveform to log-mel patches: the front end of VGGish and YAMNet."""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

SAMPLE_RATE = 16_000
WINDOW = 400  # 25 ms
HOP = 160  # 10 ms
FFT = 512
NUM_MELS = 64
MIN_HZ, MAX_HZ = 125.0, 7500.0
NUM_FRAMES = 96
PATCH_SAMPLES = WINDOW + (NUM_FRAMES - 1) * HOP  # 15 600, 0.975 s
PATCH_HOP = NUM_FRAMES * HOP  # 15 360, 0.96 s: AVSBench's blocks do not overlap


def log_mel(waveform: Tensor, offset: float) -> Tensor:
    """Log-mel patch of 0.975 s of sound: magnitudes, HTK mel bands, ln(mel + offset).

    Frames are cut by hand, without centring: a centred STFT of 512 is another spectrogram.

    Shapes:
        waveform (..., 15600) at 16 kHz in [-1, 1] -> (..., 1, 96, 64)

    Raises:
        ValueError: if the waveform has another length.
    """
    if waveform.shape[-1] != PATCH_SAMPLES:
        raise ValueError(f"a patch needs {PATCH_SAMPLES} samples, not {waveform.shape[-1]}")
    window = torch.hann_window(WINDOW, periodic=True, dtype=torch.float64).to(waveform)
    frames = waveform.unfold(-1, WINDOW, HOP) * window
    spectrum = torch.fft.rfft(frames, n=FFT).abs()
    mel = spectrum @ torch.from_numpy(mel_matrix()).to(waveform)
    return torch.log(mel + offset).unsqueeze(-3)


@lru_cache(maxsize=1)
def mel_matrix() -> NDArray[np.float64]:
    """Triangles (257, 64) linear in HTK mel between 125 and 7500 Hz, without area normalisation."""
    bins = _hz_to_mel(np.linspace(0.0, SAMPLE_RATE / 2, FFT // 2 + 1))
    edges = np.linspace(_hz_to_mel(MIN_HZ), _hz_to_mel(MAX_HZ), NUM_MELS + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins[:, None] - lower) / (centre - lower)
    falling = (upper - bins[:, None]) / (upper - centre)
    matrix = np.maximum(0.0, np.minimum(rising, falling))
    matrix[0] = 0.0
    return matrix


def benchmark_patches(waveform: Tensor) -> Tensor:
    """Cuts sound into AVSBench's blocks of 0.975 s every 0.96 s.

    Shapes:
        (S,) -> (n, 15600); n = 5 for 5 s, 10 for 10 s
    """
    return waveform.unfold(-1, PATCH_SAMPLES, PATCH_HOP)


def _hz_to_mel(hz: float | NDArray[np.float64]) -> NDArray[np.float64]:
    return 1127.0 * np.log1p(np.asarray(hz, dtype=np.float64) / 700.0)
