"""Pictures of a network's answers: frame | truth | prediction | uncertainty."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from avsseg.data.masks import palette
from avsseg.media.publish import publish_file
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.batch import TrainBatch
from avsseg.training.validation import Validator

Picture = NDArray[np.uint8]

_GAP = 4


def write_panels(
    path: Path, model: AVSegmenter, validator: Validator, *, rows: int, samples: int
) -> None:
    """Draws the middle labelled frame of ``rows`` examples, evenly spread, one below the other.

    Raises:
        MediaError: the file cannot be written.
    """
    count = len(validator.examples)
    chosen = [i * count // min(rows, count) for i in range(min(rows, count))]
    pictures = [_row(model, validator, index, samples) for index in chosen]
    with publish_file(path, overwrite=True) as temporary:
        Image.fromarray(_stacked(pictures)).save(temporary, format="PNG")


def _row(model: AVSegmenter, validator: Validator, index: int, samples: int) -> list[Picture]:
    batch = validator.examples[index].batch
    labelled = torch.nonzero(batch.labelled[0])[:, 0]
    at = int(labelled[len(labelled) // 2])
    draws = validator.draws(model, batch, index, samples)
    return [_frame(batch, at), _truth(batch, at), *_answer(torch.stack([d[at] for d in draws]))]


def _frame(batch: TrainBatch, at: int) -> Picture:
    assert batch.frames is not None
    frame = (255 * batch.frames[0, at]).round().clamp(0, 255)
    return np.moveaxis(frame.byte().numpy(), 0, -1)


def _truth(batch: TrainBatch, at: int) -> Picture:
    mask = batch.masks[0, at, 0]
    return _grey(mask) if mask.is_floating_point() else palette()[mask.numpy()]


def _answer(logits: Tensor) -> tuple[Picture, Picture]:
    """Mean answer and its spread over samples (N, K, S, S); a spread of one half is white."""
    if logits.shape[1] > 1:
        soft = torch.softmax(logits, dim=1)
        spread = soft.std(dim=0, correction=0).amax(dim=0)
        return palette()[soft.mean(dim=0).argmax(dim=0).numpy()], _grey(2 * spread)
    soft = torch.sigmoid(logits[:, 0])
    return _grey(soft.mean(dim=0)), _grey(2 * soft.std(dim=0, correction=0))


def _grey(values: Tensor) -> Picture:
    bytes_ = (255 * values.float()).round().clamp(0, 255).byte().numpy()
    return np.repeat(bytes_[..., None], 3, axis=-1)


def _stacked(rows: Sequence[Sequence[Picture]]) -> Picture:
    side, count = rows[0][0].shape[0], len(rows[0])
    step = side + _GAP
    sheet = np.full((len(rows) * step - _GAP, count * step - _GAP, 3), 40, np.uint8)
    for y, row in enumerate(rows):
        for x, picture in enumerate(row):
            sheet[y * step : y * step + side, x * step : x * step + side] = picture
    return sheet
