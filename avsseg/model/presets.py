"""The named networks: the paper's two, AVSBench's two, and the compact one that ships."""

from avsseg.errors import ConfigError
from avsseg.model.config import ModelConfig

COMPACT_CATEGORIES = (
    *("accordion", "bagpipes", "banjo", "bird", "car", "cat", "clarinet", "clock", "cow", "dog"),
    *("drums", "flute", "guitar", "harmonica", "harp", "helicopter", "horse", "keyboard"),
    *("motorcycle", "person", "piano", "rooster", "saxophone", "sheep", "sitar", "train"),
    *("trombone", "truck_bus", "trumpet", "tuba", "violin", "xylophone"),
)
"""The kinds that the compact network was taught to name; it marks others too."""

PRESETS: dict[str, ModelConfig] = {
    "paper-r50": ModelConfig(backbone="resnet50"),
    "paper-pvt": ModelConfig(backbone="pvt_v2_b5", drop_path=0.1),
    "avsbench-r50": ModelConfig(kind="ed", backbone="resnet50", channels=256),
    "avsbench-pvt": ModelConfig(kind="ed", backbone="pvt_v2_b5", drop_path=0.1, channels=256),
    "compact": ModelConfig(
        backbone="tf_efficientnet_lite2",
        audio_encoder="yamnet",
        image_size=384,
        latent_size=224,
        audio_hidden=512,
        channels=96,
        neck="pointwise",
        tpavi_stages=(2, 3, 4),
        tpavi_lags=True,
        audio_film=True,
        sound_context=True,
        mixture_hearing=True,
        categories=COMPACT_CATEGORIES,
        decoder="light",
        decoder_channels=64,
        presence_gate=True,
        condition_source="features",
        latent_bound="running",
        latent_hidden=256,
        latent_layout=True,
        prediction_type="sample",
        noise_scope="video",
    ),
}


def preset(name: str) -> ModelConfig:
    """The config of a named network; raises ConfigError that lists the names."""
    if name not in PRESETS:
        raise ConfigError(f"no model is called {name!r}; known: {', '.join(PRESETS)}.")
    return PRESETS[name]
