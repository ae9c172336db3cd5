"""From a config to a network: the one place where the parts are put together."""

from torch import nn

from avsseg.model.backbone import Backbone
from avsseg.model.category_match import CategoryMatch
from avsseg.model.condition import ConditionEncoder, FeatureBranch, rgb_branch
from avsseg.model.config import ModelConfig
from avsseg.model.cvae import LatentCVAE
from avsseg.model.decoder import LatentExpansion, LightDecoder, MaskDecoder
from avsseg.model.denoiser import LatentDenoiser, TimeEmbedding
from avsseg.model.hint import Hint
from avsseg.model.latent_encoder import LatentEncoder
from avsseg.model.latent_layout import LatentLayout
from avsseg.model.mixture import MixtureHearing
from avsseg.model.neck import BasicNeck, DilatedNeck, PointwiseNeck
from avsseg.model.segmenter import AVSegmenter
from avsseg.model.sound_context import SoundContext
from avsseg.model.sound_gates import AudioFiLM, PresenceGate
from avsseg.model.tpavi import AUDIO_DIM, TPAVI
from avsseg.model.vggish import VGGish
from avsseg.model.yamnet import YAMNet

_NUM_STAGES = 4
_NUM_HINTED = 3  # strides 8, 16 and 32
_NECKS = {"dilated": DilatedNeck, "basic": BasicNeck, "pointwise": PointwiseNeck}


def build_model(config: ModelConfig) -> AVSegmenter:
    """The network of a config, with fresh weights, on the CPU."""
    backbone = Backbone(config.backbone, config.drop_path)
    audio_encoder = _audio_encoder(config)
    for parameter in audio_encoder.parameters():
        parameter.requires_grad_(False)
    neck = _NECKS[config.neck]
    generative = config.kind != "ed"
    layout = generative and config.latent_layout
    return AVSegmenter(
        config,
        backbone=backbone,
        audio_encoder=audio_encoder,
        audio_adapter=_adapter(audio_encoder.out_dim, config.audio_hidden),
        sound_context=SoundContext(AUDIO_DIM) if config.sound_context else None,
        necks=nn.ModuleList(neck(c, config.channels) for c in backbone.channels),
        films=nn.ModuleList(
            AudioFiLM(config.channels, AUDIO_DIM)
            for _ in range(_NUM_STAGES if config.audio_film else 0)
        ),
        tpavis=nn.ModuleDict({str(stage): _tpavi(config) for stage in config.tpavi_stages}),
        match=_match(config, backbone),
        mixture=(
            MixtureHearing(audio_encoder.out_dim, len(config.categories))
            if config.hears_mixtures
            else None
        ),
        match_hint=Hint(config.channels, _NUM_HINTED) if config.categories else None,
        decoder=_decoder(config),
        presence=(
            PresenceGate(config.channels, _NUM_STAGES - 1, AUDIO_DIM)
            if config.presence_gate
            else None
        ),
        expansion=LatentExpansion(config.channels, config.latent_dim) if generative else None,
        layout=LatentLayout(config.latent_dim, config.latent_side // 16) if layout else None,
        layout_hint=Hint(config.channels, _NUM_HINTED) if layout else None,
        **(_diffusion(config) if config.kind == "ldm" else {}),  # type: ignore[arg-type]
        cvae=_cvae(config) if config.kind == "cvae" else None,
    )


def _audio_encoder(config: ModelConfig) -> VGGish | YAMNet:
    return VGGish() if config.audio_encoder == "vggish" else YAMNet(parts=config.hears_mixtures)


def _adapter(out_dim: int, hidden: int) -> nn.Module:
    """A trained map from the sound's embedding to 128-d; none where it has that width already."""
    if not hidden and out_dim == AUDIO_DIM:
        return nn.Identity()
    if not hidden:
        return nn.Linear(out_dim, AUDIO_DIM)
    return nn.Sequential(
        nn.LayerNorm(out_dim), nn.Linear(out_dim, hidden), nn.GELU(), nn.Linear(hidden, AUDIO_DIM)
    )


def _tpavi(config: ModelConfig) -> TPAVI:
    return TPAVI(
        config.channels,
        attend_visual=config.tpavi_visual,
        align_bias=config.tpavi_align_bias,
        lags=config.num_frames if config.tpavi_lags else None,
    )


def _match(config: ModelConfig, backbone: Backbone) -> CategoryMatch | None:
    if not config.categories:
        return None
    channels = backbone.channels[2], backbone.channels[3]
    return CategoryMatch(channels, AUDIO_DIM, len(config.categories))


def _decoder(config: ModelConfig) -> MaskDecoder | LightDecoder:
    if config.decoder == "avsbench":
        return MaskDecoder(config.channels, config.num_classes)
    fine = config.decoder_channels or config.channels
    return LightDecoder(config.channels, fine, config.num_classes)


def _diffusion(config: ModelConfig) -> dict[str, nn.Module]:
    size, hidden, dim = config.latent_side, config.latent_hidden, config.latent_dim
    visual: nn.Module = rgb_branch(size, hidden, dim)
    if config.condition_source == "features":
        visual = FeatureBranch(config.channels, _NUM_STAGES, size, hidden, dim)
    time = TimeEmbedding(
        config.time_dim, config.num_timesteps, learned=config.time_embedding == "learned"
    )
    return {
        "latent_encoder": LatentEncoder(
            config.num_classes, size, hidden, dim, bound=config.latent_bound
        ),
        "condition": ConditionEncoder(config.condition, visual, AUDIO_DIM, dim),
        "denoiser": LatentDenoiser(
            dim,
            0 if config.condition == "none" else dim,
            config.denoiser_widths,
            time,
            film=config.denoiser_film,
            self_condition=config.self_condition,
        ),
    }


def _cvae(config: ModelConfig) -> LatentCVAE:
    return LatentCVAE(
        config.channels,
        config.num_classes,
        config.latent_side,
        config.latent_hidden,
        config.latent_dim,
    )
