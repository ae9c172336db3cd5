"""Training on composed scenes at the price of the head alone, while the encoders are frozen.

Pictures pass the backbone once; their features are kept and drawn again and again, each time
with a fresh soundtrack and so another truth. The same picture with different sounds and different
masks is exactly the pressure that makes a network use the sound. Where a GPU computes, the pictures
themselves are kept, and the whole backbone can be trained.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from einops import rearrange
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from avsseg.data.bank import Bank, BankView
from avsseg.data.compose import compose_scene
from avsseg.data.options import SceneOptions, SoundOptions
from avsseg.data.scene import Cast, target
from avsseg.data.soundtrack import Soundtrack, compose_sound
from avsseg.errors import ConfigError
from avsseg.log_mel import log_mel
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.batch import TrainBatch
from avsseg.training.kinds_told import heard_kinds, seen_kinds

_FEWEST = 4  # a batch takes each stored scene about so many times at most


@dataclass(frozen=True, kw_only=True)
class ReplayConfig:
    """How stored pictures and fresh sounds are mixed into batches."""

    bank: str
    """Folder of the bank (layout of ``avsseg data synth``)."""
    batch_frames: int = 30
    """Frames in a batch: 30 clips of one frame or 30 / T clips of T."""
    new_pictures: int = 6
    """Pictures composed and encoded anew for each batch."""
    capacity: int = 6000
    """Pictures kept by each worker, about 0.3 MB each."""
    stored_maps: int = 4
    """How many of F_1..F_4 are kept, from the finest; stages behind them can be trained. With 0
    the pictures are kept, and the sound networks work where the rest does."""
    clip_share: float = 0.4
    """Share of batches made of clips of T frames; the rest are single frames."""
    moving_share: float = 0.15
    """Share of new pictures that are composed as clips in which things move."""
    scene: SceneOptions = field(default_factory=SceneOptions)
    """How pictures are composed."""
    sound: SoundOptions = field(default_factory=SoundOptions)
    """How soundtracks are composed."""

    def __post_init__(self) -> None:
        """Refuses what no batch can be made of."""
        if not 0 <= self.stored_maps <= 4:
            raise ConfigError(f"data.replay.stored_maps is {self.stored_maps}; choose 0 to 4.")


@dataclass(frozen=True)
class StoredScene:
    """A composed scene, before or after the frozen backbone.

    Shapes:
        maps: F_1..F_4 or the first of them, each (t, c_l, h, w) bfloat16 with t = 1 or T;
        or one map of pixels, (t, 3, S, S) uint8;
        masks: bits of (N, t, S, S)
    """

    maps: tuple[Tensor, ...]
    masks: NDArray[np.uint8]
    cast: Cast

    def unpacked(self, size: int) -> NDArray[np.bool_]:
        """Masks (N, t, S, S)."""
        shape = (len(self.cast.categories), self.cast.num_frames, size, size)
        bits = np.unpackbits(self.masks, count=int(np.prod(shape)))
        return bits.reshape(shape).astype(np.bool_)


class ReplayDataset(IterableDataset[TrainBatch]):
    """Endless batches of stored features with fresh sounds; each worker has its own store."""

    def __init__(self, config: ReplayConfig, model: AVSegmenter, *, seed: int = 0) -> None:
        self.config = config
        self.model = model
        self.seed = seed

    def __iter__(self) -> Iterator[TrainBatch]:
        """Batches, in an order that the seed and the worker decide."""
        info = get_worker_info()
        worker = 0 if info is None else info.id
        return _Replay(
            self.config, self.model, np.random.default_rng((self.seed, worker))
        ).batches()


class _Replay:
    """One worker's store and generator."""

    def __init__(self, config: ReplayConfig, model: AVSegmenter, rng: np.random.Generator) -> None:
        self.config, self.rng = config, rng
        self.view: BankView = Bank.open(config.bank).split("train")
        self.model = model.eval()
        self.num_frames = model.config.num_frames
        self.size = model.config.image_size
        self.store: list[StoredScene] = []
        self.oldest = 0

    def batches(self) -> Iterator[TrainBatch]:
        """Endless batches; the first waits until the store holds enough for some variety."""
        while True:
            self._renew()
            while len(self.store) < self.config.batch_frames // _FEWEST:
                self._renew()
            length = self.num_frames if self.rng.random() < self.config.clip_share else 1
            yield self._batch(self.config.batch_frames // length, length)

    def _renew(self) -> None:
        for scene in self._encode(self.config.new_pictures):
            if len(self.store) < self.config.capacity:
                self.store.append(scene)
            else:
                self.store[self.oldest] = scene
                self.oldest = (self.oldest + 1) % self.config.capacity

    def _encode(self, count: int) -> list[StoredScene]:
        moving = self.rng.random(count) < self.config.moving_share
        scenes = [
            compose_scene(
                self.view,
                self.rng,
                self.config.scene,
                num_frames=self.num_frames if moves else 1,
                size=self.size,
            )
            for moves in moving
        ]
        frames = np.concatenate([scene.frames for scene in scenes])
        maps = self._maps(frames)
        ends = np.cumsum([len(scene.frames) for scene in scenes])
        return [
            StoredScene(
                tuple(m[end - len(scene.frames) : end].clone() for m in maps),
                np.packbits(scene.masks),
                scene.cast,
            )
            for scene, end in zip(scenes, ends, strict=True)
        ]

    @torch.no_grad()
    def _maps(self, frames: NDArray[np.uint8]) -> list[Tensor]:
        pixels = rearrange(torch.from_numpy(frames), "n h w c -> n c h w")
        if self.config.stored_maps == 0:
            return [pixels.contiguous()]
        with torch.autocast("cpu", torch.bfloat16):
            maps = self.model.encode_frames(pixels[None].float() / 255)
        kept = maps[: self.config.stored_maps]
        return [m[0].to(torch.bfloat16).contiguous() for m in kept]

    def _batch(self, clips: int, length: int) -> TrainBatch:
        chosen = [self.store[i] for i in self.rng.integers(len(self.store), size=clips)]
        picked = [self._moments(scene, length) for scene in chosen]
        tracks = [self._sound(cast) for _, _, cast in picked]
        truths = [target(m, t.sounding) for (_, m, _), t in zip(picked, tracks, strict=True)]
        maps = (torch.stack(level) for level in zip(*(maps for maps, _, _ in picked), strict=True))
        return TrainBatch(
            **self._seen(tuple(maps)),
            **self._heard(np.stack([track.waveform for track in tracks])),
            masks=torch.from_numpy(np.stack(truths))[:, :, None],
            labelled=torch.from_numpy(~np.stack([track.ignored for track in tracks])),
            **self._kinds(picked, tracks),
        )

    def _seen(self, maps: tuple[Tensor, ...]) -> dict[str, Any]:
        return {"features": maps} if self.config.stored_maps else {"frames": maps[0]}

    @torch.no_grad()
    def _heard(self, waveform: NDArray[np.float32]) -> dict[str, Any]:
        """Log-mel patches of windows (B, T, S), or their embeddings (B, T, A)."""
        offset = float(self.model.audio_encoder.log_offset)  # type: ignore[arg-type]
        patches = log_mel(torch.from_numpy(waveform), offset)
        if self.config.stored_maps == 0:
            return {"log_mel": patches}
        return {"embeddings": self.model.encode_audio(patches)}

    def _kinds(
        self,
        picked: list[tuple[tuple[Tensor, ...], NDArray[np.bool_], Cast]],
        tracks: list[Soundtrack],
    ) -> dict[str, Any]:
        """Which kinds are seen where and heard when, for a network that tells kinds."""
        names = self.model.config.categories
        if not names:
            return {}
        seen = [seen_kinds(masks, cast.categories, names) for _, masks, cast in picked]
        heard = [heard_kinds(track, names) for track in tracks]
        return {
            "seen": torch.from_numpy(np.stack(seen)),
            "heard": torch.from_numpy(np.stack(heard)),
        }

    def _moments(
        self, scene: StoredScene, length: int
    ) -> tuple[tuple[Tensor, ...], NDArray[np.bool_], Cast]:
        """A scene as ``length`` frames: one of its own, all of them, or a still held."""
        masks = scene.unpacked(self.size)
        own = scene.cast.num_frames
        if length == own:
            at = np.arange(own)
        elif length == 1:
            at = self.rng.integers(own, size=1)
        else:
            at = np.zeros(length, np.int64)
        kept = masks[:, at]
        cast = replace(scene.cast, num_frames=length, areas=kept.mean((2, 3)).max(1, initial=0.0))
        return tuple(m[torch.from_numpy(at)] for m in scene.maps), kept, cast

    def _sound(self, cast: Cast) -> Soundtrack:
        """A soundtrack of which at least one frame has a known truth."""
        track = compose_sound(self.view, self.rng, cast, self.config.sound)
        while track.ignored.all():
            track = compose_sound(self.view, self.rng, cast, self.config.sound)
        return track
