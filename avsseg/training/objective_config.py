"""Weights and choices of the training objective, as a run's ``[objective]`` names them."""

from dataclasses import dataclass

from avsseg.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class ObjectiveConfig:
    """Weights and choices of the training objective; the defaults are the paper's."""

    simple_weight: float = 1.0
    """lambda_1 of L_simple (Eq. 9)."""
    contrastive_weight: float = 0.1
    """lambda_2 of L_contrastive (Eq. 10); 0 leaves it out (Table IV)."""
    temperature: float = 1.0
    """tau of L_contrastive."""
    clip_aware_negatives: bool = False
    """Leave frames of the same clip out of the negatives (D13)."""
    memory_bank: int = 0
    """Latents of earlier steps kept as further negatives (D13)."""
    latent_z0: float = 0.5
    """Share of frames whose decoder sees the true z_0 (D10)."""
    latent_x0: float = 0.5
    """Share that sees the one-step estimate of z_0 from a random step (D10)."""
    latent_sample: float = 0.0
    """Share that sees its own full sample, without gradient: what it gets at test."""
    latent_sample_grad: float = 0.0
    """Share that sees its own full sample, with gradient through every sampling step."""
    simple_through_latent: bool = False
    """Let L_simple train E_phi too, instead of stopping at z_0 (D11)."""
    contrastive_through_latent: bool = False
    """Let L_contrastive train E_phi too (D11); else nothing but the decoder asks z_0 to differ."""
    contrast_sounding_only: bool = False
    """Leave frames of empty truth out of L_contrastive: their latents are all alike."""
    dice_weight: float = 0.0
    """Weight of a soft Dice term beside the cross-entropy (beyond the paper)."""
    avm_weight: float = 0.0
    """Weight of AVSBench's L_AVM (0.5 there, on MS3)."""
    avm_visual_weight: float = 0.0
    """Weight of its variant that compares frames with the frames that sound most alike."""
    presence_weight: float = 0.0
    """Weight of the cross-entropy of the presence gate (beyond the paper)."""
    layout_weight: float = 0.0
    """Weight of the coarse masks drawn from z_0 and from the latent that the decoder sees, where
    the network draws them (beyond the paper)."""
    seen_weight: float = 0.0
    """Weight of the kinds seen, where the network and the data have kinds (beyond the paper)."""
    heard_weight: float = 0.0
    """Weight of the kinds heard."""
    strange_sounds: float = 0.0
    """Chance that a clip's sound is moved by a share of what two clips of the batch differ in,
    so that it is as strange to a trained ear as a new recording (beyond the paper)."""
    strangeness: tuple[float, float] = (0.4, 0.75)
    """The share, at least and at most."""
    cvae_posterior: float = 0.4
    """Share of the posterior's loss in the CVAE; the prior has the rest (UCNet's GSNN, D23)."""
    cvae_kl: float = 10.0
    """Weight of the CVAE's divergence at full annealing, on the mean per pixel scale of L_seg."""
    cvae_anneal_steps: int = 1000
    """Steps over which the divergence is faded in."""

    def __post_init__(self) -> None:
        """Refuses shares that do not add up, and what is no chance or no range."""
        total = sum(self.latent_shares)
        if abs(total - 1) > 1e-6:
            raise ConfigError(
                "objective.latent_z0 + latent_x0 + latent_sample + latent_sample_grad is "
                f"{total:g}; the four shares must add up to 1."
            )
        least, most = self.strangeness
        if not 0 <= self.strange_sounds <= 1 or not 0 <= least <= most:
            raise ConfigError(
                f"objective.strange_sounds is {self.strange_sounds:g} and strangeness {least:g} to "
                f"{most:g}; the first must be from 0 to 1, the second from the least to the most."
            )

    @property
    def latent_shares(self) -> tuple[float, float, float, float]:
        """z0, x0, sample, sample with gradient."""
        return self.latent_z0, self.latent_x0, self.latent_sample, self.latent_sample_grad
