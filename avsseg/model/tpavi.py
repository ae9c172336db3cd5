"""TPAVI, the audio-visual interaction of AVSBench, in an exact form of rank T."""

import torch
from einops import einsum, rearrange, reduce
from torch import Tensor, nn

AUDIO_DIM = 128


class TPAVI(nn.Module):
    """Lets every pixel attend to the sound of every frame (Zhou et al., 2022, Eq. 1).

    The published form divides theta(V) phi(A)^T by N = T H W and multiplies by g(V), without a
    softmax; so the products may be reassociated. As A is the same at every pixel of a frame,
    phi(A) has T distinct columns and g(V) enters through its T spatial means alone: nothing of
    N x N elements is ever made. Names of parameters are the published ones.

    It also shows that the published block hears the T sounds alike in all T frames, whichever of
    them is silent (the failure of the paper's Fig. 4). With ``lags``, the clip length, the sound
    of frame s counts in frame t by a learned weight of s - t, at first that of its own frame only.

    Shapes:
        visual (B, T, C, H, W), audio (B, T, 128)
        -> fused (B, T, C, H, W), aligned audio (B, T, C)
    """

    def __init__(
        self,
        channels: int,
        *,
        attend_visual: bool = False,
        align_bias: bool = True,
        lags: int | None = None,
    ) -> None:
        super().__init__()
        inner = channels // 2
        self.attend_visual = attend_visual
        self.lags = None if lags is None else nn.Parameter(torch.eye(2 * lags - 1)[lags - 1])
        self.align_channel = nn.Linear(AUDIO_DIM, channels, bias=align_bias)
        self.theta = nn.Conv3d(channels, inner, 1)
        self.phi = nn.Conv3d(channels, inner, 1)
        self.g = nn.Conv3d(channels, inner, 1)
        self.W_z = nn.Sequential(nn.Conv3d(inner, channels, 1), nn.BatchNorm3d(channels))
        nn.init.zeros_(self.W_z[1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.W_z[1].bias)  # type: ignore[arg-type]
        self.norm_layer = nn.LayerNorm(channels)

    def forward(self, visual: Tensor, audio: Tensor) -> tuple[Tensor, Tensor]:
        """Fuses sound into the map; see the class for shapes."""
        aligned = self.align_channel(audio)
        fused = self._with_audio(visual, aligned)
        if self.attend_visual:
            fused = (fused + self._with_visual(visual)) / 2
        return fused, aligned

    def _with_audio(self, visual: Tensor, aligned: Tensor) -> Tensor:
        phi = _pointwise(self.phi, aligned)
        theta_weight, theta_bias = _matrix(self.theta)
        keys = einsum(phi, theta_weight, "b s d, d c -> b s c")
        scores = einsum(visual, keys, "b t c h w, b s c -> b s t h w")
        scores = scores + rearrange(phi @ theta_bias, "b s -> b s 1 1 1")
        means = reduce(visual, "b t c h w -> b t c", "mean")
        values = _pointwise(self.g, means)
        if self.lags is None:
            return self._add(visual, scores / visual.shape[1], values)
        weights = self._lag_weights(self.lags, visual.shape[1])
        return self._add(visual, scores * rearrange(weights, "s t -> s t 1 1"), values)

    @staticmethod
    def _lag_weights(lags: Tensor, num_frames: int) -> Tensor:
        """The weight (S, T) of each frame's sound in each frame, of one number per lag."""
        frames = torch.arange(num_frames, device=lags.device)
        return lags[frames[:, None] - frames[None] + len(lags) // 2]

    def _with_visual(self, visual: Tensor) -> Tensor:
        """The same block, the picture in place of the sound: (theta phi^T) g = theta (phi^T g)."""
        pixels = rearrange(visual, "b t c h w -> b (t h w) c")
        phi, g = _pointwise(self.phi, pixels), _pointwise(self.g, pixels)
        values = einsum(phi, g, "b n d, b n e -> b d e") / pixels.shape[1]
        theta = self.theta(rearrange(visual, "b t c h w -> b c t h w"))
        return self._add(visual, theta, values)

    def _add(self, visual: Tensor, scores: Tensor, values: Tensor) -> Tensor:
        """Adds W_z(scores values) to the map and normalises over channels.

        Shapes:
            scores (B, R, T, H, W), values (B, R, C / 2): R is the rank
        """
        conv, norm = self.W_z
        weight, bias = _matrix(conv)
        if not self.training:
            gain = norm.weight * torch.rsqrt(norm.running_var + norm.eps)  # type: ignore[operator]
            weight, bias = weight * gain[:, None], (bias - norm.running_mean) * gain + norm.bias  # type: ignore[operator]
        values = einsum(values, weight, "b r d, c d -> b r c")
        update = einsum(scores, values, "b r t h w, b r c -> b c t h w")
        update = update + rearrange(bias, "c -> 1 c 1 1 1")
        if self.training:
            update = norm(update)
        out = rearrange(visual, "b t c h w -> b t h w c") + rearrange(
            update, "b c t h w -> b t h w c"
        )
        normalised: Tensor = rearrange(self.norm_layer(out), "b t h w c -> b t c h w")
        return normalised


def _matrix(conv: nn.Module) -> tuple[Tensor, Tensor]:
    """A 1 x 1 x 1 convolution as its matrix (out, in) and bias."""
    weight, bias = conv.weight, conv.bias
    assert isinstance(weight, Tensor)
    assert isinstance(bias, Tensor)
    return weight.flatten(1), bias


def _pointwise(conv: nn.Module, x: Tensor) -> Tensor:
    weight, bias = _matrix(conv)
    return nn.functional.linear(x, weight, bias)
