"""Teaches a checkpoint to tell several sounds at once, by sounds alone.

    python examples/train_mixtures.py BANK CHECKPOINT -o taught.safetensors [--minutes 20]

Soundtracks are composed once; the sound encoder stays as it is, so its maps are kept on disk
(0.14 MB a clip of five seconds) and drawn again and again. Nothing but ``SoundParts`` and
``MixtureHearing`` is trained; a network without them is given them, and says at first what it said
without. Prints, before and after, how well kinds are told in held-out recordings.

With --turns most sounds come one after the other, and ``SoundContext``, by which a second leans on
the others of its clip, is trained, too: what has stopped is not to be heard on.
"""

import argparse
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader

from avsseg.checkpoint import read_header, save_checkpoint
from avsseg.data.bank import Bank
from avsseg.data.options import SoundOptions
from avsseg.errors import AvssegError
from avsseg.model.mixture import GRID, MAP_CHANNELS, MixtureHearing, SoundParts
from avsseg.model.segmenter import AVSegmenter
from avsseg.model.sound_context import SoundContext
from avsseg.model.yamnet import YAMNet
from avsseg.training.budget import learning_rate
from avsseg.training.config import OptimisationConfig
from avsseg.training.ema import MeanWeights
from avsseg.training.soundtracks import SECONDS, Soundtracks, hide_stretches, score_hearing
from avsseg.training.starting_weights import opened_with

LIVELY = SoundOptions(
    one=0.3,
    several=0.5,
    third=0.25,
    sequential=0.2,
    gated=0.3,
    confusable=1.0,
    noise=0.25,
    offscreen=0.25,
    absent=0.2,
    background=0.5,
    speed=0.15,
    equalise=0.5,
    reverb=0.3,
)
CLEAR = replace(
    LIVELY,
    sequential=0.0,
    gated=0.0,
    noise=0.1,
    offscreen=0.1,
    background=0.2,
    equalise=0.2,
    reverb=0.1,
)
TURNS = replace(LIVELY, several=0.55, third=0.3, sequential=0.7, gated=0.5)
PAUSES = replace(LIVELY, one=0.6, several=0.15, sequential=0.5, gated=0.8)


def _changed(options: SoundOptions) -> SoundOptions:
    """The same, with recordings so changed in speed, tone and room that few stand for many."""
    return replace(options, speed=0.35, equalise=0.8, equalise_db=8.0, reverb=0.45)


TOGETHER = (_changed(LIVELY), _changed(LIVELY), LIVELY, _changed(CLEAR), CLEAR)
IN_TURN = (_changed(TURNS), TURNS, _changed(LIVELY), _changed(CLEAR), _changed(PAUSES))
COURSE = OptimisationConfig(
    minutes=20,
    lr=1e-3,
    schedule="cosine",
    warmup=100,
    final_lr=0.02,
    weight_decay=0.05,
    clip_norm=5.0,
    ema=0.998,
)
TRACKS, BATCH, ALONE, HOLD, HIDDEN, DROPPED = 32, 96, 0.15, 0.002, 0.35, 0.15
HOLD_ONE = 0.01  # where one kind is heard, the embedding that is corrected knows it
UNCORRECTED = 0.5  # weight of what the context alone makes of a clip, where it is taught


@dataclass(frozen=True)
class Parts:
    """What is taught, and the parts of the network that it is taught beside."""

    parts: SoundParts
    mixture: MixtureHearing
    context: SoundContext | None
    model: AVSegmenter

    @classmethod
    def of(cls, model: AVSegmenter, *, turns: bool = False) -> "Parts":
        """The network's own; what is trained here is trained there."""
        encoder = model.audio_encoder
        if model.mixture is None or not isinstance(encoder, YAMNet) or encoder.parts is None:
            raise SystemExit("only a network with YAMNet that names kinds ([model] categories).")
        if turns and model.sound_context is None:
            raise SystemExit("--turns: the network has no SoundContext to teach.")
        return cls(encoder.parts, model.mixture, model.sound_context if turns else None, model)

    def moving(self) -> list[nn.Parameter]:
        """The weights that are trained."""
        taught = (self.parts, self.mixture, self.context)
        return [weight for part in taught if part is not None for weight in part.parameters()]

    def encode(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """What stays: YAMNet's map at stride 16 and its embedding, of every second.

        Shapes:
            (N, 5, 1, 96, 64) -> (N, 5, 512, 6, 4) and (N, 5, 1545)
        """
        encoder = self.model.audio_encoder
        assert isinstance(encoder, YAMNet)
        maps = encoder.map(patches.flatten(0, 1))
        clips = patches.shape[:2]
        return maps.unflatten(0, clips), encoder.embed(maps).unflatten(0, clips)

    def hear(self, maps: Tensor, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (N, T, K) of every kind, and the correction that is in them."""
        assert self.model.match is not None
        told = self.model.match.hear(self.model.adapt_audio(embeddings)).float()
        parts = self.parts(maps.flatten(0, 1)).unflatten(0, maps.shape[:2])
        correction = self.mixture(parts, embeddings).float()
        return told + correction, correction


@dataclass(frozen=True)
class Store:
    """Encoded clips on disk.

    Shapes:
        maps (N, 5, 512, 6, 4), embeddings (N, 5, 1545) float16; told (N, 5, K) int8
    """

    maps: NDArray[np.float16]
    embeddings: NDArray[np.float16]
    told: NDArray[np.int8]

    @classmethod
    def new(cls, folder: Path, taught: Parts, count: int) -> "Store":
        """An empty one for so many clips."""
        shapes = (MAP_CHANNELS, *GRID), (taught.model.audio_encoder.out_dim,)
        kinds = (len(taught.model.config.categories),)

        def opened(name: str, shape: tuple[Any, ...], kind: str) -> NDArray[Any]:
            path = folder / f"{name}.npy"
            return np.lib.format.open_memmap(path, "w+", kind, (count, SECONDS, *shape))

        maps, embeddings = opened("maps", shapes[0], "f2"), opened("embeddings", shapes[1], "f2")
        return cls(maps, embeddings, opened("told", kinds, "i1"))

    def fill(
        self, tracks: Iterable[tuple[Tensor, Tensor]], taught: Parts, hidden: float = HIDDEN
    ) -> None:
        """Encodes as many clips as there is room for, with so many of their stretches hidden."""
        made = 0
        for patches, told in tracks:
            rows, clips = patches.flatten(0, 1), patches.shape[:2]
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                maps, embeddings = taught.encode(hide_stretches(rows, hidden).unflatten(0, clips))
            end = min(made + len(patches), len(self.told))
            kept = (self.maps, maps), (self.embeddings, embeddings), (self.told, told)
            for place, values in kept:
                place[made:end] = values[: end - made].float().numpy()
            made = end
            if made == len(self.told):
                return

    def drawn(self, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """A batch; now and then of single seconds, as a network may be shown."""
        chosen = np.sort(rng.choice(len(self.told), min(BATCH, len(self.told)), replace=False))
        kept = (self.maps, self.embeddings, self.told)
        batch = tuple(torch.from_numpy(values[chosen].astype(np.float32)) for values in kept)
        if rng.random() < ALONE:
            batch = tuple(values.flatten(0, 1)[:, None] for values in batch)
        return batch  # type: ignore[return-value]


def objective(
    logits: Tensor, correction: Tensor, told: Tensor, hold_one: float = HOLD_ONE
) -> Tensor:
    """What is ``mistaken``; corrections cost a little.

    They cost ``hold_one`` more where no more than one kind is heard.
    """
    price = HOLD + hold_one * ((told > 0).sum(dim=2, keepdim=True) <= 1)
    return mistaken(logits, told) + (price * correction.square()).sum(dim=2).mean()


def mistaken(logits: Tensor, told: Tensor) -> Tensor:
    """Cross-entropy of every kind but those of which nobody can say, summed over kinds."""
    error = F.binary_cross_entropy_with_logits(logits, told.clamp(min=0), reduction="none")
    return (error * (told >= 0)).sum(dim=2).mean()


def train(
    taught: Parts, store: Store, *, minutes: float, seed: int, hold_one: float
) -> tuple[AVSegmenter, int]:
    """The network with the running mean of its weights, and the steps made."""
    taught.model.requires_grad_(False).eval()
    moving = taught.moving()
    for parameter in moving:
        parameter.requires_grad_(True)
    taught.mixture.train()
    taught.mixture.drop.p = DROPPED
    optimizer = torch.optim.AdamW(moving, weight_decay=COURSE.weight_decay)
    mean, rng = MeanWeights(taught.model, COURSE.ema), np.random.default_rng(seed)
    began, step, recent = time.monotonic(), 0, 0.0
    while (done := (time.monotonic() - began) / (60 * minutes)) < 1:
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(COURSE, step, done)
        maps, embeddings, told = store.drawn(rng)
        with torch.autocast("cpu", torch.bfloat16):
            logits, correction = taught.hear(maps, embeddings)
        loss = objective(logits, correction, told, hold_one)
        if taught.context is not None:
            loss = loss + UNCORRECTED * mistaken(logits - correction, told)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(moving, COURSE.clip_norm)
        optimizer.step()
        mean.update(step)
        step += 1
        recent += (loss.item() - recent) * max(0.02, 1 / step)
        if step % 100 == 0:
            print(f"step {step}, {100 * done:.0f} %: {recent:.3f}", flush=True)
    return mean.model, step


def score(model: AVSegmenter, bank: Path, tracks: int) -> str:
    """How well kinds are told in held-out recordings."""
    taught = Parts.of(model.eval())
    return score_hearing(
        lambda patches: taught.hear(*taught.encode(patches))[0],
        Bank.open(bank).split("val"),
        model.config.categories,
        _offset(model),
        tracks,
    )


def _offset(model: AVSegmenter) -> float:
    return float(model.audio_encoder.log_offset)  # type: ignore[arg-type]


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--tracks", type=int, default=50_000, help="clips to compose")
    parser.add_argument("--minutes", type=float, default=COURSE.minutes)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--turns", action="store_true", help="sounds mostly one after the other")
    parser.add_argument(
        "--hold-one", type=float, default=HOLD_ONE, help="price of corrections of one kind alone"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--held-out", type=int, default=300, help="soundtracks to judge with")
    asked = parser.parse_args()
    if not asked.output.parent.is_dir():
        raise SystemExit(f"{asked.output.parent}: is no folder; make it first.")
    try:
        torch.manual_seed(asked.seed)
        model = opened_with(asked.checkpoint, mixture_hearing=True).eval()
        taught = Parts.of(model, turns=asked.turns)
        print("before:", score(model, asked.bank, asked.held_out), flush=True)
        tracks = Soundtracks(
            asked.bank,
            model.config.categories,
            _offset(model),
            options=IN_TURN if asked.turns else TOGETHER,
            batch=TRACKS,
            seed=asked.seed,
        )
        loader = DataLoader(tracks, batch_size=None, num_workers=asked.workers)
        with tempfile.TemporaryDirectory(dir=asked.output.parent) as folder:
            store = Store.new(Path(folder), taught, asked.tracks)
            store.fill(loader, taught)
            model, steps = train(
                taught, store, minutes=asked.minutes, seed=asked.seed, hold_one=asked.hold_one
            )
        print(f"after {steps} steps:", score(model, asked.bank, asked.held_out))
        summary = dict(read_header(asked.checkpoint).summary)
        course = "turns" if asked.turns else "mixtures"
        summary[course] = f"{steps} steps of {BATCH} clips from {asked.checkpoint.name}"
        save_checkpoint(asked.output, model, summary=summary)
    except AvssegError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
