"""Passes through the network, each recorded once and then launched as one CUDA graph."""

import logging
import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from threading import Lock
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from avsseg.model.segmenter import AVSegmenter

SWITCH = "AVSSEG_CUDA_GRAPHS"
"""Environment variable; with 0, every kernel is launched by itself."""

_log = logging.getLogger(__name__)

_WARM_UPS = 3  # as torch asks for: libraries choose their kernels in the first calls

Places = tuple[Tensor, ...]
Results = dict[str, Tensor]
Function = Callable[..., Results]


@dataclass(frozen=True)
class Recording:
    """A function on tensors at fixed places.

    Attributes:
        replay: reads the inputs' places and writes the outputs'.
    """

    inputs: Places
    replay: Callable[[], None]
    outputs: Results


Record = Callable[[Function, Places], Recording]


def graphs_wanted(device: torch.device) -> bool:
    """Whether the device has graphs and the user has not switched them off."""
    return device.type == "cuda" and os.environ.get(SWITCH) != "0"


def record_graph(function: Function, inputs: Places) -> Recording:
    """Records a function on a CUDA device.

    Raises:
        RuntimeError: it does what no graph can hold, or memory runs out.
    """
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(_WARM_UPS):
            function(*inputs)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        outputs = function(*inputs)
    return Recording(inputs, graph.replay, outputs)


class Recorder:
    """Calls functions of tensors by what was recorded of them: some hundred launches in one.

    A recording reads and writes at places of its own, so inputs are copied in and results out.
    What cannot be recorded is called as it is from then on.
    """

    def __init__(self, record: Record = record_graph) -> None:
        self._record = record
        self._known: dict[Hashable, Recording | None] = {}
        self._one_at_a_time = Lock()

    def call(self, kind: Hashable, function: Function, *inputs: Tensor) -> Results:
        """The function's results; ``kind`` stands for all that decides them but the inputs."""
        key = kind, *((x.shape, x.dtype, x.device) for x in inputs)
        with self._one_at_a_time:
            if key not in self._known:
                self._known[key] = self._recorded(function, inputs)
            known = self._known[key]
            if known is None:
                return function(*inputs)
            for place, x in zip(known.inputs, inputs, strict=True):
                place.copy_(x)
            known.replay()
            return {name: output.clone() for name, output in known.outputs.items()}

    def _recorded(self, function: Function, inputs: Places) -> Recording | None:
        try:
            return self._record(function, tuple(x.clone() for x in inputs))
        except torch.OutOfMemoryError:
            raise
        except RuntimeError as error:
            _log.warning("kernels are launched one by one, as no CUDA graph holds them: %s", error)
            return None


_recorders: "WeakKeyDictionary[AVSegmenter, Recorder]" = WeakKeyDictionary()


def recorder_of(model: AVSegmenter) -> Recorder:
    """What keeps the recordings of a network, for as long as the network is there."""
    return _recorders.setdefault(model, Recorder())
