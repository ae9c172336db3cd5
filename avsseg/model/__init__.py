"""The core: the conditional latent diffusion model of the paper, tensors in and tensors out."""
