"""Teaches a checkpoint's ear by sounds alone, before the whole network is trained on with it.

    python examples/train_ear.py BANK CHECKPOINT -o ear.safetensors [--context] [--minutes 20]

YAMNet was made to tag recordings in which one thing is heard; two at once are mostly not told. Here
the sound encoder, its adapter and, where there is one, the context of its seconds are trained,
through the naming of what is heard, on soundtracks composed as in training. Without pictures that
takes a hundredth of the time. All that reads the ear's 128 numbers has to go on understanding them:
the naming stays as it is, and where the ear that comes in names everything rightly, its numbers are
held. With ``--context`` the encoder and its adapter stay, too, and what is taught is how a clip's
seconds lean on each other; a network
without that part is given one. Prints, before and after, how well kinds are told in held-out
recordings.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import DataLoader

from avsseg.checkpoint import load_checkpoint, read_header, save_checkpoint
from avsseg.data.bank import Bank
from avsseg.data.options import SoundOptions
from avsseg.errors import AvssegError
from avsseg.model.segmenter import AVSegmenter
from avsseg.model.yamnet import EMBEDDING_DIM, YAMNet
from avsseg.training.budget import learning_rate
from avsseg.training.config import OptimisationConfig
from avsseg.training.ema import MeanWeights
from avsseg.training.soundtracks import SECONDS, Soundtracks, hide_stretches, score_hearing
from avsseg.training.starting_weights import opened_with

TRACKS = 32
SOUND = SoundOptions(
    one=0.40,
    several=0.40,
    third=0.25,
    sequential=0.25,
    confusable=1.0,
    noise=0.25,
    offscreen=0.25,
    absent=0.2,
    background=0.5,
    speed=0.15,
    equalise=0.5,
    reverb=0.3,
)
COURSE = OptimisationConfig(
    minutes=20,
    lr=1e-3,
    schedule="cosine",
    warmup=50,
    weight_decay=0.02,
    clip_norm=5.0,
    ema=0.998,
)
ENCODER_SCALE, HOLD, HOLD_TAGS, HELD_BLOCKS, HIDDEN = 0.3, 1.0, 0.5, 4, 0.5


@dataclass(frozen=True)
class Ear:
    """The parts of a network that hear."""

    encoder: YAMNet
    adapter: nn.Module
    context: nn.Module
    hear: nn.Module

    @classmethod
    def of(cls, model: AVSegmenter) -> "Ear":
        """The network's own; what is trained here is trained there."""
        if model.match is None or not isinstance(model.audio_encoder, YAMNet):
            raise SystemExit("only a network with YAMNet that names kinds ([model] categories).")
        context = model.sound_context or nn.Identity()
        return cls(model.audio_encoder, model.audio_adapter, context, model.match.hear)

    def __call__(self, patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The code (N, 128), the kinds' logits (N, K) and AudioSet's tags (N, 521) in [0, 1].

        Shapes:
            log-mel patches (N, 1, 96, 64) of whole clips
        """
        embedded = self.encoder(patches)[:, -self.encoder.out_dim :]
        clips = self.adapter(embedded).unflatten(0, (-1, SECONDS))
        code = self.context(clips).flatten(0, 1)
        return code.float(), self.hear(code).float(), embedded[:, EMBEDDING_DIM:].float()


def _offset(model: AVSegmenter) -> float:
    return float(model.audio_encoder.log_offset)  # type: ignore[arg-type]


def objective(ear: Ear, teacher: Ear, patches: Tensor, told: Tensor) -> Tensor:
    """Cross-entropy of every kind, and what holds the codes that were right, and the tags.

    Tags of AudioSet are held where no more than one thing is heard: they know sounds that no bank
    of ours has.
    """
    code, logits, tags = ear(hide_stretches(patches, HIDDEN))
    known = (told >= 0).float()
    error = F.binary_cross_entropy_with_logits(logits, told.clamp(min=0), reduction="none")
    with torch.no_grad():
        old, said, named = teacher(patches)
        right = (((said > 0) == (told > 0)) | (told < 0)).all(dim=1)
    left = ((code - old) ** 2).mean(dim=1) / old.var()
    drift = F.binary_cross_entropy(tags, named, reduction="none")
    drift = (drift - F.binary_cross_entropy(named, named, reduction="none")).sum(dim=1)
    alone = (told > 0).sum(dim=1) <= 1
    held = HOLD * (left * right).mean() + HOLD_TAGS * (drift * alone).mean()
    return (error * known).sum(dim=1).mean() + held


def score(model: AVSegmenter, bank: Path, tracks: int) -> str:
    """How well kinds are told in held-out recordings."""
    ear = Ear.of(model)
    return score_hearing(
        lambda patches: ear(patches.flatten(0, 1))[1].unflatten(0, (-1, SECONDS)),
        Bank.open(bank).split("val"),
        model.config.categories,
        _offset(model),
        tracks,
    )


def train(
    model: AVSegmenter,
    teacher: AVSegmenter,
    tracks: Soundtracks,
    *,
    context: bool,
    minutes: float,
    workers: int,
) -> tuple[AVSegmenter, int]:
    """Trains the ear; the network with the running mean of its weights, and the steps made."""
    ear, held_to = _prepared(model, context=context), Ear.of(teacher.eval())
    held_to.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    mean, optimizer = MeanWeights(model, COURSE.ema), _optimizer(ear)
    loader = DataLoader(tracks, batch_size=None, num_workers=workers)
    began, recent = time.monotonic(), 0.0
    for step, (patches, told) in enumerate(loader):
        done = (time.monotonic() - began) / (60 * minutes)
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = group["scale"] * learning_rate(COURSE, step, done)
        with torch.autocast("cpu", torch.bfloat16):
            loss = objective(ear, held_to, patches.flatten(0, 1), told.flatten(0, 1))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(model.parameters(), COURSE.clip_norm)
        optimizer.step()
        mean.update(step)
        recent += (loss.item() - recent) * max(0.02, 1 / (step + 1))
        if step % 100 == 0:
            print(f"step {step}, {100 * done:.0f} %: {recent:.3f}", flush=True)
    return mean.model, step


def _prepared(model: AVSegmenter, *, context: bool) -> Ear:
    """Nothing but the ear is to move, or nothing but the context that its seconds have."""
    model.requires_grad_(False).eval()
    ear = Ear.of(model)
    ear.context.requires_grad_(True)
    if not context:
        ear.encoder.requires_grad_(True)
        ear.adapter.requires_grad_(True)
        _hold_first(ear.encoder)
    ear.encoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return ear


def _optimizer(ear: Ear) -> torch.optim.Optimizer:
    parts = (ear.encoder, ENCODER_SCALE), (ear.adapter, 1.0), (ear.context, 1.0)
    groups = [
        {"params": [p for p in part.parameters() if p.requires_grad], "scale": scale}
        for part, scale in parts
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], weight_decay=COURSE.weight_decay)


def _hold_first(encoder: YAMNet) -> None:
    """The first blocks stay: they are general, and their gradients cost as much as all others."""
    for part in (encoder.c1, *encoder.dw[:HELD_BLOCKS], *encoder.pw[:HELD_BLOCKS]):
        part.requires_grad_(False)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", type=Path)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--held-to", type=Path, help="another checkpoint whose ear is held to")
    parser.add_argument("--context", action="store_true", help="teach only what seconds share")
    parser.add_argument("--minutes", type=float, default=COURSE.minutes)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--held-out", type=int, default=300, help="soundtracks to judge with")
    asked = parser.parse_args()
    try:
        torch.manual_seed(asked.seed)
        parts = {"sound_context": True} if asked.context else {}
        model = opened_with(asked.checkpoint, **parts)
        teacher = load_checkpoint(asked.held_to or asked.checkpoint)
        print("before:", score(model, asked.bank, asked.held_out), flush=True)
        tracks = Soundtracks(
            asked.bank,
            model.config.categories,
            _offset(model),
            options=(SOUND,),
            batch=TRACKS,
            seed=asked.seed,
        )
        model, steps = train(
            model,
            teacher,
            tracks,
            context=asked.context,
            minutes=asked.minutes,
            workers=asked.workers,
        )
        print(f"after {steps} steps:", score(model, asked.bank, asked.held_out))
        summary = dict(read_header(asked.checkpoint).summary)
        part = "context" if asked.context else "ear"
        summary[part] = f"{steps} steps of {TRACKS * SECONDS} patches from {asked.checkpoint.name}"
        save_checkpoint(asked.output, model, summary=summary)
    except AvssegError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
