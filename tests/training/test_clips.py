"""Clips of a fixed set as training takes them."""

import torch

from avsseg.training.clips import TrainClips, batch_of, mirrored, open_split
from avsseg.training.config import AVSBenchConfig
from avsseg.training.feature_cache import FeatureCache


def test_mirroring_turns_pictures_and_truths_together(make_batch):
    """Every frame of a clip is turned, its truth with it, and its sound is left alone."""
    batch = make_batch()

    turned = mirrored(batch)

    assert torch.equal(turned.frames[..., 0], batch.frames[..., -1])
    assert torch.equal(turned.masks[..., 5], batch.masks[..., -6])
    assert torch.equal(turned.log_mel, batch.log_mel)


def test_mirroring_depends_on_seed_epoch_and_clip_alone(clips_root, make_model):
    """The same draw is the same tensor in any process; about a share of the draws is turned."""
    config = AVSBenchConfig(root=str(clips_root), subset="ms3", flip=0.3)
    clips = TrainClips(open_split(config, make_model(), "train"), config, seed=1)
    draws = [(epoch, index) for epoch in range(200) for index in range(2)]

    turned = sum(clips._mirrors(draw) for draw in draws)

    assert 0.2 < turned / len(draws) < 0.4
    assert torch.equal(clips[(3, 1)].masks, clips[(3, 1)].masks)


def test_first_frames_alone_can_be_kept(clips_root, make_model):
    """S4's supervision can be had from a set with all truths."""
    config = AVSBenchConfig(root=str(clips_root), subset="ms3", first_frame_only=True)

    clip = TrainClips(open_split(config, make_model(), "train"), config, seed=1)[(0, 0)]

    assert clip.labelled.tolist() == [[True, False, False, False, False]]


def test_cached_features_are_those_of_the_encoders(clips_root, make_model, tmp_path):
    """A cache holds what the frozen encoders make, and knows other encoders from its own."""
    config = AVSBenchConfig(root=str(clips_root), subset="ms3")
    model = make_model(condition_source="rgb").eval()
    clips = open_split(config, model, "train")
    cache = FeatureCache(tmp_path, model, "ms3")
    reads = []

    def read(index: int):
        reads.append(index)
        return batch_of(clips[index])

    for _ in range(2):
        cache.fill(model, range(len(clips)), read, torch.device("cpu"))
    cached, plain = cache.read(1), batch_of(clips[1])

    assert reads == [0, 1]
    with torch.no_grad():
        wanted = model.encode_frames(plain.frames)
        heard = model.encode_audio(plain.log_mel)
    for feature, want in zip(cached.features, wanted, strict=True):
        torch.testing.assert_close(feature.float(), want, rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(cached.embeddings, heard)
    assert torch.equal(cached.masks, plain.masks)
    assert torch.equal(cached.frames, plain.frames)
    with torch.no_grad():
        model.backbone.net.conv_stem.weight += 1
    assert FeatureCache(tmp_path, model, "ms3")._folder != cache._folder


def test_a_run_can_train_on_cached_features(make_config, train, tmp_path):
    """With a frozen backbone the pictures are encoded once for all epochs."""
    config = make_config(
        data={"feature_cache": str(tmp_path / "cache")},
        optimisation={"epochs": 2, "freeze_backbone": True},
    )

    trainer = train(config)

    assert trainer.clock.step == 4
    assert len(list((tmp_path / "cache").rglob("*.safetensors"))) == 2
