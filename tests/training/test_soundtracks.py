"""Composed soundtracks without pictures: what they hold, and how an ear is judged by them."""

from itertools import islice

import torch

from avsseg.data.bank import Bank
from avsseg.data.options import SoundOptions
from avsseg.log_mel import log_mel
from avsseg.training.soundtracks import Soundtracks, score_hearing

NAMES = ("dog", "guitar", "clock")
SILENT = SoundOptions(silence=1.0, one=0.0, several=0.0, noise=0.0, offscreen=0.0)
BOTH = SoundOptions(silence=0.0, one=0.0, several=1.0, noise=0.0, offscreen=0.0, sequential=0.0)


def some(bank_root, *, options: tuple[SoundOptions, ...], seed: int = 0) -> list:
    tracks = Soundtracks(bank_root, NAMES, 0.001, options=options, batch=4, seed=seed)
    return list(islice(iter(tracks), 2))


def test_batches_are_whole_clips_and_follow_their_seed(bank_root):
    """Five seconds each, the same again with the same seed, others with another."""
    first, again, other = (some(bank_root, options=(BOTH,), seed=seed) for seed in (0, 0, 1))
    assert first[0][0].shape == (4, 5, 1, 96, 64) and first[0][1].shape == (4, 5, 3)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0][0], other[0][0])


def test_what_is_told_is_what_was_asked_for(bank_root):
    """In silence nothing is heard; of mixtures two kinds or more."""
    silent = torch.cat([told for _, told in some(bank_root, options=(SILENT,))])
    both = torch.cat([told for _, told in some(bank_root, options=(BOTH,))])
    assert (silent == 0).all()
    assert ((both != 0).any(dim=1).sum(dim=1) >= 2).all()


def test_every_kind_of_soundtrack_is_drawn(bank_root):
    """Of several options each has its turn."""
    told = torch.cat([told for _, told in some(bank_root, options=(SILENT, BOTH))])
    heard = (told != 0).flatten(1).any(dim=1)
    assert heard.any() and not heard.all()


def test_an_ear_is_judged_by_its_best_guesses(bank_root):
    """One that knows the tones tells most; one that says the same of all does not."""
    view = Bank.open(bank_root).split("val")
    seconds = torch.arange(15600) / 16000
    waves = torch.stack([0.11 * torch.sin(6.2832 * tone * seconds) for tone in (400, 900, 1800)])
    bands = log_mel(waves[:, None], 0.001).mean(dim=(1, 2, 3)).argmax(dim=1)

    def knows(patches: torch.Tensor) -> torch.Tensor:
        return patches.mean(dim=(2, 3))[..., bands]

    def says_one(patches: torch.Tensor) -> torch.Tensor:
        return torch.tensor([3.0, 2.0, 1.0]).expand(1, 5, 3)

    right, wrong = (score_hearing(hear, view, NAMES, 0.001, 12) for hear in (knows, says_one))
    assert min(_shares(right)) > 0.8  # a tone that is played faster is in another band
    assert max(_shares(wrong)) < 0.8
    assert _shares(wrong)[0] < 0.6


def _shares(said: str) -> list[float]:
    """Of one and of two: how often all are told."""
    return [float(part.split(";")[0]) for part in said.split("all ")[1:]]
