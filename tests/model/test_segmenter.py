"""The whole network, tiny: every kind and option builds, runs and keeps its promises."""

import dataclasses

import pytest
import torch
from torch import Tensor

from avsseg.errors import ConfigError
from avsseg.model.build import build_model
from avsseg.model.config import ModelConfig
from avsseg.model.segmenter import AVSegmenter

SIDE, FRAMES = 64, 3


@pytest.fixture(scope="module")
def paper_config() -> ModelConfig:
    """The paper's form at 64 px, narrow, with the sound network that builds fast."""
    return ModelConfig(
        backbone="test_efficientnet",
        audio_encoder="yamnet",
        image_size=SIDE,
        num_frames=FRAMES,
        channels=16,
        latent_dim=8,
        latent_hidden=16,
        denoiser_widths=(32, 16, 16, 8),
        time_dim=16,
    )


def built(config: ModelConfig, **changes) -> AVSegmenter:
    torch.manual_seed(0)
    return build_model(dataclasses.replace(config, **changes)).eval()


def inputs(batch: int, draws: int = 1) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    frames = torch.rand(batch, FRAMES, 3, SIDE, SIDE, generator=generator)
    log_mel = torch.randn(batch, FRAMES, 1, 96, 64, generator=generator) - 3
    noise = torch.randn(batch, FRAMES, draws, 8, generator=generator)
    return frames, log_mel, noise[:, :, 0] if draws == 1 else noise


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": "ed"},
        {"kind": "cvae"},
        {"condition": "none"},
        {"condition": "audio"},
        {"condition": "visual"},
        {"condition_source": "features"},
        {"condition_source": "features", "condition": "visual"},
        {"latent_scope": "clip"},
        {"latent_bound": "running"},
        {"latent_bound": "none"},
        {"denoiser_film": True},
        {"time_embedding": "learned"},
        {"self_condition": True},
        {"schedule": "linear"},
        {"prediction_type": "sample"},
        {"prediction_type": "v_prediction"},
        {"num_steps": 20},
        {"neck": "basic"},
        {"neck": "pointwise"},
        {"tpavi_visual": True},
        {"tpavi_align_bias": False},
        {"tpavi_stages": (4,)},
        {"tpavi_stages": ()},
        {"audio_film": True},
        {"presence_gate": True},
        {"sound_context": True},
        {"decoder": "light"},
        {"decoder": "light", "decoder_channels": 8},
        {"audio_hidden": 8},
        {"num_classes": 5},
        {"drop_path": 0.1},
    ],
    ids=str,
)
def test_every_option_segments(paper_config, changes):
    """Finite logits of the promised shape, the same for the same noise."""
    model = built(paper_config, **changes)
    clip = inputs(2)

    with torch.inference_mode():
        logits = model.segment(*clip)
        again = model.segment(*clip)

    assert logits.shape == (2, FRAMES, changes.get("num_classes", 1), SIDE, SIDE)
    assert bool(logits.isfinite().all())
    assert torch.equal(logits, again)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": "ed"},
        {"kind": "cvae"},
        {"tpavi_visual": True},
        {"latent_scope": "clip"},
        {"eta": 1.0},
        {"sampler": "ddpm"},
    ],
    ids=str,
)
def test_a_clip_does_not_depend_on_its_batch(paper_config, changes):
    """Batch size changes nothing but rounding, stochastic samplers included."""
    model = built(paper_config, **changes).double()
    clip = [x.double() for x in inputs(3, draws=max(1, model.config.num_draws))]

    with torch.inference_mode():
        together = model.segment(*clip)
        alone = torch.cat([model.segment(*(x[i : i + 1] for x in clip)) for i in range(3)])

    torch.testing.assert_close(together, alone, rtol=1e-6, atol=1e-6)


def test_noise_decides_the_latent(paper_config):
    """Other noise, another latent; a clip-wide latent is one for all frames."""
    model = built(paper_config)
    frames, log_mel, noise = inputs(1)
    with torch.inference_mode():
        fused = model.fuse(model.encode_frames(frames), model.encode_audio(log_mel), frames)
        z = model.sample_latent(fused, noise)
        other = model.sample_latent(fused, noise.flip(1))
        model = built(paper_config, latent_scope="clip")
        shared = model.sample_latent(fused, noise)

    assert not torch.allclose(z, other)
    assert float(z.abs().max()) <= 1.0
    torch.testing.assert_close(shared, shared[:, :1].expand_as(shared))


def test_deterministic_baseline_takes_no_noise(paper_config):
    """E-D segments without a latent; a generative network says what it needs."""
    frames, log_mel, _ = inputs(1)

    assert built(paper_config, kind="ed").segment(frames, log_mel).shape[1] == FRAMES
    with pytest.raises(ValueError, match="pass noise"):
        built(paper_config).segment(frames, log_mel)
    with pytest.raises(ValueError, match=r"noise of shape \(B, T, 20, D\)"):
        built(paper_config, sampler="ddpm").segment(*inputs(1))


@pytest.mark.parametrize("bound", ["tanh", "running", "none"])
def test_latents_of_masks_stay_where_sampling_clamps(paper_config, bound):
    """z_0 of E_phi lies in the range that the samplers are held to (D9)."""
    model = built(paper_config, latent_bound=bound)
    masks = (torch.rand(2, FRAMES, 1, SIDE, SIDE) > 0.5).float()

    z_0 = model.encode_latent(masks).detach()

    assert z_0.shape == (2, FRAMES, 8)
    assert model.bound == {"tanh": 1.0, "running": 3.0, "none": None}[bound]
    assert model.bound is None or float(z_0.abs().max()) <= model.bound


def test_clip_latent_is_the_mean_of_its_frames(paper_config):
    """One latent per clip (D1) is shared by its frames."""
    frame = built(paper_config)
    clip = built(paper_config, latent_scope="clip")
    clip.load_state_dict(frame.state_dict())
    masks = (torch.rand(2, FRAMES, 1, SIDE, SIDE) > 0.5).float()

    per_frame, per_clip = frame.encode_latent(masks), clip.encode_latent(masks)

    torch.testing.assert_close(per_clip[:, 0], per_frame.mean(dim=1))
    torch.testing.assert_close(per_clip, per_clip[:, :1].expand_as(per_clip))


def test_ablated_condition_ignores_its_input(paper_config):
    """Without the audio branch c does not hear, without the visual one it does not see."""
    frames, log_mel, _ = inputs(1)
    hears, sees = built(paper_config, condition="audio"), built(paper_config, condition="visual")

    def condition(model: AVSegmenter, frames: Tensor, log_mel: Tensor) -> Tensor:
        features = model.encode_frames(frames)
        return model.encode_condition(model.fuse(features, model.encode_audio(log_mel), frames))

    with torch.inference_mode():
        assert torch.equal(condition(hears, frames, log_mel), condition(hears, 1 - frames, log_mel))
        assert torch.equal(condition(sees, frames, log_mel), condition(sees, frames, log_mel + 1))
        none = built(paper_config, condition="none")
        assert condition(none, frames, log_mel) is None


@pytest.mark.parametrize("changes", [{}, {"kind": "cvae"}, {"eta": 0.5}], ids=str)
def test_sampling_never_reads_numbers_back(paper_config, changes, host_reads):
    """The whole of segment, sampling loop included, waits for no number of the device."""
    model = built(paper_config, **changes)
    clip = inputs(1, draws=max(1, model.config.num_draws))

    with host_reads() as reads, torch.no_grad():
        model.segment(*clip)

    assert reads.count == 0


def test_sound_encoder_is_frozen_and_the_rest_trains(paper_config):
    """Gradients reach every trained parameter but those of E_phi, and none of the sound's."""
    model = build_model(paper_config).train()
    masks = (torch.rand(2, FRAMES, 1, SIDE, SIDE) > 0.5).float()
    frames, log_mel, noise = inputs(2)

    z_0 = model.encode_latent(masks)
    fused = model.fuse(model.encode_frames(frames), model.encode_audio(log_mel), frames)
    sampled = model.sample_latent(fused, noise)
    (model.decode(fused, z_0 + sampled).square().sum() + sampled.sum()).backward()

    without = {name for name, p in model.named_parameters() if p.grad is None}
    assert without == {n for n, _ in model.named_parameters() if n.startswith("audio_encoder.")}


def test_compact_network_segments_at_full_size():
    """The shipped form runs at 384 px; the large presets are covered by golden numbers."""
    from avsseg.model.presets import preset

    model = build_model(preset("compact")).eval()

    with torch.inference_mode():
        logits = model.segment(
            torch.rand(1, 5, 3, 384, 384), torch.randn(1, 5, 1, 96, 64), torch.randn(1, 5, 24)
        )

    assert logits.shape == (1, 5, 1, 384, 384)
    assert bool(logits.isfinite().all())


@pytest.mark.parametrize("changes", [{}, {"condition_source": "rgb"}, {"kind": "cvae"}], ids=str)
def test_the_same_weights_look_at_pictures_of_other_sizes(tiny_config, changes):
    """No weight changes its shape, and at its own size nothing changes at all."""
    config = dataclasses.replace(tiny_config, **changes)
    torch.manual_seed(0)
    own = build_model(config).eval()
    sound, noise = torch.randn(1, 5, 1, 96, 64), torch.randn(1, 5, config.latent_dim)
    for size in (32, 64, 96):
        other = build_model(config.at_size(size)).eval()
        other.load_state_dict(own.state_dict())
        frames, masks = torch.rand(1, 5, 3, size, size), torch.ones(1, 5, 1, size, size)
        with torch.inference_mode():
            logits = other.segment(frames, sound, noise)
            assert logits.shape == (1, 5, 1, size, size)
            if config.kind == "ldm":
                assert other.encode_latent(masks).shape == noise.shape
            if size == config.image_size:
                torch.testing.assert_close(logits, own.segment(frames, sound, noise))


def test_a_mask_keeps_its_latent_in_every_size(tiny_config):
    """E_phi sees it in one size."""
    config = tiny_config
    torch.manual_seed(0)
    own = build_model(config).eval()
    twice = build_model(config.at_size(2 * config.image_size)).eval()
    twice.load_state_dict(own.state_dict())
    masks = (torch.rand(1, 5, 1, 64, 64) > 0.5).float()
    with torch.inference_mode():
        large = masks.repeat_interleave(2, dim=3).repeat_interleave(2, dim=4)
        torch.testing.assert_close(twice.encode_latent(large), own.encode_latent(masks))


@pytest.mark.parametrize("changes", [{"image_size": 100}, {"latent_size": 50}], ids=str)
def test_sizes_that_no_network_has_are_refused(tiny_config, changes):
    """Strides go down to 32."""
    with pytest.raises(ConfigError, match="multiple of 32"):
        dataclasses.replace(tiny_config, **changes)


@pytest.mark.parametrize("changes", [{}, {"presence_gate": True, "audio_film": True}], ids=str)
def test_half_precision_stays_close(paper_config, changes):
    """Under bf16 autocast the latent is still sampled in float32 and the logits hardly move."""
    model = built(paper_config, **changes)
    frames, log_mel, noise = inputs(2)

    with torch.inference_mode():
        exact = model.segment(frames, log_mel, noise)
        with torch.autocast("cpu", torch.bfloat16):
            fused = model.fuse(model.encode_frames(frames), model.encode_audio(log_mel), frames)
            z_0 = model.sample_latent(fused, noise)
            close = model.decode(fused, z_0).float()

    assert z_0.dtype == torch.float32
    assert float((close - exact).abs().max()) < 0.05 * float(exact.abs().max())


def test_memory_format_changes_nothing(paper_config):
    """channels_last is a matter of speed only (TPAVI's 3-d weights have no such format)."""
    model = built(paper_config)
    clip = inputs(1)

    with torch.inference_mode():
        wanted = model.segment(*clip)
        for part in (model.backbone, model.necks, model.decoder):
            part.to(memory_format=torch.channels_last)
        got = model.segment(*clip)

    torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-5)
