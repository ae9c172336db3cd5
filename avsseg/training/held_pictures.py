"""Clips that hold one picture cost one picture."""

from collections.abc import Callable

from torch import Tensor

Encode = Callable[[Tensor], list[Tensor]]


def encode_once(encode: Encode, frames: Tensor) -> list[Tensor]:
    """What ``encode`` makes of frames; a frame that is its clip's first again passes once.

    Exact where no frame's map depends on others, that is, where the encoder's batch norms hold
    their statistics. Composed scenes are mostly stills that are held for T sounds.

    Shapes:
        frames (B, T, 3, S, S) -> as ``encode``, maps (B, T, c_l, h, w); ``encode`` sees
        (1, N, 3, S, S)
    """
    clips, length = frames.shape[:2]
    new = (frames != frames[:, :1]).flatten(2).any(2)
    new[:, 0] = True
    if bool(new.all()):
        return encode(frames)
    place = new.flatten().cumsum(0).reshape(clips, length) - 1
    shown = place.where(new, place[:, :1]).flatten()
    maps = encode(frames[new][None])
    return [m[0].contiguous()[shown].reshape(clips, length, *m.shape[2:]) for m in maps]
