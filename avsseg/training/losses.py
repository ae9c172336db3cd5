"""The losses of the paper and of AVSBench, as pure functions of tensors."""

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor


def segmentation_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy between logits and truth (paper, Eq. 12: L_seg), the mean over pixels.

    Shapes:
        logits, masks (N, K, S, S): binary for K = 1, one-hot classes else
    """
    if logits.shape[1] == 1:
        return F.binary_cross_entropy_with_logits(logits, masks)
    return F.cross_entropy(logits, masks.argmax(dim=1))


def dice_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """One minus the soft Dice score, over the frames whose truth is not empty; 0 if all are.

    Shapes:
        logits, masks (N, K, S, S)
    """
    probabilities = rearrange(torch.sigmoid(logits), "n k h w -> (n k) (h w)")
    truth = rearrange(masks, "n k h w -> (n k) (h w)")
    overlap = (probabilities * truth).sum(1)
    dice = 1 - (2 * overlap + 1) / (probabilities.sum(1) + truth.sum(1) + 1)
    sounding = (truth.sum(1) > 0).to(dice.dtype)
    return (dice * sounding).sum() / sounding.sum().clamp(min=1)


def contrastive_loss(
    c: Tensor,
    z_0: Tensor,
    *,
    temperature: float = 1.0,
    negatives: Tensor | None = None,
    same_clip: Tensor | None = None,
) -> Tensor:
    """InfoNCE from each condition to its own latent among the others (paper, Eq. 10).

    The published equation has the temperature outside the exponential, where it cancels; here it
    divides the cosine similarity as in Eq. 1.

    Shapes:
        c, z_0 (N, D); negatives (M, D) from earlier batches; same_clip (N, N) bool: pairs that are
        left out as false negatives (their diagonal is kept)
    """
    keys = z_0 if negatives is None else torch.cat([z_0, negatives])
    scores = F.normalize(c, dim=1) @ F.normalize(keys, dim=1).T / temperature
    if same_clip is not None:
        others = same_clip & ~torch.eye(len(c), dtype=torch.bool, device=c.device)
        padding = torch.zeros(len(c), len(keys) - len(c), dtype=torch.bool, device=c.device)
        scores = scores.masked_fill(torch.cat([others, padding], dim=1), float("-inf"))
    return F.cross_entropy(scores, torch.arange(len(c), device=c.device))


def audio_visual_matching_loss(maps: list[Tensor], aligned: list[Tensor], logits: Tensor) -> Tensor:
    """AVSBench's L_AVM in its KL form: masked visual features should look like the sound.

    Shapes:
        maps (N, C, h, w) and aligned sound (N, C) of each stage; logits (N, 1, S, S). The
        published maps are rectified: its decoder's in-place ReLU leaves them so
    """
    losses = []
    for visual, audio in zip(maps, aligned, strict=True):
        pooled = _masked_mean(visual, logits)
        losses.append(_kl_to_sound(pooled, audio))
    return torch.stack(losses).mean()


def visual_matching_loss(maps: list[Tensor], aligned: list[Tensor], logits: Tensor) -> Tensor:
    """L_AVM's visual variant: each frame against the frame whose sound is nearest.

    Shapes:
        as ``audio_visual_matching_loss``
    """
    losses = []
    for visual, audio in zip(maps, aligned, strict=True):
        pooled = _masked_mean(visual, logits)
        distance = torch.cdist(audio, audio).fill_diagonal_(float("inf"))
        losses.append(_kl_to_sound(pooled, pooled[distance.argmin(dim=1)]))
    return torch.stack(losses).mean()


def layout_loss(layout: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy of a coarse mask with the share of each cell that the truth covers.

    Shapes:
        layout (N, 1, g, g) logits, masks (N, 1, S, S)
    """
    return F.binary_cross_entropy_with_logits(
        layout, F.adaptive_avg_pool2d(masks, (layout.shape[-2], layout.shape[-1]))
    )


def seen_loss(seen: Tensor, kinds: Tensor) -> Tensor:
    """Cross-entropy of the kind in each cell; a cell without any weighs half of another.

    Shapes:
        seen (N, K + 1, h, w) logits, kinds (N, h, w) int64
    """
    weight = torch.ones(seen.shape[1], device=seen.device)
    weight[0] = 0.5
    return F.cross_entropy(seen, kinds, weight)


def heard_loss(heard: Tensor, kinds: Tensor) -> Tensor:
    """Binary cross-entropy of the kinds heard, summed over kinds, the mean over frames.

    Shapes:
        heard (N, K) logits, kinds (N, K): 1 heard, 0 not, -1 unknown
    """
    known = (kinds >= 0).to(heard.dtype)
    loss = F.binary_cross_entropy_with_logits(heard, kinds.clamp(min=0), weight=known)
    return loss * heard.shape[1]


def _masked_mean(visual: Tensor, logits: Tensor) -> Tensor:
    """Features of the predicted mask (N, C); logits are pooled first, as published."""
    h, w = visual.shape[-2:]
    mask = torch.sigmoid(F.adaptive_avg_pool2d(logits, (h, w)))
    return (visual * mask).mean(dim=(2, 3))


def _kl_to_sound(visual: Tensor, audio: Tensor) -> Tensor:
    """KL(softmax(audio) || softmax(visual)), summed over frames and channels."""
    return F.kl_div(F.log_softmax(visual, dim=1), F.softmax(audio, dim=1), reduction="sum")
