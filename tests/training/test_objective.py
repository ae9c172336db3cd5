"""The training objective: every kind of network, and what reaches which weights."""

from dataclasses import replace

import pytest
import torch

from avsseg.errors import ConfigError
from avsseg.training.objective import Objective
from avsseg.training.objective_config import ObjectiveConfig


def gradient(module: torch.nn.Module) -> float:
    """The size of a module's whole gradient."""
    found = [p.grad.norm() for p in module.parameters() if p.grad is not None]
    return float(torch.stack(found).norm()) if found else 0.0


def losses_of(model, batch, step: int = 0, **choices):
    """Losses with a fixed draw of chance, after the backward pass."""
    objective = Objective(model.train(), ObjectiveConfig(**choices))
    torch.manual_seed(5)
    losses = objective(batch, step)
    losses["total"].backward()
    return losses


@pytest.mark.parametrize("condition", ["none", "audio", "visual", "av"])
@pytest.mark.parametrize("source", ["rgb", "features"])
def test_every_condition_trains(make_model, make_batch, condition, source):
    """All of Table III, whatever E_psi looks at, gives a finite loss that moves the denoiser."""
    model = make_model(condition=condition, condition_source=source)

    losses = losses_of(model, make_batch())

    assert torch.isfinite(losses["total"])
    assert gradient(model.denoiser) > 0
    assert ("contrastive" in losses) == (condition != "none")
    assert losses["total"].item() == pytest.approx(
        sum(v.item() for n, v in losses.items() if n != "total"), rel=1e-5
    )


@pytest.mark.parametrize("kind", ["ldm", "cvae", "ed"])
@pytest.mark.parametrize("scope", ["frame", "clip"])
def test_every_kind_trains(make_model, make_batch, kind, scope):
    """The three networks of Table II move their decoder, with a latent per frame or per clip."""
    model = make_model(kind=kind, latent_scope=scope, presence_gate=True)

    weights = {"dice_weight": 0.7, "avm_weight": 0.5, "avm_visual_weight": 0.1}
    losses = losses_of(model, make_batch(), presence_weight=0.3, **weights)

    assert torch.isfinite(losses["total"])
    assert gradient(model.decoder) > 0
    assert gradient(model.presence) > 0
    assert gradient(model.audio_encoder) == 0


@pytest.mark.parametrize("prediction", ["epsilon", "sample", "v_prediction"])
def test_every_prediction_type_trains(make_model, make_batch, prediction):
    """Noise, start and velocity can each be what eps_theta predicts, with its own last estimate."""
    model = make_model(prediction_type=prediction, self_condition=True)

    assert torch.isfinite(losses_of(model, make_batch())["simple"])


@pytest.mark.parametrize("share", ["latent_z0", "latent_x0", "latent_sample", "latent_sample_grad"])
def test_decoder_can_see_each_latent(make_model, make_batch, share):
    """What the decoder sees in training is a choice; only some of the choices train eps_theta."""
    shares = dict.fromkeys(("latent_z0", "latent_x0", "latent_sample", "latent_sample_grad"), 0.0)
    model = make_model()

    losses_of(model, make_batch(), **shares | {share: 1.0}, simple_weight=0, contrastive_weight=0)

    trains_denoiser = share in ("latent_x0", "latent_sample_grad")
    assert (gradient(model.denoiser) > 0) == trains_denoiser
    assert (gradient(model.latent_encoder) > 0) == (share in ("latent_z0",))


def test_shares_of_the_decoder_must_add_up():
    """Shares that leave frames without a latent are refused."""
    with pytest.raises(ConfigError, match="add up to 1"):
        ObjectiveConfig(latent_z0=0.9)


@pytest.mark.parametrize("through", [False, True])
def test_contrast_reaches_the_mask_encoder_only_if_asked(make_model, make_batch, through):
    """L_contrastive trains psi alone, as the paper writes it, unless told otherwise (D11)."""
    model = make_model()
    objective = Objective(model, ObjectiveConfig(contrastive_through_latent=through))
    fused, masks = objective._labelled(objective._fuse(make_batch()), make_batch())

    loss = objective._contrast(model.encode_condition(fused), model.encode_latent(masks), masks)
    loss.backward()

    assert gradient(model.condition) > 0
    assert (gradient(model.latent_encoder) > 0) == through


@pytest.mark.parametrize("through", [False, True])
def test_diffusion_reaches_the_mask_encoder_only_if_asked(make_model, make_batch, through):
    """L_simple stops at z_0, so that E_phi cannot make it small by giving up (D11)."""
    model = make_model()

    losses_of(
        model,
        make_batch(),
        simple_through_latent=through,
        contrastive_weight=0,
        latent_z0=0.0,
        latent_sample=1.0,
        latent_x0=0.0,
    )

    assert (gradient(model.latent_encoder) > 0) == through


def test_silent_frames_can_be_left_out_of_the_contrast(make_model, make_batch):
    """Without their frames of empty truth, fewer latents enter the bank."""
    batch = make_batch(clips=2, frames=3)
    kept = []
    for sounding_only in (False, True):
        objective = Objective(
            make_model(), ObjectiveConfig(memory_bank=8, contrast_sounding_only=sounding_only)
        )
        objective(batch)
        kept.append(len(objective.memory))

    assert kept == [6, 4]


def test_contrast_of_nothing_is_nought(make_model, make_batch):
    """A batch in which nothing sounds has no pair to tell apart."""
    batch = make_batch()
    batch = replace(batch, masks=torch.zeros_like(batch.masks))

    losses = losses_of(make_model(), batch, contrast_sounding_only=True)

    assert losses["contrastive"].item() == 0


def test_memory_bank_keeps_the_newest(make_model, make_batch):
    """The bank fills, then forgets its oldest latents first."""
    objective = Objective(make_model(), ObjectiveConfig(memory_bank=4, clip_aware_negatives=True))

    sizes = []
    for clips in (1, 1):
        objective(make_batch(clips=clips))
        sizes.append(len(objective.memory))
    first, second = objective.memory[:3].clone(), objective.memory[3:]
    objective._remember(torch.full((2, first.shape[1]), 0.5))

    assert sizes == [3, 4]
    assert second.shape[0] == 1
    torch.testing.assert_close(objective.memory[2:], first[:2])


def test_unlabelled_frames_have_no_part_in_any_loss_but_through_tpavi(make_model, make_batch):
    """S4: other frames' truths change nothing, and only frame 0 is decoded."""
    # Running statistics of z_0 move with every call; here the same call is made twice.
    model, batch = make_model(latent_bound="tanh"), make_batch()
    labelled = torch.zeros_like(batch.labelled)
    labelled[:, 0] = True
    batch = replace(batch, labelled=labelled)
    spoilt = batch.masks.clone()
    spoilt[:, 1:] = 1 - spoilt[:, 1:]
    decoded = []
    model.decoder.register_forward_hook(lambda _, args, out: decoded.append(len(out)))

    one = losses_of(model, batch)
    other = losses_of(model, replace(batch, masks=spoilt))

    assert decoded == [2, 2]
    assert one["total"].item() == pytest.approx(other["total"].item(), rel=1e-4)


def test_clips_with_different_numbers_of_truths_are_taken_frame_by_frame(make_model, make_batch):
    """Frames without a truth are left out wherever they are."""
    batch = make_batch()
    labelled = torch.tensor([[True, True, False], [True, False, False]])
    objective = Objective(make_model(), ObjectiveConfig())

    _, masks = objective._labelled(objective._fuse(batch), replace(batch, labelled=labelled))

    assert masks.shape[:2] == (3, 1)
    torch.testing.assert_close(masks[:, 0], batch.masks[labelled])


def test_class_indices_become_one_channel_a_class(make_model, make_batch):
    """AVSS truths are indices; the network learns all K classes."""
    batch = make_batch()
    batch = replace(batch, masks=3 * batch.masks.long())

    losses = losses_of(make_model(num_classes=5), batch)

    assert torch.isfinite(losses["total"])


def test_divergence_of_the_cvae_fades_in(make_model, make_batch):
    """At step 0 the CVAE pays nothing for a posterior unlike its prior; later it does."""
    first = losses_of(make_model(kind="cvae"), make_batch(), step=0, cvae_anneal_steps=10)
    later = losses_of(make_model(kind="cvae"), make_batch(), step=5, cvae_anneal_steps=10)

    assert first["kl"].item() == 0
    assert later["kl"].item() > 0


def test_stored_features_give_the_losses_of_the_pictures(make_model, make_batch):
    """What a frozen backbone made of the frames stands for them."""
    model, batch = make_model().eval(), make_batch()
    objective = Objective(model, ObjectiveConfig())
    with torch.no_grad():
        stored = replace(
            batch,
            frames=None,
            log_mel=None,
            features=tuple(model.encode_frames(batch.frames)),
            embeddings=model.encode_audio(batch.log_mel),
        )

    totals = []
    for one in (batch, stored):
        torch.manual_seed(2)
        totals.append(objective(one)["total"].item())

    assert totals[0] == pytest.approx(totals[1], rel=1e-6)


def test_matching_pairs_each_stage_with_its_own_sound(make_model, make_batch, monkeypatch):
    """L_AVM sees the maps of TPAVI's stages, also where these are not the deepest ones."""
    seen = []
    monkeypatch.setattr(
        "avsseg.training.objective.audio_visual_matching_loss",
        lambda maps, aligned, logits: seen.append([m.shape[-1] for m in maps]) or logits.sum() * 0,
    )
    model = make_model(tpavi_stages=(1, 3))

    Objective(model, ObjectiveConfig(avm_weight=0.5))(make_batch())

    assert seen == [[16, 4]]


def test_layout_teaches_the_latent_encoder_what_z_is_for(make_model, make_batch):
    """With it alone, E_phi learns although nothing else reaches it, and sampling learns too."""
    model = make_model(latent_layout=True)
    own = {"latent_z0": 0.0, "latent_x0": 0.0, "latent_sample_grad": 1.0}

    losses = losses_of(
        model, make_batch(), layout_weight=1.0, simple_weight=0, contrastive_weight=0, **own
    )

    assert "layout" in losses
    assert gradient(model.latent_encoder) > 0
    assert gradient(model.denoiser) > 0
