"""What the network is: one frozen value that travels inside the checkpoint."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from avsseg.errors import ConfigError
from avsseg.typed_config import from_mapping

Kind = Literal["ldm", "cvae", "ed"]
Condition = Literal["none", "audio", "visual", "av"]
PredictionType = Literal["epsilon", "sample", "v_prediction"]
LatentBound = Literal["tanh", "running", "none"]

_POSITIVE = (
    "image_size",
    "num_frames",
    "num_classes",
    "channels",
    "latent_dim",
    "latent_hidden",
    "num_timesteps",
)


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Every number of the network; the defaults are the paper's (section IV-A, PVTv2).

    Numbers in comments as ``D17`` point to the open points that the README lists.
    """

    kind: Kind = "ldm"
    """``ldm`` the paper's model; ``cvae`` that of Fig. 3; ``ed`` the plain encoder-decoder."""
    backbone: str = "pvt_v2_b5"
    """timm name of a backbone with maps at strides 4, 8, 16 and 32."""
    drop_path: float = 0.0
    """Chance of the deepest block to be skipped in training (AVSBench's PVTv2: 0.1)."""
    audio_encoder: Literal["vggish", "yamnet"] = "vggish"
    """Frozen sound network: VGGish (128-d, paper) or YAMNet (1024-d and 521 class scores)."""
    audio_hidden: int = 0
    """Width of the hidden layer of a trained adapter to 128-d after the encoder; 0 for none."""
    image_size: int = 224
    """Side of the square pictures that the network sees, in pixels."""
    num_frames: int = 5
    """T, frames of a clip; TPAVI mixes them, so this is part of the trained function."""
    num_classes: int = 1
    """K, channels of the logits: 1 for binary masks, 71 for AVSS."""
    channels: int = 128
    """C, common width of neck, TPAVI and decoder (paper: 128; AVSBench: 256)."""

    neck: Literal["dilated", "basic", "pointwise"] = "dilated"
    """``dilated``: AVSBench's sum of 3 x 3 convolutions; ``basic``: ECMVAE's 1 x 1, 3 x 3, 3 x 3
    with batch norm (D17); ``pointwise``: 1 x 1 with batch norm."""
    tpavi_stages: tuple[int, ...] = (1, 2, 3, 4)
    """Stages (1 is stride 4, 4 is stride 32) whose features meet the sound in TPAVI."""
    tpavi_visual: bool = False
    """Also attend from picture to picture and average (AVSBench's ``vv`` flag)."""
    tpavi_align_bias: bool = True
    """Whether TPAVI's projection of the sound has a bias (AVSBench: S4/MS3 yes, AVSS no)."""
    tpavi_lags: bool = False
    """Weigh the sound of frame s in frame t by a learned number for the lag s - t, where the
    published block hears the clip's T sounds alike in all of its frames."""
    audio_film: bool = False
    """Also scale and shift each stage's channels by the sound of its own frame."""
    sound_context: bool = False
    """Let each frame's sound lean on the clip's other seconds, where they tell more."""
    mixture_hearing: bool = False
    """Let several sounds at once be told from parts of YAMNet's earlier maps, too; it corrects
    what the branch of the ``categories`` hears, and is nothing without either."""
    categories: tuple[str, ...] = ()
    """Kinds of things that a branch tells apart by eye and by ear, to mark where the two agree;
    none for no such branch."""
    decoder: Literal["avsbench", "light"] = "avsbench"
    """``avsbench``: fusion blocks up to 224 px; ``light``: a feature pyramid up to stride 4."""
    decoder_channels: int = 0
    """Width of the light decoder's finest level; 0 means ``channels``."""
    presence_gate: bool = False
    """Multiply the mask by a per-frame probability that what sounds is in the picture."""

    latent_dim: int = 24
    """D, width of the latent z."""
    latent_scope: Literal["frame", "clip"] = "frame"
    """One latent per frame (D1) or one, the mean over frames, per clip."""
    latent_hidden: int = 512
    """Width between the two fully connected layers of E_phi and of the visual branch of E_psi."""
    latent_size: int = 0
    """Side of the pictures that the latent's own networks are made for, where it is not
    ``image_size`` (0): so the rest can look at others with the same weights."""
    latent_bound: LatentBound = "tanh"
    """How z_0 is bounded (D9): ``tanh`` to 1, ``running`` statistics to 3 sigma; sampling clamps
    to the same range. With ``none`` neither is done (to show why it must be)."""
    latent_layout: bool = False
    """Also draw a coarse mask from the latent and tell it to G_2..G_4; D_tau cannot say where."""
    condition: Condition = "av"
    """What E_psi sees (Table III)."""
    condition_source: Literal["rgb", "features"] = "rgb"
    """Visual input of E_psi: the frame (paper) or the fused features G (D3)."""
    denoiser_widths: tuple[int, int, int, int] = (512, 256, 128, 64)
    """Widths of the four encoder layers of eps_theta; its decoder mirrors them (D5)."""
    denoiser_film: bool = False
    """Give the condition and the time to every layer of eps_theta, not to its input only (D5)."""
    time_embedding: Literal["sinusoidal", "learned"] = "sinusoidal"
    """How eps_theta is told the diffusion time (D6)."""
    time_dim: int = 64
    """Width of the time embedding, an even number."""
    self_condition: bool = False
    """Give eps_theta its previous estimate of z_0 (D12)."""

    schedule: Literal["cosine", "linear"] = "cosine"
    """Noise schedule (paper: cosine)."""
    num_timesteps: int = 20
    """K, diffusion steps."""
    prediction_type: PredictionType = "epsilon"
    """What eps_theta predicts (paper, Eq. 9: the noise)."""
    sampler: Literal["ddim", "ddpm"] = "ddim"
    """Sampler at test time."""
    num_steps: int = 10
    """DDIM steps."""
    eta: float = 0.0
    """DDIM stochasticity; 0 is deterministic given the first noise."""
    noise_scope: Literal["frame", "clip", "video"] = "frame"
    """Fresh noise for each frame, one draw per clip, or one for the whole video."""

    def __post_init__(self) -> None:
        """Refuses values that no network can be built from."""
        for name in _POSITIVE:
            self._demand(getattr(self, name) >= 1, name, "it must be at least 1")
        self._demand(self.image_size % 32 == 0, "image_size", "it must be a multiple of 32")
        self._demand(self.latent_size % 32 == 0, "latent_size", "it must be a multiple of 32, or 0")
        self._demand(self.channels % 2 == 0, "channels", "TPAVI halves them: choose an even number")
        stages = set(self.tpavi_stages)
        self._demand(stages <= {1, 2, 3, 4}, "tpavi_stages", "stages are 1, 2, 3 and 4")
        even = self.time_dim >= 4 and self.time_dim % 2 == 0
        self._demand(even, "time_dim", "choose an even number from 4")
        steps = 1 <= self.num_steps <= self.num_timesteps
        self._demand(steps, "num_steps", f"choose 1 to num_timesteps, {self.num_timesteps}")
        self._demand(0 <= self.eta <= 1, "eta", "choose 0 to 1")
        self._demand(0 <= self.drop_path < 1, "drop_path", "choose 0 to less than 1")

    def _demand(self, holds: bool, name: str, remedy: str) -> None:
        if not holds:
            raise ConfigError(f"model.{name} is {getattr(self, name)}; {remedy}.")

    @property
    def latent_side(self) -> int:
        """Side of the masks that E_phi sees, and of the frames that E_psi sees, in pixels."""
        return self.latent_size or self.image_size

    @property
    def hears_mixtures(self) -> bool:
        """Whether there is an ear for several sounds at once, and what it takes."""
        return self.mixture_hearing and self.audio_encoder == "yamnet" and bool(self.categories)

    def at_size(self, image_size: int) -> "ModelConfig":
        """The same network, with the same weights, for pictures of another size.

        Raises:
            ConfigError: the size is no multiple of 32.
        """
        return dataclasses.replace(self, image_size=image_size, latent_size=self.latent_side)

    @property
    def num_draws(self) -> int:
        """Draws of normal noise that one latent takes: its start, and one per noisy step."""
        if self.kind != "ldm":
            return 0 if self.kind == "ed" else 1
        if self.sampler == "ddpm":
            return self.num_timesteps
        return self.num_steps if self.eta > 0 else 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values only, as stored in a checkpoint."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "ModelConfig":
        """Makes the config from plain values; ConfigError on unknown names or wrong types."""
        return from_mapping(cls, values, where="model")
