"""The same figures for TensorBoard, where that is installed (``avsseg[tensorboard]``)."""

from collections.abc import Callable, Mapping
from pathlib import Path

Record = Callable[[Mapping[str, float], int], None]


def open_tensorboard(folder: Path) -> Record:
    """A function that records named values at a step; without TensorBoard it does nothing."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return lambda values, step: None
    writer = SummaryWriter(str(folder))

    def record(values: Mapping[str, float], step: int) -> None:
        for name, value in values.items():
            writer.add_scalar(name, value, step)
        writer.flush()

    return record
