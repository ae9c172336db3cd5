"""Clips in, masks out, lazily: the one loop that runs the network on video."""

import logging
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice

import numpy as np
import torch
from torch import Tensor

from avsseg.clip import Clip, ClipMasks
from avsseg.device import autocast, choose_precision
from avsseg.errors import UsageError
from avsseg.examine import Findings, examine, sample_noises
from avsseg.fast.graphs import Recorder, graphs_wanted, recorder_of
from avsseg.fast.ready import ready_copy
from avsseg.media.grey import grey_of_rgb
from avsseg.model.segmenter import AVSegmenter
from avsseg.network_timer import timed_network
from avsseg.stage_timer import NO_TIMER, NoTimer
from avsseg.transforms import stack_clips, to_arrays, to_frames

_log = logging.getLogger(__name__)

_CLIPS_ON_CPU, _CLIPS_ON_ACCELERATOR = 1, 8
_MOST_WORKERS = 4  # each holds the maps of a batch of its own

Launched = list[tuple[list[Clip], Findings]]
Wait = Callable[[], Launched]


def segment_clips(
    model: AVSegmenter,
    clips: Iterable[Clip],
    *,
    seed: int = 0,
    batch_size: int | None = None,
    precision: str = "auto",
    samples: int = 1,
    with_muted: bool = False,
    at_once: int | None = None,
    timer: NoTimer = NO_TIMER,
) -> Generator[ClipMasks, None, None]:
    """Masks of each clip, in the order of the clips; clips are pulled as they are needed.

    What computes is a copy of the network that says the same with less work. On the CPU several
    clips are computed side by side, on a thread for each core that torch may use: that shares the
    work out better than several cores for each convolution.

    When the device's memory does not hold a batch, the batch is halved, with a warning in the log,
    and the work goes on.

    Args:
        model: on the device where it is to run, in evaluation mode.
        clips: pictures in the model's own size.
        seed: decides the noise, together with the clip's index.
        batch_size: clips at a time; None chooses by device. It has no part in the result.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        samples: latents drawn for each clip; masks are their mean, their spread is told as well.
        with_muted: also say what the masks are without sound.
        at_once: the masks of every so many clips are handed out before a further clip is pulled,
            for a source that cannot run ahead.
        timer: told what the parts of the network take.

    Raises:
        UsageError: the precision is unknown, or not even one clip fits the device.
    """
    network = _Network(
        model,
        seed=seed,
        batch_size=batch_size,
        precision=precision,
        samples=samples,
        with_muted=with_muted,
    )
    in_flight: deque[Wait] = deque()
    parts = NO_TIMER if network.recorder else timer  # a graph has none
    with timed_network(network.model, parts), _workers(network, timer) as (launch, lookahead):
        for group in _groups(clips, at_once):
            while batch := list(islice(group, network.batch_size)):
                in_flight.append(launch(batch))
                while len(in_flight) > lookahead:
                    yield from _collect(in_flight.popleft(), timer)
            while in_flight:
                yield from _collect(in_flight.popleft(), timer)


def _groups(clips: Iterable[Clip], size: int | None) -> Iterator[Iterator[Clip]]:
    """The clips in groups of ``size``, each to be worked off before the next is asked for."""
    remaining = iter(clips)
    for first in remaining:
        yield chain((first,), remaining if size is None else islice(remaining, size - 1))


@contextmanager
def _workers(
    network: "_Network", timer: NoTimer
) -> Iterator[tuple[Callable[[list[Clip]], Wait], int]]:
    """Lends what sets batches to work, and says how many may be under way at once.

    On CUDA one computes while the next is made ready. On the CPU each thread of torch becomes a
    worker of its own.
    """
    threads = torch.get_num_threads()
    count = min(threads, _MOST_WORKERS) if network.on_cpu else 1
    if count == 1:
        yield (lambda batch: _done(network.launch(batch))), 0 if network.on_cpu else 1
        return

    def work(batch: list[Clip]) -> Launched:
        with timer.working("network"):
            return network.launch(batch)

    def submit(batch: list[Clip]) -> Wait:
        future: Future[Launched] = pool.submit(work, batch)
        return future.result

    pool = ThreadPoolExecutor(count, "avsseg-network", torch.set_num_threads, (threads // count,))
    try:
        yield submit, count
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)


def _done(launched: Launched) -> Wait:
    return lambda: launched


class _Network:
    """A model with all that a run has fixed about it.

    Attributes:
        model: the copy that computes.
        batch_size: clips at a time; sinks where they do not fit the device.
        recorder: launches the network as one graph, where there are graphs.
        on_cpu: whether it computes where Python does.
    """

    def __init__(
        self,
        model: AVSegmenter,
        *,
        seed: int,
        batch_size: int | None,
        precision: str,
        samples: int,
        with_muted: bool,
    ) -> None:
        self._seed, self._samples, self._with_muted = seed, samples, with_muted
        self._device = model.pixel_mean.device
        self._precision = choose_precision(precision, self._device)
        self._log_offset: float = model.audio_encoder.log_offset  # type: ignore[assignment]
        self.model = ready_copy(model)
        graphs = graphs_wanted(self._device) and not self.model.training
        self.recorder: Recorder | None = recorder_of(self.model) if graphs else None
        self.on_cpu = self._device.type == "cpu"
        self.batch_size = batch_size or (_CLIPS_ON_CPU if self.on_cpu else _CLIPS_ON_ACCELERATOR)

    def launch(self, clips: list[Clip]) -> Launched:
        """Sets the device to work on clips; the result may not be there yet."""
        launched: Launched = []
        while clips:
            size = self.batch_size
            try:
                launched.append(self._launch(clips[:size]))
            except (MemoryError, RuntimeError) as error:
                if not _is_full(error):
                    raise
                self.batch_size = _halved(size, error)
                continue
            clips = clips[size:]
        return launched

    def _launch(self, clips: list[Clip]) -> tuple[list[Clip], Findings]:
        seen = clips
        if self.recorder is not None:  # one recording serves for what is left at the end, too
            seen = clips + clips[-1:] * (self.batch_size - len(clips))
        with torch.inference_mode():
            batch = stack_clips(seen, self._log_offset).to(self._device)
            indices = [clip.index for clip in seen]
            noises = sample_noises(self.model, self._seed, indices, self._samples)
            drawn = [noise for noise in noises if noise is not None]
            return clips, self._found(batch.pixels, batch.log_mel, *drawn)

    def _found(self, *inputs: Tensor) -> Findings:
        if self.recorder is None:
            return self._examine(*inputs)
        kind = self._precision, self._with_muted
        return Findings(
            **self.recorder.call(kind, lambda *places: self._examine(*places).tensors(), *inputs)
        )

    def _examine(self, pixels: Tensor, log_mel: Tensor, *noises: Tensor) -> Findings:
        with autocast(self._precision, self._device):
            return examine(
                self.model,
                to_frames(pixels),
                log_mel,
                noises or (None,),
                with_muted=self._with_muted,
            )


def _is_full(error: Exception) -> bool:
    """Whether memory ran out; on the CPU torch has no class of its own for that."""
    kinds = torch.OutOfMemoryError, MemoryError
    return isinstance(error, kinds) or "DefaultCPUAllocator" in str(error)


def _halved(size: int, error: Exception) -> int:
    if size == 1:
        raise UsageError(
            "the device's memory does not hold a single clip; use --device cpu or free some memory."
        ) from error
    _log.warning("out of device memory with %d clips at a time; going on with %d", size, size // 2)
    torch.cuda.empty_cache()
    return size // 2


def _collect(wait: Wait, timer: NoTimer) -> Iterator[ClipMasks]:
    with timer.waiting("network"):
        launched = wait()
    for clips, found in launched:
        yield from _unpacked(clips, found)


def _unpacked(clips: list[Clip], found: Findings) -> Iterator[ClipMasks]:
    masks, further = (
        to_arrays(found.masks),
        ("spread", "disagreement", "muted", "heard", "embedding"),
    )
    known = {
        name: to_arrays(tensor) for name in further if (tensor := getattr(found, name)) is not None
    }
    for row, clip in enumerate(clips):
        valid = slice(clip.num_valid)
        yield ClipMasks(
            masks=masks[row, valid],
            times=clip.times[valid],
            index=clip.index,
            grey=np.stack([grey_of_rgb(picture) for picture in clip.frames[valid]]),
            **{name: arrays[row, valid] for name, arrays in known.items()},
        )
