"""The paper's objective (section III-C, Eq. 12), and the named options around it."""

from dataclasses import replace

import torch
from einops import repeat
from torch import Tensor, nn

from avsseg.model.diffusion import predict_start, q_sample, target_of
from avsseg.model.segmenter import AVSegmenter, Fused
from avsseg.training.batch import TrainBatch
from avsseg.training.held_pictures import encode_once
from avsseg.training.losses import (
    audio_visual_matching_loss,
    contrastive_loss,
    dice_loss,
    heard_loss,
    layout_loss,
    seen_loss,
    segmentation_loss,
    visual_matching_loss,
)
from avsseg.training.objective_config import ObjectiveConfig
from avsseg.training.strange_sounds import estranged


class Objective(nn.Module):
    """A network together with its losses; calling it is one training step's forward pass.

    Shapes:
        a TrainBatch -> named scalar losses; ``total`` is the one to minimise
    """

    def __init__(self, model: AVSegmenter, config: ObjectiveConfig) -> None:
        super().__init__()
        self.model = model
        self.config = config
        # No buffer: each process keeps its own, of its own length.
        self.memory = torch.zeros(0, model.config.latent_dim)

    def forward(self, batch: TrainBatch, step: int = 0) -> dict[str, Tensor]:
        """Losses of a batch; ``step`` paces the CVAE's annealing."""
        whole = self._fuse(batch)
        fused, masks = self._labelled(whole, batch)
        kind = self.model.config.kind
        if kind == "ldm":
            losses = self._ldm(fused, masks)
        elif kind == "cvae":
            losses = self._cvae(fused, masks, step)
        else:
            losses = self._decoded(fused, None, masks)
        losses |= self._kinds(whole, batch)
        losses["total"] = torch.stack(list(losses.values())).sum()
        return losses

    def _fuse(self, batch: TrainBatch) -> Fused:
        if batch.features is None:
            assert batch.frames is not None
            features = self._encoded(batch.frames)
        else:
            features = self.model.resume_frames([_stored(f) for f in batch.features])
        if batch.embeddings is None:
            assert batch.log_mel is not None
            embeddings = self.model.encode_audio(batch.log_mel)
        else:
            embeddings = _stored(batch.embeddings)
        if self.config.strange_sounds:
            chance, strangeness = self.config.strange_sounds, self.config.strangeness
            embeddings = estranged(embeddings, chance, strangeness)
        return self.model.fuse(features, embeddings, batch.frames)

    def _encoded(self, frames: Tensor) -> list[Tensor]:
        norms = (m for m in self.model.backbone.modules() if isinstance(m, nn.BatchNorm2d))
        if any(norm.training for norm in norms):
            return self.model.encode_frames(frames)
        return encode_once(self.model.encode_frames, frames)

    def _labelled(self, fused: Fused, batch: TrainBatch) -> tuple[Fused, Tensor]:
        """Keeps the labelled frames: no operation after TPAVI crosses frames (S4 has but one).

        Where clips have different numbers of them, each frame goes on as a clip of one.
        """
        if bool(batch.labelled.all()):
            return fused, self._one_hot(batch.masks)
        counts = batch.labelled.sum(dim=1)
        length = int(counts[0]) if bool((counts == counts[0]).all()) else 1

        def keep(x: Tensor) -> Tensor:
            rows = x[batch.labelled]
            return rows.reshape(-1, length, *rows.shape[1:])

        kept = replace(
            fused,
            maps=[keep(m) for m in fused.maps],
            audio=keep(fused.audio),
            aligned=[keep(a) for a in fused.aligned],
            frames=None if fused.frames is None else keep(fused.frames),
            match=None,
        )
        return kept, self._one_hot(keep(batch.masks))

    def _one_hot(self, masks: Tensor) -> Tensor:
        """Class indices (B, T, 1, S, S) as (B, T, K, S, S); binary masks as they are."""
        if masks.dtype != torch.int64:
            return masks.float()
        classes = nn.functional.one_hot(masks[:, :, 0], self.model.config.num_classes)
        return classes.movedim(-1, 2).float()

    def _kinds(self, fused: Fused, batch: TrainBatch) -> dict[str, Tensor]:
        """What is seen and heard is known of every frame, whatever is known of its mask."""
        losses: dict[str, Tensor] = {}
        if fused.match is None:
            return losses
        if self.config.seen_weight and batch.seen is not None:
            seen = seen_loss(fused.match.seen.flatten(0, 1), batch.seen.flatten(0, 1))
            losses["seen"] = self.config.seen_weight * seen
        if self.config.heard_weight and batch.heard is not None:
            heard = heard_loss(fused.match.heard.flatten(0, 1), batch.heard.flatten(0, 1))
            losses["heard"] = self.config.heard_weight * heard
        return losses

    def _ldm(self, fused: Fused, masks: Tensor) -> dict[str, Tensor]:
        z_0 = self.model.encode_latent(masks).float()
        c = self.model.encode_condition(fused)
        c = None if c is None else c.float()
        with torch.autocast(z_0.device.type, enabled=False):
            simple, x_0 = self._diffuse(
                z_0 if self.config.simple_through_latent else z_0.detach(), c
            )
        seen = self._latent_seen(z_0, x_0, c)
        losses = self._decoded(fused, seen, masks)
        if self.config.layout_weight and self.model.layout is not None:
            drawn = [self.model.layout(z).flatten(0, 1).float() for z in (z_0, seen)]
            truth = masks.flatten(0, 1)
            terms = torch.stack([layout_loss(layout, truth) for layout in drawn])
            losses["layout"] = self.config.layout_weight * terms.sum()
        losses["simple"] = self.config.simple_weight * simple
        if self.config.contrastive_weight and c is not None:
            losses["contrastive"] = self.config.contrastive_weight * self._contrast(c, z_0, masks)
        return losses

    def _diffuse(self, z_0: Tensor, c: Tensor | None) -> tuple[Tensor, Tensor]:
        """L_simple (Eq. 9) at random steps, and the estimate of z_0 that its prediction implies."""
        model, schedule = self.model, self.model.schedule
        assert model.denoiser is not None
        rows = z_0.flatten(0, 1)
        t = torch.randint(schedule.num_timesteps, (len(rows),), device=rows.device)
        noise = torch.randn_like(rows)
        z_t = q_sample(schedule, rows, t, noise)
        flat = None if c is None else c.flatten(0, 1)
        previous = None
        kind = model.config.prediction_type
        if model.config.self_condition and torch.rand(()) < 0.5:
            with torch.no_grad():
                first = model.denoiser(z_t, t, flat)
                previous = self._bounded(predict_start(schedule.gather(t), z_t, first, kind))
        prediction = model.denoiser(z_t, t, flat, previous).float()
        simple = (prediction - target_of(schedule, rows, t, noise, kind)).square().mean()
        x_0 = self._bounded(predict_start(schedule.gather(t), z_t, prediction, kind))
        return simple, x_0.reshape(z_0.shape)

    def _latent_seen(self, z_0: Tensor, x_0: Tensor, c: Tensor | None) -> Tensor:
        """Per frame one of the four latents, by the configured shares (D10)."""
        shares = torch.tensor(self.config.latent_shares, device=z_0.device)
        choice = torch.multinomial(shares, z_0.shape[0] * z_0.shape[1], replacement=True)
        choice = choice.view(*z_0.shape[:2], 1)
        seen = torch.where(choice == 0, z_0, x_0)
        if self.config.latent_sample:
            with torch.no_grad():
                seen = torch.where(choice == 2, self._sampled(c, z_0), seen)
        if self.config.latent_sample_grad:
            seen = torch.where(choice == 3, self._sampled(c, z_0), seen)
        return seen

    def _sampled(self, c: Tensor | None, z_0: Tensor) -> Tensor:
        draws = repeat(z_0, "b t d -> b t n d", n=self.model.config.num_draws)
        noise = torch.randn_like(draws)
        if self.model.config.noise_scope != "frame":
            noise = noise[:, :1].expand_as(noise)
        return self.model.sample_from_condition(c, noise)

    def _bounded(self, z_0: Tensor) -> Tensor:
        bound = self.model.bound
        return z_0 if bound is None else z_0.clamp(-bound, bound)

    def _contrast(self, c: Tensor, z_0: Tensor, masks: Tensor) -> Tensor:
        """L_contrastive (Eq. 10) over the frames of the batch and the memory bank."""
        kept = torch.ones(c.shape[:2], dtype=torch.bool, device=c.device)
        if self.config.contrast_sounding_only:
            kept = masks.flatten(2).amax(dim=2) > 0
        clips = torch.arange(c.shape[0], device=c.device)[:, None].expand_as(kept)[kept]
        keys = z_0 if self.config.contrastive_through_latent else z_0.detach()
        if len(clips) == 0:
            return c.sum() * 0
        loss = contrastive_loss(
            c[kept],
            keys[kept],
            temperature=self.config.temperature,
            negatives=self.memory.to(c.device) if self.config.memory_bank else None,
            same_clip=clips[:, None] == clips[None] if self.config.clip_aware_negatives else None,
        )
        self._remember(z_0[kept].detach())
        return loss

    def _remember(self, latents: Tensor) -> None:
        if self.config.memory_bank:
            kept = torch.cat([latents, self.memory.to(latents.device)])
            self.memory = kept[: self.config.memory_bank]

    def _cvae(self, fused: Fused, masks: Tensor, step: int) -> dict[str, Tensor]:
        """UCNet's recipe: posterior and prior both decoded, their divergence faded in (D23)."""
        cvae = self.model.cvae
        assert cvae is not None
        maps = [m.flatten(0, 1) for m in fused.maps]
        truth = self.model.latent_sized(masks.flatten(0, 1))
        prior, posterior = cvae.prior(maps), cvae.posterior(maps, truth)
        share = self.config.cvae_posterior
        losses = {}
        for name, latent, weight in (("posterior", posterior, share), ("prior", prior, 1 - share)):
            z = latent.sample(torch.randn_like(latent.mean)).reshape(*masks.shape[:2], -1)
            for key, value in self._decoded(fused, z, masks).items():
                losses[f"{key}_{name}"] = weight * value
        anneal = min(1.0, step / max(1, self.config.cvae_anneal_steps))
        pixels = masks.shape[-1] * masks.shape[-2]
        losses["kl"] = share * self.config.cvae_kl * anneal * posterior.kl(prior).mean() / pixels
        return losses

    def _decoded(self, fused: Fused, z: Tensor | None, masks: Tensor) -> dict[str, Tensor]:
        """The terms that depend on the mask that is drawn."""
        logits, presence = self.model.decode_with_presence(fused, z)
        rows, truth = logits.flatten(0, 1).float(), masks.flatten(0, 1)
        losses = {"seg": segmentation_loss(rows, truth)}
        if self.config.dice_weight:
            losses["dice"] = self.config.dice_weight * dice_loss(rows, truth)
        for name, loss, weight in (
            ("avm", audio_visual_matching_loss, self.config.avm_weight),
            ("avm_visual", visual_matching_loss, self.config.avm_visual_weight),
        ):
            if weight:
                stages = sorted(self.model.config.tpavi_stages)
                maps = [torch.relu(fused.maps[stage - 1].flatten(0, 1)) for stage in stages]
                aligned = [a.flatten(0, 1) for a in fused.aligned]
                losses[name] = weight * loss(maps, aligned, rows)
        if self.config.presence_weight and presence is not None:
            there = truth.flatten(1).amax(dim=1)
            term = nn.functional.binary_cross_entropy_with_logits(presence.float(), there)
            losses["presence"] = self.config.presence_weight * term
        return losses


def _stored(values: Tensor) -> Tensor:
    """Stored features in the format that the network computes in."""
    return values if torch.is_autocast_enabled(values.device.type) else values.float()
