"""What a training run is, but for the network itself and the objective: one frozen value."""

import math
from dataclasses import dataclass, field
from typing import Literal

from avsseg.data.layout import NUM_FRAMES, Subset
from avsseg.errors import ConfigError
from avsseg.model.config import ModelConfig
from avsseg.training.objective_config import ObjectiveConfig
from avsseg.training.replay import ReplayConfig

Precision = Literal["no", "bf16", "fp16"]


@dataclass(frozen=True, kw_only=True)
class AVSBenchConfig:
    """A fixed set of labelled clips in AVSBench's layout."""

    root: str
    """Folder with the subset's index file, or the one above it."""
    subset: Subset
    """``s4``, ``ms3`` or ``avss``."""
    sound: Literal["auto", "log_mel", "wav"] = "auto"
    """Pickled log-mel, wav, or the first that is there."""
    flip: float = 0.0
    """Chance to mirror a whole clip (D19; ECMVAE: 0.3)."""
    first_frame_only: bool = False
    """Use the truth of first frames alone, as S4 does, even where there are more."""
    train_crop: bool = False
    """AVSS: cut training pictures as AVSBench does."""
    feature_cache: str = ""
    """Folder for the frozen backbone's features, computed once; empty for none."""


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """Where training clips come from: one of ``avsbench`` and ``replay``."""

    avsbench: AVSBenchConfig | None = None
    """Labelled clips on disk."""
    replay: ReplayConfig | None = None
    """Scenes composed from a bank as training goes, behind a frozen backbone."""
    epoch_batches: int = 500
    """Batches called an epoch where the data has no end (replay)."""
    workers: int = 2
    """Processes that prepare batches; 0 does it between the steps."""

    def __post_init__(self) -> None:
        """Refuses none or both of the two sources."""
        if (self.avsbench is None) == (self.replay is None):
            raise ConfigError("data needs one table: either data.avsbench or data.replay.")
        _demand(self.epoch_batches >= 1, "data.epoch_batches", "at least 1", self.epoch_batches)
        _demand(self.workers >= 0, "data.workers", "0 or more", self.workers)


@dataclass(frozen=True, kw_only=True)
class InitConfig:
    """Weights that the encoders start from: names of ``avsseg weights list``, or paths."""

    backbone: str = ""
    """Empty starts from random numbers."""
    audio_encoder: str = ""
    """Empty starts from random numbers, which only a test can want."""


@dataclass(frozen=True, kw_only=True)
class OptimisationConfig:
    """How the weights move; the defaults are the paper's (section IV-A)."""

    optimizer: Literal["adam", "adamw"] = "adam"
    lr: float = 1e-4
    """Learning rate at its highest."""
    backbone_lr_scale: float = 1.0
    """The backbone's learning rate as a multiple of ``lr``."""
    weight_decay: float = 0.0
    batch: int = 4
    """Clips of a batch, in each process (replay: see ``data.replay.batch_frames``)."""
    accumulate: int = 1
    """Batches that make one step."""
    epochs: int = 0
    """The run ends with the first of these that is reached; 0 stands for no such limit."""
    steps: int = 0
    minutes: float = 0.0
    schedule: Literal["constant", "cosine"] = "constant"
    """``cosine`` falls to ``final_lr`` at the end of epochs, steps or minutes."""
    warmup: int = 0
    """Steps over which the rate rises."""
    final_lr: float = 0.02
    """Share of ``lr`` that the cosine ends at."""
    clip_norm: float = 0.0
    """Largest norm of the gradient; 0 leaves it alone."""
    precision: Precision = "no"
    """``bf16`` or ``fp16`` autocast; the diffusion stays in float32."""
    ema: float = 0.0
    """Decay of the running mean of weights that is validated and kept; 0 keeps the weights."""
    freeze_backbone: bool = False
    """Train the head alone."""
    freeze_backbone_norm: bool = False
    """Keep the statistics of the backbone's batch norms."""
    freeze_backbone_depthwise: bool = False
    """Keep the backbone's depthwise kernels, whose gradients cost a CPU more than all its other
    convolutions together."""
    train_audio_encoder: bool = False
    """Train the sound network too (paper: frozen)."""
    parts: tuple[str, ...] = ()
    """Names of the modules that are to move (``sound_context``, ``tpavis.2.phi``), of those that
    the lines above leave free; all else stays as it is, batch norms' statistics too. Empty for
    all."""
    held: tuple[str, ...] = ()
    """Names of the modules that are not to move (``match.hear``), nor their statistics."""
    freeze_norm: bool = False
    """Keep every batch norm as it is: its statistics, its scale and its shift."""
    channels_last: bool = False
    """Memory order of the backbone that some machines compute faster in."""
    sizes: tuple[int, ...] = ()
    """Sides of pictures, in pixels, of which each batch takes one, so that the network can look
    at any of them; empty for ``model.image_size`` alone."""
    seed: int = 123

    def __post_init__(self) -> None:
        """Refuses values that no run can be made of."""
        for side in self.sizes:
            fits = side >= 32 and side % 32 == 0
            _demand(fits, "optimisation.sizes", "multiples of 32", list(self.sizes))
        for name in ("batch", "accumulate"):
            value = getattr(self, name)
            _demand(value >= 1, f"optimisation.{name}", "at least 1", value)
        limits = ("epochs", "steps", "minutes")
        for name in (*limits, "warmup", "clip_norm", "weight_decay", "seed"):
            value = getattr(self, name)
            _demand(0 <= value < math.inf, f"optimisation.{name}", "0 or more", value)
        _demand(0 <= self.ema < 1, "optimisation.ema", "0 to less than 1", self.ema)
        _demand(0 < self.lr < math.inf, "optimisation.lr", "more than 0", self.lr)
        if not any(getattr(self, name) for name in limits):
            raise ConfigError("optimisation needs an end: set epochs, steps or minutes (--time).")


@dataclass(frozen=True, kw_only=True)
class ValidationConfig:
    """How the run is judged on clips it does not train on."""

    every_steps: int = 0
    """Steps between validations; 0 validates after each epoch, -1 at the end alone."""
    clips: int = 0
    """Clips of the val split that are scored, evenly spread; 0 for all."""
    probes: int = 24
    """Scenes of each kind composed from the bank's val split, and its photographs (replay)."""
    probe_frames: int = 1
    """Frames of each such scene."""
    panels: int = 6
    """Clips drawn as frame, truth, prediction and uncertainty; 0 for none."""
    samples: int = 4
    """Samples of which a panel shows the spread."""


@dataclass(frozen=True, kw_only=True)
class SavingConfig:
    """What is kept, and how often."""

    every_minutes: float = 5.0
    """The full state is saved this often, and after each validation."""
    every_steps: int = 0
    """The same by steps; 0 goes by minutes alone."""
    log_steps: int = 20
    """Steps between rows of ``metrics.csv``."""
    half: bool = False
    """Store ``best.safetensors`` in float16."""


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """A whole run, as its ``config.toml`` says it."""

    name: str
    """Of the run's folder, ``runs/train/<name>``."""
    model: ModelConfig
    """The network; in a file, ``preset`` may name one to start from."""
    data: DataConfig
    optimisation: OptimisationConfig
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    init: InitConfig = field(default_factory=InitConfig)
    validation: ValidationConfig = field(default_factory=ValidationConfig)
    saving: SavingConfig = field(default_factory=SavingConfig)

    def __post_init__(self) -> None:
        """Refuses parts that do not fit each other."""
        if not self.name or any(c in self.name for c in "/\\\0") or self.name.startswith("."):
            raise ConfigError(f"name is {self.name!r}; it must be a plain folder name.")
        if self.data.avsbench is not None:
            self._check_avsbench(self.data.avsbench)
        elif self.data.replay is not None:
            self._check_replay(self.data.replay)

    def _check_avsbench(self, data: AVSBenchConfig) -> None:
        frames, classes = NUM_FRAMES[data.subset], self.model.num_classes
        if self.model.num_frames != frames:
            raise ConfigError(
                f"model.num_frames is {self.model.num_frames}; {data.subset} has {frames}."
            )
        if (data.subset == "avss") != (classes > 1):
            raise ConfigError(f"model.num_classes is {classes}; s4 and ms3 have 1 and avss has 71.")
        _demand(0 <= data.flip <= 1, "data.avsbench.flip", "0 to 1", data.flip)
        if data.feature_cache and (data.flip or not self.optimisation.freeze_backbone):
            raise ConfigError(
                "data.avsbench.feature_cache needs pictures that never change: set flip = 0 and "
                "optimisation.freeze_backbone = true."
            )
        if data.feature_cache and self.optimisation.sizes:
            raise ConfigError("data.avsbench.feature_cache holds one size: set sizes = [].")

    def _check_replay(self, data: ReplayConfig) -> None:
        model = self.model
        if data.stored_maps:
            self._check_stored_maps(data.stored_maps)
        if model.num_classes > 1:
            raise ConfigError(f"model.num_classes is {model.num_classes}; data.replay has 1.")

    def _check_stored_maps(self, kept: int) -> None:
        """What the maps of a frozen backbone are kept for cannot touch the backbone's pixels."""
        model, optimisation = self.model, self.optimisation
        whole = kept == 4
        if optimisation.freeze_backbone != whole or optimisation.train_audio_encoder:
            raise ConfigError(
                "data.replay keeps what frozen encoders made: set optimisation.train_audio_encoder "
                "= false, and freeze_backbone = true, or data.replay.stored_maps below 4 to train "
                "the stages behind the maps that are kept (0 keeps the pictures)."
            )
        if not (whole or optimisation.freeze_backbone_norm or optimisation.freeze_norm):
            raise ConfigError(
                "data.replay.stored_maps is below 4: set optimisation.freeze_backbone_norm = true."
            )
        if optimisation.sizes:
            raise ConfigError(
                "data.replay keeps maps of one size: set sizes = [], or stored_maps = 0."
            )
        reads = model.kind == "ldm" and model.condition in ("visual", "av")
        if reads and model.condition_source == "rgb":
            raise ConfigError(
                "data.replay keeps no pixels: set model.condition_source = 'features', or "
                "data.replay.stored_maps = 0."
            )


def _demand(holds: bool, name: str, wanted: str, value: object) -> None:
    if not holds:
        raise ConfigError(f"{name} is {value}; it must be {wanted}.")
