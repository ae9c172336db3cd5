"""The sampling loop's small CUDA kernels, recorded once and then launched as one graph."""

import os
from collections.abc import Callable

import torch
from torch import Tensor

from avsseg.model.segmenter import AVSegmenter

WANTED = "AVSSEG_CUDA_GRAPHS"
"""Environment variable that asks for it; off by default, as it has not been run on a GPU yet."""

_WARM_UPS = 3  # as torch asks for: libraries choose their kernels in the first calls

Function = Callable[..., Tensor]
Recording = tuple[Callable[[], None], Tensor]
Record = Callable[[Function, tuple[Tensor, ...]], Recording]


def graphs_wanted(device: torch.device) -> bool:
    """Whether the user asked for graphs and the device has them."""
    return device.type == "cuda" and os.environ.get(WANTED) == "1"


def launch_sampling_as_graph(model: AVSegmenter) -> None:
    """Lets a copy for inference sample its latents by one launch instead of some hundred."""
    whole = model.sample_from_condition
    recorded = Recorded(whole)

    def sample(c: Tensor | None, noise: Tensor) -> Tensor:
        return whole(c, noise) if c is None else recorded(c, noise)

    model.sample_from_condition = sample  # type: ignore[method-assign]


def record_graph(function: Function, places: tuple[Tensor, ...]) -> Recording:
    """What replays a function on the tensors at ``places``, and where its result comes to lie."""
    stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(_WARM_UPS):
            function(*places)
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):
        output = function(*places)
    return graph.replay, output


class Recorded:
    """A function of tensors, recorded for each shape of its inputs.

    A recording reads and writes at places of its own, so inputs are copied in and results out.
    """

    def __init__(self, function: Function, record: Record = record_graph) -> None:
        self._function, self._record = function, record
        self._known: dict[tuple[object, ...], tuple[tuple[Tensor, ...], Recording]] = {}

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The function's result, its own however often it is called."""
        key = tuple((x.shape, x.dtype, x.device) for x in inputs)
        if key not in self._known:
            places = tuple(x.clone() for x in inputs)
            self._known[key] = places, self._record(self._function, places)
        places, (replay, output) = self._known[key]
        for place, x in zip(places, inputs, strict=True):
            place.copy_(x)
        replay()
        return output.clone()
