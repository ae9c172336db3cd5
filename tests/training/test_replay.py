"""Training on composed scenes behind frozen encoders."""

import copy
import dataclasses
from itertools import islice

import pytest
import torch

from avsseg.errors import ConfigError
from avsseg.training.config import (
    DataConfig,
    OptimisationConfig,
    SavingConfig,
    TrainConfig,
    ValidationConfig,
)
from avsseg.training.examples import probe_examples
from avsseg.training.objective import Objective
from avsseg.training.objective_config import ObjectiveConfig
from avsseg.training.replay import ReplayConfig, ReplayDataset
from avsseg.training.resizing import at_size
from avsseg.training.session import Session
from avsseg.training.sources import ReplaySource


@pytest.fixture
def hearing(make_model):
    """A network whose sound encoder, random as it is, tells one sound from another."""
    model = make_model().eval()
    for weight in model.audio_encoder.parameters():
        if weight.ndim > 1:
            torch.nn.init.kaiming_normal_(weight)
    return model


@pytest.fixture
def settings(bank_root) -> ReplayConfig:
    return ReplayConfig(
        bank=str(bank_root), batch_frames=10, new_pictures=2, capacity=12, clip_share=0.5
    )


def test_batches_are_single_frames_or_clips(settings, make_model):
    """Each has the asked number of frames, features of every stage, and a sound for each."""
    data = ReplayDataset(settings, make_model().eval(), seed=1)

    batches = list(islice(data, 8))

    assert {tuple(batch.masks.shape[:2]) for batch in batches} == {(10, 1), (2, 5)}
    for batch in batches:
        clips, frames = batch.masks.shape[:2]
        assert batch.masks.shape[2:] == (1, 64, 64)
        assert [f.shape[-1] for f in batch.features] == [16, 8, 4, 2]
        assert all(f.shape[:2] == (clips, frames) for f in batch.features)
        assert batch.embeddings.shape[:2] == (clips, frames)
        assert bool(batch.labelled.any(dim=1).all())


def test_seed_decides_the_batches(settings, hearing):
    """Same seed, same scenes and sounds; another seed, others."""
    single = dataclasses.replace(settings, clip_share=0.0)

    def first(seed: int) -> torch.Tensor:
        return next(iter(ReplayDataset(single, hearing, seed=seed))).embeddings

    assert torch.equal(first(1), first(1))
    assert not torch.equal(first(1), first(2))


def test_the_same_picture_comes_with_different_sounds(settings, hearing):
    """A stored picture is heard anew each time, so its truth changes."""
    small = dataclasses.replace(settings, capacity=1, new_pictures=1, batch_frames=1, clip_share=0)

    batches = list(islice(ReplayDataset(small, hearing, seed=3), 6))

    assert len({batch.embeddings.sum().item() for batch in batches}) == 6


def test_probe_scenes_are_fixed_and_tell_their_kind(settings, make_model):
    """Validation asks the same questions every time; the tiny bank can ask most of them."""
    model = make_model()
    one, other = (probe_examples(settings.bank, model, count=2, num_frames=1) for _ in range(2))

    assert {"one", "two", "silence"} <= set(one.groups)
    assert one.groups[-1] == "photographs"
    assert len([example for example in one if example.group == "photographs"]) == 2
    assert [example.group for example in one] == [example.group for example in other]
    silent = [example.batch.masks.sum().item() for example in one if example.group == "silence"]
    assert silent == [0, 0]
    assert torch.equal(one[0].batch.frames, other[0].batch.frames)
    assert one[0].batch.frames.max() <= 1


@pytest.mark.parametrize("workers", [0, 1])
def test_a_run_on_a_bank_goes_on_after_a_stop(settings, network, train, workers):
    """Replay trains the head alone, validates on probes and can be resumed."""
    config = TrainConfig(
        name="replay",
        model=network,
        data=DataConfig(replay=settings, epoch_batches=2, workers=workers),
        optimisation=OptimisationConfig(
            steps=2, lr=1e-3, freeze_backbone=True, ema=0.9, precision="bf16", optimizer="adamw"
        ),
        validation=ValidationConfig(probes=1, panels=2, samples=2),
        saving=SavingConfig(log_steps=1),
    )
    first = train(config)
    before = first.model.backbone.state_dict()
    longer = dataclasses.replace(
        config, optimisation=dataclasses.replace(config.optimisation, steps=3)
    )

    rest = train(longer, resume=first.run)

    after = rest.model.backbone.state_dict()
    assert rest.clock.step == 3
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert "val_two" in rest.run.metrics.read_text().splitlines()[0]


def test_stages_behind_stored_maps_are_trained(settings, make_model):
    """Half the maps kept: the same losses as of all of them, and a gradient behind them alone."""
    model = make_model()
    whole = next(iter(ReplayDataset(settings, copy.deepcopy(model).eval(), seed=1)))
    half = dataclasses.replace(settings, stored_maps=2)
    part = next(iter(ReplayDataset(half, copy.deepcopy(model).eval(), seed=1)))
    model.eval()

    losses = []
    for batch in (part, whole):
        torch.manual_seed(0)
        losses.append(Objective(model, ObjectiveConfig())(batch)["total"])
    losses[0].backward()

    assert len(part.features) == 2
    torch.testing.assert_close(losses[0], losses[1], rtol=2e-2, atol=0)  # kept in bfloat16
    trained = {n.split(".")[2] for n, p in model.backbone.named_parameters() if p.grad is not None}
    assert trained and min(map(int, trained)) > 0


def test_kinds_come_with_the_batches_of_a_network_that_tells_them(settings, make_model):
    """Where each kind is and when it is heard, for every frame; else nothing of the sort."""
    kinds = ("clock", "dog", "guitar")
    model = make_model(categories=kinds)

    batch = next(iter(ReplayDataset(settings, model.eval(), seed=1)))
    losses = Objective(model, ObjectiveConfig(seen_weight=0.5, heard_weight=0.2))(batch)

    clips, frames = batch.masks.shape[:2]
    assert batch.seen.shape == (clips, frames, 4, 4) and batch.heard.shape == (clips, frames, 3)
    assert batch.seen.min() >= 0 and 0 < batch.seen.max() <= 3
    assert torch.isfinite(losses["seen"]) and torch.isfinite(losses["heard"])
    plain = next(iter(ReplayDataset(settings, make_model(categories=()).eval(), seed=1)))
    assert plain.seen is None and plain.heard is None


def test_pictures_and_sounds_are_seen_by_the_encoders_as_restored(settings, hearing):
    """A run that is taken up again gets its weights only after its source has been opened."""
    source = ReplaySource(settings, hearing, DataConfig(replay=settings, workers=0), seed=1)
    with torch.no_grad():  # what a restored state does
        for weight in (*hearing.audio_encoder.parameters(), *hearing.backbone.parameters()):
            weight.zero_()
    batch = next(source.batches(0))

    silence = hearing.encode_audio(torch.zeros(1, 1, 1, 96, 64))[0, 0]
    assert torch.equal(batch.embeddings, silence.expand_as(batch.embeddings))
    assert all(not feature.any() for feature in batch.features)


def test_kept_pictures_bring_pixels_and_sounds_instead_of_maps(settings, make_model):
    """The same scenes and sounds as of kept maps; what encoders make of them is the same, too."""
    model = make_model().eval()
    maps = next(iter(ReplayDataset(settings, model, seed=1)))
    kept = dataclasses.replace(settings, stored_maps=0)
    pictures = next(iter(ReplayDataset(kept, model, seed=1)))

    assert pictures.features is None and pictures.embeddings is None
    assert pictures.frames.dtype == torch.uint8
    assert torch.equal(pictures.masks, maps.masks)
    torch.testing.assert_close(model.encode_audio(pictures.log_mel), maps.embeddings)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        seen = model.encode_frames(at_size(pictures, 64).frames)
    for one, other in zip(seen, maps.features, strict=True):
        torch.testing.assert_close(one.to(torch.bfloat16), other, rtol=2e-2, atol=2e-2)


@pytest.fixture
def of_two_sizes(settings, network) -> TrainConfig:
    """A run on kept pictures in which everything moves, at 64 and 32 pixels."""
    return TrainConfig(
        name="sizes",
        model=dataclasses.replace(network, latent_size=32),
        data=DataConfig(replay=dataclasses.replace(settings, stored_maps=0), workers=0),
        optimisation=OptimisationConfig(
            steps=4, lr=1e-3, ema=0.9, precision="bf16", sizes=(64, 32)
        ),
        validation=ValidationConfig(every_steps=-1, probes=1, panels=0),
        saving=SavingConfig(log_steps=1),
    )


def test_the_whole_network_trains_on_kept_pictures_of_two_sizes(of_two_sizes, train, make_model):
    """The backbone's first layer moves, and the network looks at either size afterwards."""
    before = make_model().backbone.state_dict()
    trained = train(of_two_sizes)
    after = trained.model.backbone.state_dict()

    assert any(not torch.equal(before[name], after[name]) for name in list(before)[:1])
    trained.model.eval()
    for size in (32, 64):
        trained.model.config = of_two_sizes.model.at_size(size)
        frames, sound = torch.rand(1, 5, 3, size, size), torch.randn(1, 5, 1, 96, 64)
        noise = torch.randn(1, 5, of_two_sizes.model.latent_dim)
        assert trained.model.segment(frames, sound, noise).shape == (1, 5, 1, size, size)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_trains_on_kept_pictures(of_two_sizes, tmp_path):
    """From loaders in processes of their own, through pinned memory."""
    data = dataclasses.replace(of_two_sizes.data, workers=2)
    config = dataclasses.replace(of_two_sizes, data=data)
    trainer = Session(root=tmp_path / "runs", device="cuda").start(config)
    trainer.fit(Quiet())
    assert trainer.clock.step == 4
    assert next(trainer.model.parameters()).is_cuda
    assert (trainer.run.path / "best.safetensors").exists()


class Quiet:
    """Watches without a word."""

    def stepped(self, report) -> None:
        """Takes a report in."""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"sizes": (64, 32)}, "maps of one size"),
        ({"sizes": (50,)}, "multiples of 32"),
    ],
)
def test_sizes_that_cannot_be_trained_are_refused(settings, network, changes, told):
    """With the remedy."""
    with pytest.raises(ConfigError, match=told):
        TrainConfig(
            name="sizes",
            model=network,
            data=DataConfig(replay=settings),
            optimisation=OptimisationConfig(steps=1, freeze_backbone=True, **changes),
        )
