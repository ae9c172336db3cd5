"""Clips in, masks out, lazily: the one loop that runs the network on video."""

import logging
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

import torch

from avsseg.clip import Clip, ClipMasks
from avsseg.device import autocast, choose_precision
from avsseg.errors import UsageError
from avsseg.examine import Findings, examine, sample_noises
from avsseg.model.segmenter import AVSegmenter
from avsseg.transforms import stack_clips, to_arrays, to_frames

_log = logging.getLogger(__name__)

_CLIPS_ON_CPU, _CLIPS_ON_ACCELERATOR = 1, 8

Launched = tuple[list[Clip], Findings]


def segment_clips(
    model: AVSegmenter,
    clips: Iterable[Clip],
    *,
    seed: int = 0,
    batch_size: int | None = None,
    precision: str = "auto",
    samples: int = 1,
    with_muted: bool = False,
) -> Iterator[ClipMasks]:
    """Masks of each clip, in the order of the clips; clips are pulled one batch at a time.

    When CUDA's memory does not hold a batch, the batch is halved, with a warning in the log, and
    the work goes on.

    Args:
        model: on the device where it is to run, in evaluation mode.
        clips: pictures in the model's own size.
        seed: decides the noise, together with the clip's index.
        batch_size: clips at a time; None chooses by device. It has no part in the result.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        samples: latents drawn for each clip; masks are their mean, their spread is told as well.
        with_muted: also say what the masks are without sound.

    Raises:
        UsageError: the precision is unknown, or not even one clip fits the device.
    """
    network = _Network(
        model, seed=seed, precision=precision, samples=samples, with_muted=with_muted
    )
    size = network.batch_size(batch_size)
    in_flight: deque[Launched] = deque()
    remaining = iter(clips)
    while batch := list(islice(remaining, size)):
        while batch:
            try:
                in_flight.append(network.launch(batch[:size]))
            except torch.OutOfMemoryError as error:
                size = _halved(size, error)
                continue
            batch = batch[size:]
            while len(in_flight) > network.lookahead:
                yield from _collect(in_flight.popleft())
    for launched in in_flight:
        yield from _collect(launched)


class _Network:
    """A model with all that a run has fixed about it.

    Attributes:
        lookahead: batches that may be under way before the first is waited for; on CUDA, one
            computes while the next is made ready.
    """

    def __init__(
        self, model: AVSegmenter, *, seed: int, precision: str, samples: int, with_muted: bool
    ) -> None:
        self._model, self._seed = model, seed
        self._samples, self._with_muted = samples, with_muted
        self._device = model.pixel_mean.device
        self._precision = choose_precision(precision, self._device)
        self._log_offset: float = model.audio_encoder.log_offset  # type: ignore[assignment]
        self.lookahead = 1 if self._device.type == "cuda" else 0

    def batch_size(self, wanted: int | None) -> int:
        """Clips at a time."""
        default = _CLIPS_ON_CPU if self._device.type == "cpu" else _CLIPS_ON_ACCELERATOR
        return wanted or default

    def launch(self, clips: list[Clip]) -> Launched:
        """Sets the device to work on clips; the result may not be there yet."""
        indices = [clip.index for clip in clips]
        with torch.inference_mode():
            batch = stack_clips(clips, self._log_offset).to(self._device)
            noises = sample_noises(self._model, self._seed, indices, self._samples)
            with autocast(self._precision, self._device):
                found = examine(
                    self._model,
                    to_frames(batch.pixels),
                    batch.log_mel,
                    noises,
                    with_muted=self._with_muted,
                )
            return clips, found


def _halved(size: int, error: torch.OutOfMemoryError) -> int:
    if size == 1:
        raise UsageError(
            "the device's memory does not hold a single clip; use --device cpu or free some memory."
        ) from error
    _log.warning("out of device memory with %d clips at a time; going on with %d", size, size // 2)
    torch.cuda.empty_cache()
    return size // 2


def _collect(launched: Launched) -> Iterator[ClipMasks]:
    clips, found = launched
    masks, spread, disagreement, muted, heard = (
        None if tensor is None else to_arrays(tensor)
        for tensor in (found.masks, found.spread, found.disagreement, found.muted, found.heard)
    )
    assert masks is not None
    for row, clip in enumerate(clips):
        valid = slice(clip.num_valid)
        yield ClipMasks(
            masks=masks[row, valid],
            times=clip.times[valid],
            index=clip.index,
            spread=None if spread is None else spread[row, valid],
            disagreement=None if disagreement is None else disagreement[row, valid],
            muted=None if muted is None else muted[row, valid],
            heard=None if heard is None else heard[row, valid],
        )
