"""AVSegmenter, the whole, made of the parts of the paper's Fig. 1."""

from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from einops import rearrange, reduce, repeat
from torch import Tensor, nn

from avsseg.model.backbone import Backbone
from avsseg.model.category_match import CategoryMatch, Match
from avsseg.model.condition import ConditionEncoder
from avsseg.model.config import ModelConfig
from avsseg.model.cvae import LatentCVAE
from avsseg.model.decoder import LatentExpansion, LightDecoder, MaskDecoder
from avsseg.model.denoiser import LatentDenoiser
from avsseg.model.diffusion import NoiseSchedule, ddim_sample, ddpm_sample, predict_start
from avsseg.model.hint import Hint
from avsseg.model.latent_encoder import LATENT_LIMITS, LatentEncoder
from avsseg.model.latent_layout import LatentLayout
from avsseg.model.mixture import PARTS_DIM, MixtureHearing
from avsseg.model.sound_context import SoundContext
from avsseg.model.sound_gates import PresenceGate, gated

PIXEL_MEAN = (0.485, 0.456, 0.406)
PIXEL_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, kw_only=True)
class Fused:
    """What the deterministic encoders make of a batch of clips.

    Shapes:
        maps: G_1..G_4, each (B, T, C, h, w); audio (B, T, 128) the adapted sound;
        aligned: TPAVI's projected sound (B, T, C) of each fused stage;
        frames (B, T, 3, S, S) normalised, only if the condition reads pixels; match: the kinds
        seen and heard, only where the network tells them
    """

    maps: list[Tensor]
    audio: Tensor
    aligned: list[Tensor]
    frames: Tensor | None
    match: Match | None = None


class AVSegmenter(nn.Module):
    """Contrastive conditional latent diffusion for audio-visual segmentation.

    The parts are handed in by ``build_model``; absent ones (a baseline has no diffusion) are None.

    Shapes:
        frames (B, T, 3, S, S) in [0, 1], log_mel (B, T, 1, 96, 64) -> logits (B, T, K, S, S)
    """

    pixel_mean: Tensor
    pixel_std: Tensor

    def __init__(
        self,
        config: ModelConfig,
        *,
        backbone: Backbone,
        audio_encoder: nn.Module,
        audio_adapter: nn.Module,
        necks: nn.ModuleList,
        films: nn.ModuleList,
        tpavis: nn.ModuleDict,
        decoder: MaskDecoder | LightDecoder,
        sound_context: SoundContext | None = None,
        match: CategoryMatch | None = None,
        mixture: MixtureHearing | None = None,
        match_hint: Hint | None = None,
        presence: PresenceGate | None = None,
        expansion: LatentExpansion | None = None,
        layout: LatentLayout | None = None,
        layout_hint: Hint | None = None,
        latent_encoder: LatentEncoder | None = None,
        condition: ConditionEncoder | None = None,
        denoiser: LatentDenoiser | None = None,
        cvae: LatentCVAE | None = None,
    ) -> None:
        super().__init__()
        self.config = config
        self.backbone = backbone
        self.audio_encoder = audio_encoder
        self.audio_adapter = audio_adapter
        self.sound_context = sound_context
        self.necks = necks
        self.films = films
        self.tpavis = tpavis
        self.match = match
        self.mixture = mixture
        self.match_hint = match_hint
        self.decoder = decoder
        self.presence = presence
        self.expansion = expansion
        self.layout = layout
        self.layout_hint = layout_hint
        self.latent_encoder = latent_encoder
        self.condition = condition
        self.denoiser = denoiser
        self.cvae = cvae
        self.schedule = NoiseSchedule.from_config(config)
        for name, values in (("pixel_mean", PIXEL_MEAN), ("pixel_std", PIXEL_STD)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    @property
    def bound(self) -> float | None:
        """The range (-bound, bound) of z_0, to which sampling clamps (D9)."""
        return LATENT_LIMITS[self.config.latent_bound]

    def forward(self, frames: Tensor, log_mel: Tensor, noise: Tensor | None = None) -> Tensor:
        """Segments with one latent per frame; the same as ``segment``."""
        return self.segment(frames, log_mel, noise)

    def segment(self, frames: Tensor, log_mel: Tensor, noise: Tensor | None = None) -> Tensor:
        """Logits (B, T, K, S, S) of what sounds.

        ``noise`` (B, T, D) is all the chance there is, so the same noise gives the same masks;
        ``ed`` uses none, a stochastic sampler asks for (B, T, ``config.num_draws``, D).
        """
        fused = self.fuse(self.encode_frames(frames), self.encode_audio(log_mel), frames)
        return self.decode(fused, self.sample_latent(fused, noise))

    def encode_frames(self, frames: Tensor) -> list[Tensor]:
        """F_1..F_4 of the backbone, each (B, T, c_l, h, w), from frames in [0, 1]."""
        batch = frames.shape[0]
        maps = self.backbone(rearrange(self._normalised(frames), "b t c h w -> (b t) c h w"))
        return [rearrange(m, "(b t) c h w -> b t c h w", b=batch) for m in maps]

    def resume_frames(self, features: list[Tensor]) -> list[Tensor]:
        """F_1..F_4, each (B, T, c_l, h, w), from the finest of them, as stored before."""
        batch = features[0].shape[0]
        maps = self.backbone.resume([_rows(f) for f in features])
        return [rearrange(m, "(b t) c h w -> b t c h w", b=batch) for m in maps]

    def encode_audio(self, log_mel: Tensor) -> Tensor:
        """The frozen encoder's embeddings A (B, T, A) of log-mel (B, T, 1, 96, 64).

        Where several sounds at once are told apart, their parts (B, T, 1024) stand before A.
        """
        batch = log_mel.shape[0]
        rows = self.audio_encoder(rearrange(log_mel, "b t k n m -> (b t) k n m"))
        embeddings: Tensor = rearrange(rows, "(b t) a -> b t a", b=batch)
        return embeddings

    def adapt_audio(self, embeddings: Tensor) -> Tensor:
        """The sound (B, T, 128) that all that follows reads, from embeddings A (B, T, A)."""
        audio: Tensor = self.audio_adapter(embeddings)
        return audio if self.sound_context is None else self.sound_context(audio)

    def fuse(
        self, features: list[Tensor], embeddings: Tensor, frames: Tensor | None = None
    ) -> Fused:
        """G_1..G_4 from the backbone's maps and the sound's embeddings (section III-C).

        ``frames`` (B, T, 3, S, S) in [0, 1] are needed only where the condition reads pixels.
        """
        batch = embeddings.shape[0]
        correction, embeddings = self._hear_apart(embeddings)
        audio = self.adapt_audio(embeddings)
        necked = [
            rearrange(neck(_rows(f)), "(b t) c h w -> b t c h w", b=batch)
            for f, neck in zip(features, self.necks, strict=True)
        ]
        match = None if self.match is None else self.match(*features[2:], audio, correction)
        maps: list[Tensor] = []
        aligned: list[Tensor] = []
        for stage, visual in enumerate(necked, start=1):
            if len(self.films):
                visual = self.films[stage - 1](visual, audio)
            if str(stage) in self.tpavis:
                visual, projected = self.tpavis[str(stage)](visual, audio)
                aligned.append(projected)
            maps.append(visual)
        if self.match_hint is not None and match is not None:
            maps[1:] = self.match_hint(maps[1:], match.evidence)
        pixels = self._normalised(frames) if self.reads_pixels and frames is not None else None
        return Fused(maps=maps, audio=audio, aligned=aligned, frames=pixels, match=match)

    def _hear_apart(self, embeddings: Tensor) -> tuple[Tensor | None, Tensor]:
        """What the parts of the sounds correct of what is heard (B, T, K); the embeddings A."""
        if self.mixture is None:
            return None, embeddings
        parts, embeddings = embeddings[..., :PARTS_DIM], embeddings[..., PARTS_DIM:]
        return self.mixture(parts, embeddings), embeddings

    @property
    def reads_pixels(self) -> bool:
        """Whether E_psi looks at the frame itself."""
        return (
            self.config.kind == "ldm"
            and self.config.condition_source == "rgb"
            and self.config.condition in ("visual", "av")
        )

    def encode_condition(self, fused: Fused) -> Tensor | None:
        """The condition c (B, T, D) of E_psi, or None when it is ablated."""
        if self.condition is None:
            return None
        visual: Tensor | list[Tensor] = [_rows(m) for m in fused.maps]
        if self.reads_pixels:
            assert fused.frames is not None
            visual = self.latent_sized(_rows(fused.frames))
        c = self.condition(visual, _rows(fused.audio))
        return None if c is None else self._latent_shape(c, like=fused.audio)

    def encode_latent(self, masks: Tensor) -> Tensor:
        """z_0 (B, T, D) of truths (B, T, K, S, S): E_phi."""
        assert self.latent_encoder is not None
        return self._latent_shape(self.latent_encoder(self.latent_sized(_rows(masks))), like=masks)

    def sample_latent(self, fused: Fused, noise: Tensor | None) -> Tensor | None:
        """A latent (B, T, D) for the maps: DDIM, DDPM, or the CVAE's prior; None for ``ed``."""
        if self.config.kind == "ed":
            return None
        if noise is None:
            raise ValueError("this model samples a latent: pass noise of shape (B, T, D)")
        if self.config.latent_scope == "clip":
            noise = noise[:, :1].expand_as(noise)
        if self.cvae is not None:
            sample = self.cvae.prior([_rows(m) for m in fused.maps]).sample(_rows(noise))
            return _unrows(sample, like=noise)
        return self.sample_from_condition(self.encode_condition(fused), noise)

    def sample_from_condition(self, c: Tensor | None, noise: Tensor) -> Tensor:
        """The latent z_0 (B, T, D) from noise as in ``segment``, by the config's sampler.

        Raises:
            ValueError: if the sampler takes more draws of noise than there are.
        """
        config = self.config
        draws = (noise if noise.ndim == 4 else noise[:, :, None]).flatten(0, 1).movedim(1, 0)
        if len(draws) < config.num_draws:
            raise ValueError(f"this sampler takes noise of shape (B, T, {config.num_draws}, D)")
        draws = draws.to(torch.promote_types(draws.dtype, torch.float32))
        denoise = _Denoise(self, None if c is None else _rows(c).to(draws.dtype))
        sample = ddpm_sample
        if config.sampler == "ddim":
            sample = partial(ddim_sample, num_steps=config.num_steps, eta=config.eta)
        with torch.autocast(noise.device.type, enabled=False):  # each step feeds the next
            z_0 = sample(
                denoise,
                draws[0],
                self.schedule,
                kind=config.prediction_type,
                bound=self.bound,
                fresh=draws[1:],
            )
        return _unrows(z_0, like=noise)

    def decode(self, fused: Fused, z_0: Tensor | None) -> Tensor:
        """Logits (B, T, K, S, S) of the maps and a latent (B, T, D)."""
        return self.decode_with_presence(fused, z_0)[0]

    def decode_with_presence(
        self, fused: Fused, z_0: Tensor | None
    ) -> tuple[Tensor, Tensor | None]:
        """As ``decode``, with the gate's own logits (B T,) where the network has one."""
        maps = list(fused.maps)
        if self.layout is not None and self.layout_hint is not None:
            assert z_0 is not None
            maps[1:] = self.layout_hint(maps[1:], torch.sigmoid(self.layout(z_0).float()))
        maps = [_rows(m) for m in maps]
        if self.expansion is not None:
            assert z_0 is not None
            maps[3] = self.expansion(maps[3], _rows(z_0).to(maps[3].dtype))
        logits = self.decoder(maps)
        presence = None
        if self.presence is not None:
            presence = self.presence(maps[1:], _rows(fused.audio))
            logits = gated(logits, presence)
        return _unrows(logits, like=fused.audio), presence

    def _normalised(self, frames: Tensor) -> Tensor:
        normalised: Tensor = (frames - self.pixel_mean) / self.pixel_std
        return normalised

    def latent_sized(self, rows: Tensor) -> Tensor:
        """Frames or masks (N, c, S, S) in the size that the latent's own networks are made for."""
        side = self.config.latent_side
        if rows.shape[-1] == side:
            return rows
        return F.interpolate(rows, size=(side, side), mode="area")

    def _latent_shape(self, rows: Tensor, like: Tensor) -> Tensor:
        """Rows (B T, D) as (B, T, D); with one latent per clip, the mean over its frames."""
        codes = _unrows(rows, like=like)
        if self.config.latent_scope == "clip":
            codes = repeat(reduce(codes, "b t d -> b d", "mean"), "b d -> b t d", t=like.shape[1])
        return codes


class _Denoise:
    """eps_theta with its condition bound, and its last estimate if it conditions on itself."""

    def __init__(self, model: AVSegmenter, c: Tensor | None) -> None:
        assert model.denoiser is not None
        self.denoiser = model.denoiser
        self.c = c
        self.schedule = model.schedule
        self.kind = model.config.prediction_type
        self.bound = model.bound
        self.previous: Tensor | None = None

    def __call__(self, z_t: Tensor, t: int) -> Tensor:
        times = torch.full((z_t.shape[0],), t, device=z_t.device, dtype=torch.long)
        prediction: Tensor = self.denoiser(z_t, times, self.c, self.previous)
        if self.denoiser.self_condition:
            z_0 = predict_start(self.schedule.alpha_bar(t), z_t, prediction, self.kind)
            self.previous = z_0 if self.bound is None else z_0.clamp(-self.bound, self.bound)
        return prediction


def _rows(x: Tensor) -> Tensor:
    """Folds clips and frames: (B, T, ...) -> (B T, ...)."""
    return x.flatten(0, 1)


def _unrows(x: Tensor, like: Tensor) -> Tensor:
    """Unfolds to the clips and frames of ``like``: (B T, ...) -> (B, T, ...)."""
    return x.reshape(*like.shape[:2], *x.shape[1:])
