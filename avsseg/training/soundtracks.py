"""Composed soundtracks without their pictures: what an ear is taught and judged by."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from avsseg.data.bank import Bank, BankView
from avsseg.data.options import SoundOptions
from avsseg.data.scene import Cast
from avsseg.data.soundtrack import Soundtrack, compose_sound
from avsseg.log_mel import log_mel
from avsseg.training.kinds_told import heard_kinds

SECONDS = 5
_IN_VIEW = 4
_PLAIN = SoundOptions(
    confusable=1.0, speed=0.15, sequential=0.0, gated=0.0, background=0.0, reverb=0.0, equalise=0.0
)


class Soundtracks(IterableDataset[tuple[Tensor, Tensor]]):
    """Endless batches of log-mel patches of whole clips, and of the kinds that are heard.

    Shapes:
        (N, 5, 1, 96, 64) and (N, 5, K): 1 heard, 0 not, -1 where nobody can say
    """

    def __init__(
        self,
        bank: Path,
        names: tuple[str, ...],
        log_offset: float,
        *,
        options: tuple[SoundOptions, ...],
        batch: int,
        seed: int,
    ) -> None:
        self.bank, self.names, self.log_offset = bank, names, log_offset
        self.options, self.batch, self.seed = options, batch, seed

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches, in an order that the seed and the worker decide."""
        torch.set_num_threads(1)
        info = get_worker_info()
        rng = np.random.default_rng((self.seed, 0 if info is None else info.id))
        view = Bank.open(self.bank).split("train")
        while True:
            tracks = [
                compose_sound(
                    view,
                    rng,
                    _cast(rng, _known(view, self.names), _IN_VIEW),
                    self.options[rng.integers(len(self.options))],
                )
                for _ in range(self.batch)
            ]
            yield _patches(tracks, self.log_offset), _told(tracks, self.names)


def hide_stretches(patches: Tensor, share: float) -> Tensor:
    """That share of the patches without a band of up to a quarter, as many without a moment.

    Shapes:
        (N, 1, times, bands) -> the same
    """
    count, _, times, bands = patches.shape
    keep = torch.ones_like(patches, dtype=torch.bool)
    for axis, length, most in ((2, times, times // 6), (3, bands, bands // 4)):
        width = torch.randint(most + 1, (count, 1)) * (torch.rand(count, 1) < share)
        start = (torch.rand(count, 1) * (length - width)).long()
        place = torch.arange(length)
        hidden = (place >= start) & (place < start + width)
        shape = (count, 1, length, 1) if axis == 2 else (count, 1, 1, length)
        keep &= ~hidden.reshape(shape)
    return torch.where(keep, patches, patches.amin(dim=(1, 2, 3), keepdim=True))


@torch.inference_mode()
def score_hearing(
    hear: Callable[[Tensor], Tensor],
    view: BankView,
    names: tuple[str, ...],
    log_offset: float,
    tracks: int,
) -> str:
    """Of one and of two kinds heard, how many are among as many best guesses as there are.

    ``hear`` gives the logits (1, 5, K) of patches (1, 5, 1, 96, 64).
    """
    found = []
    for count in (1, 2):
        rng, ranks = np.random.default_rng(5), []
        for _ in range(tracks):
            cast = _cast(rng, _known(view, names), count)
            track = compose_sound(view, rng, cast, _PLAIN, sources=cast.categories)
            (told,) = _told([track], names)
            clear = (told >= 0).all(dim=1) & ((told > 0).sum(dim=1) == count)
            (logits,) = hear(_patches([track], log_offset))
            best = logits[clear].topk(count, dim=1).indices
            ranks.append(told[clear].gather(1, best) > 0)
        hits = torch.cat(ranks).float()
        found.append(f"{count}: {hits.mean():.3f}, all {hits.amin(dim=1).mean():.3f}")
    return "told of " + "; of ".join(found)


def _known(view: BankView, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name in view.sounds]


def _cast(rng: np.random.Generator, names: list[str], count: int) -> Cast:
    chosen = tuple(names[n] for n in rng.permutation(len(names))[:count])
    areas = np.full(len(chosen), 0.2)
    return Cast(categories=chosen, areas=areas, uncertain=frozenset(), num_frames=SECONDS)


def _patches(tracks: list[Soundtrack], log_offset: float) -> Tensor:
    return log_mel(torch.from_numpy(np.stack([track.waveform for track in tracks])), log_offset)


def _told(tracks: list[Soundtrack], names: tuple[str, ...]) -> Tensor:
    return torch.from_numpy(np.stack([heard_kinds(track, names) for track in tracks]))
