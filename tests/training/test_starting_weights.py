"""Where a network's first numbers come from."""

import dataclasses

import pytest
import torch
from safetensors.torch import save_file

from avsseg.checkpoint import save_checkpoint
from avsseg.errors import CheckpointError
from avsseg.model.build import build_model
from avsseg.training.config import InitConfig
from avsseg.training.starting_weights import init_from, load_encoders


def test_everything_that_fits_is_taken_and_the_rest_is_named(make_model, tmp_path):
    """Another width of the latent keeps all but the layers that depend on it."""
    save_checkpoint(tmp_path / "old.safetensors", make_model(latent_dim=8), half=False)
    model = make_model(latent_dim=24, presence_gate=False)
    torch.nn.init.zeros_(model.necks[0][0].weight)

    match = init_from(model, tmp_path / "old.safetensors")

    old = make_model(latent_dim=8)
    torch.testing.assert_close(model.necks[0][0].weight, old.necks[0][0].weight)
    assert "expansion.expand.weight" in match.misshapen
    assert any(name.startswith("presence.") for name in match.unused)
    assert match.missing == ()
    assert f"{len(match.taken)} of {len(model.state_dict())} tensors taken" in str(match)
    assert "of another shape (" in str(match)
    assert "in the file alone (" in str(match)


def test_s4_weights_start_an_ms3_run(make_config, train):
    """A run's folder stands for its best weights: S4 pretraining for MS3 (Table V)."""
    s4 = train(make_config(subset="s4", optimisation={"steps": 1})).run

    ms3 = train(make_config(optimisation={"steps": 1, "lr": 1e-12}), init_from=str(s4.path))

    from avsseg.checkpoint import load_checkpoint

    wanted = load_checkpoint(s4.best).decoder.state_dict()
    found = ms3.model.decoder.state_dict()
    weights = [name for name in wanted if name.endswith("weight")]
    assert all(torch.allclose(wanted[n], found[n], atol=1e-6) for n in weights)


def test_a_stranger_fits_nowhere(make_model, tmp_path):
    """A file that is no checkpoint, or none that is there, is one line."""
    with pytest.raises(CheckpointError, match="neither a file nor known"):
        init_from(make_model(), tmp_path / "nowhere.safetensors")
    with pytest.raises(CheckpointError, match="no such file"):
        init_from(make_model(), tmp_path)


def test_encoders_start_from_the_files_that_are_named(make_model, tmp_path):
    """Features as timm names them fill the backbone; a YAMNet file fills the sound network."""
    source, model = make_model(), make_model()
    features = {n.removeprefix("net."): t for n, t in source.backbone.state_dict().items()}
    save_file({n: t + 1 if n.endswith("weight") else t for n, t in features.items()},
              tmp_path / "backbone.safetensors")  # fmt: skip
    save_file({n: t + 1 for n, t in source.audio_encoder.state_dict().items()},
              tmp_path / "sound.safetensors")  # fmt: skip

    load_encoders(
        model,
        InitConfig(
            backbone=str(tmp_path / "backbone.safetensors"),
            audio_encoder=str(tmp_path / "sound.safetensors"),
        ),
    )

    name = next(n for n in source.backbone.state_dict() if n.endswith("weight"))
    wanted = source.backbone.state_dict()[name] + 1
    torch.testing.assert_close(model.backbone.state_dict()[name], wanted)
    torch.testing.assert_close(model.audio_encoder.c1.bias, source.audio_encoder.c1.bias + 1)


def test_a_published_yamnet_starts_a_network_that_hears_mixtures(make_model, tmp_path):
    """Its file holds no parts of sounds: those stay fresh."""
    source, model = make_model(mixture_hearing=False), make_model(mixture_hearing=True)
    assert model.mixture is not None
    fresh = model.audio_encoder.parts.questions.clone()
    state = {n: t + 1 for n, t in source.audio_encoder.state_dict().items()}
    save_file(state, tmp_path / "sound.safetensors")

    load_encoders(model, InitConfig(audio_encoder=str(tmp_path / "sound.safetensors")))

    torch.testing.assert_close(model.audio_encoder.c1.bias, source.audio_encoder.c1.bias + 1)
    assert torch.equal(model.audio_encoder.parts.questions, fresh)


def test_published_classifiers_are_backbones_too(network, tmp_path):
    """A whole ResNet-50, head included, under its published names."""
    import timm

    config = dataclasses.replace(network, backbone="resnet50")
    model = build_model(config)
    published = timm.create_model("resnet50", num_classes=10).state_dict()
    torch.save(published, tmp_path / "resnet50.pth")

    load_encoders(model, InitConfig(backbone=str(tmp_path / "resnet50.pth")))

    torch.testing.assert_close(model.backbone.net.conv1.weight, published["conv1.weight"])


def test_a_wrong_encoder_file_is_refused(make_model, tmp_path):
    """Weights of another network never pass in part."""
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    (tmp_path / "torn.safetensors").write_bytes(b"\0" * 20)

    for name, said in (("other", "does not fit"), ("torn", "no whole")):
        with pytest.raises(CheckpointError, match=said):
            load_encoders(make_model(), InitConfig(backbone=str(tmp_path / f"{name}.safetensors")))
