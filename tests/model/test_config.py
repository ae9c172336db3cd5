"""The config: what it refuses, what it lists, and that it survives a checkpoint."""

import dataclasses
import json

import pytest

from avsseg.errors import ConfigError
from avsseg.model.config import ModelConfig
from avsseg.model.presets import PRESETS, preset


def test_defaults_are_the_papers():
    """Section IV-A and the decisions of the README, without a preset."""
    config = ModelConfig()

    assert (config.kind, config.backbone, config.audio_encoder) == ("ldm", "pvt_v2_b5", "vggish")
    assert (config.channels, config.latent_dim, config.num_frames) == (128, 24, 5)
    assert (config.schedule, config.num_timesteps, config.prediction_type) == (
        "cosine",
        20,
        "epsilon",
    )
    assert (config.sampler, config.num_steps, config.eta) == ("ddim", 10, 0.0)
    assert (config.latent_scope, config.latent_bound, config.condition) == ("frame", "tanh", "av")
    assert (config.neck, config.decoder, config.denoiser_widths) == (
        "dilated",
        "avsbench",
        (512, 256, 128, 64),
    )
    beyond = (
        "tpavi_visual",
        "audio_film",
        "sound_context",
        "mixture_hearing",
        "presence_gate",
        "self_condition",
        "denoiser_film",
    )
    assert not any(getattr(config, name) for name in beyond)


@pytest.mark.parametrize("name", PRESETS)
def test_config_survives_json(name):
    """What a checkpoint's metadata holds gives the same config back."""
    values = json.loads(json.dumps(preset(name).to_dict()))

    assert ModelConfig.from_dict(values) == preset(name)


def test_config_is_frozen():
    """A config cannot change under a network."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        ModelConfig().channels = 64  # type: ignore[misc]


def test_unknown_preset_is_told_the_known_ones():
    """The message is the list to choose from."""
    with pytest.raises(ConfigError, match="known: paper-r50, paper-pvt, avsbench-r50"):
        preset("paper-r101")


def test_unknown_setting_is_told_the_known_ones():
    """A typing error is answered with what may be written there."""
    with pytest.raises(
        ConfigError, match=r"unknown setting model\.chanels; known here: .*channels"
    ):
        ModelConfig.from_dict({"chanels": 128})


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"channels": 0}, "model.channels is 0; it must be at least 1"),
        ({"channels": 31}, "choose an even number"),
        ({"image_size": 200}, "model.image_size is 200; it must be a multiple of 32"),
        ({"num_steps": 21}, "choose 1 to num_timesteps, 20"),
        ({"tpavi_stages": [1, 5]}, "stages are 1, 2, 3 and 4"),
        ({"time_dim": 7}, "choose an even number from 4"),
        ({"eta": 1.5}, "choose 0 to 1"),
        ({"drop_path": 1.0}, "choose 0 to less than 1"),
        ({"condition": "text"}, "one of none, audio, visual, av"),
        ({"denoiser_widths": [1, 2]}, "a list of 4 values"),
        ({"latent_dim": 24.5}, "of type int"),
        ({"audio_film": 1}, "of type bool"),
    ],
)
def test_values_that_no_network_has_are_refused(values, message):
    """One line names the field, its value and the remedy."""
    with pytest.raises(ConfigError) as caught:
        ModelConfig.from_dict(values)

    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "draws"),
    [
        ({"kind": "ed"}, 0),
        ({"kind": "cvae"}, 1),
        ({}, 1),
        ({"eta": 0.5}, 10),
        ({"sampler": "ddpm"}, 20),
    ],
)
def test_draws_of_noise_follow_the_sampler(changes, draws):
    """Deterministic sampling takes one draw per latent, stochastic one per noisy step too."""
    assert ModelConfig(**changes).num_draws == draws
