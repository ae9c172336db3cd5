"""A network on a split of an AVSBench dataset, by every rule in use."""

from collections.abc import Callable, Iterable, Sequence, Sized
from typing import Any, Protocol

import numpy as np
from einops import rearrange
from torch import Tensor
from torch.utils.data import DataLoader

from avsseg.data.sample import Sample, SampleBatch, collate
from avsseg.errors import UsageError
from avsseg.evaluation.doubt import Doubt
from avsseg.evaluation.evaluation import EvalOptions, Evaluation, over_seeds
from avsseg.evaluation.family_a import frame_iou
from avsseg.evaluation.gallery import Gallery
from avsseg.evaluation.health import HealthProbes
from avsseg.evaluation.metrics import BinaryMetrics
from avsseg.evaluation.network import Network, Soft
from avsseg.evaluation.semantic import SemanticMetrics
from avsseg.model.segmenter import AVSegmenter

Track = Callable[[Iterable[SampleBatch], int], Iterable[SampleBatch]]
"""Shows progress: given batches and the number of them, it hands them on."""


class Clips(Sized, Protocol):
    """Labelled clips by number, all of one T."""

    num_frames: int

    def __getitem__(self, index: int) -> Sample:
        """Clip number ``index``."""


def evaluate_dataset(
    model: AVSegmenter,
    clips: Clips,
    options: EvalOptions,
    *,
    workers: int = 0,
    track: Track = lambda batches, _: batches,
) -> Evaluation:
    """Scores every clip once per seed; binary masks, or class maps where the network has classes.

    Args:
        model: as ``load_model`` gives it.
        clips: the split, with pictures in the model's size.
        options: how.
        workers: processes that read files; 0 reads between the batches.
        track: shows progress.

    Raises:
        UsageError: the network was trained for clips of another length.
        DataError: a file of the split is missing or damaged.
    """
    if model.config.num_frames != clips.num_frames:
        raise UsageError(
            f"the network takes clips of {model.config.num_frames} frames and these have "
            f"{clips.num_frames}; choose a checkpoint trained on this subset."
        )
    network = Network(model, precision=options.precision)
    size = network.batch_size(options.batch)
    loader: DataLoader[Any] = DataLoader(
        clips,  # type: ignore[arg-type]
        batch_size=size,
        num_workers=workers,
        collate_fn=collate,
    )
    judge = _Binary if model.config.num_classes == 1 else _Semantic
    judged = judge(network, options, total=len(clips))
    for number, batch in enumerate(track(loader, len(loader))):
        judged.add(batch, range(number * size, number * size + len(batch.names)))
    return judged.evaluation()


class _Binary:
    """Scores of binary masks, with probes, doubt and pictures."""

    def __init__(self, network: Network, options: EvalOptions, *, total: int) -> None:
        self._network = network
        self._seeds = network.seeds(options.seeds)
        self._metrics = [BinaryMetrics(metric_batch=options.metric_batch) for _ in self._seeds]
        probing = options.probes
        self._health = HealthProbes(network, seed=self._seeds[0]) if probing else None
        self._doubt = Doubt()
        self._gallery = Gallery(options.panels)
        self._fixed = _evenly(options.panels, total)
        self._count = 0

    def add(self, batch: SampleBatch, indices: Sequence[int]) -> None:
        """Predicts and scores a batch; ``indices`` are its clips' places in the split."""
        network, answers = self._network, {}
        frames = batch.frames.to(network.device)
        with network.computing():
            features = network.features(frames)
            fused = network.fuse(features, batch.log_mel, frames)
            latents = [network.sample(fused, seed, indices) for seed in self._seeds]
            soft = np.stack([network.masks(fused, latent) for latent in latents])
            if self._health is not None:
                answers = self._health.ask(batch, features, frames, fused, latents[0], indices)
        for row in range(len(batch.names)):
            own = {n: maps[row] for n, maps in answers.items() if maps[row] is not None}
            self._score(batch, row, soft[:, row], own)

    def _score(self, batch: SampleBatch, row: int, soft: Soft, answers: dict[str, Any]) -> None:
        labelled = batch.labelled[row].numpy()
        truth = batch.masks[row, batch.labelled[row], 0].numpy() > 0.5
        soft, name = soft[:, labelled], batch.names[row]
        for metrics, maps in zip(self._metrics, soft, strict=True):
            metrics.add(name, maps, truth, category=batch.categories[row])
        self._doubt.add(soft, truth)
        if self._health is not None:
            answers = {n: maps[labelled] for n, maps in answers.items()}
            for probe, maps in {"sampled": soft[0], **answers}.items():
                self._health.add(probe, maps, truth, soft[0])
            if len(soft) > 1:
                self._health.add("mean_of_samples", soft.mean(axis=0), truth, soft[0])
        score = float(frame_iou(soft.mean(axis=0) > 0.5, truth).mean())
        pictures = as_pictures(batch.frames[row, batch.labelled[row]])
        fixed, self._count = self._count in self._fixed, self._count + 1
        self._gallery.add(name, score, pictures, truth, soft, fixed=fixed)

    def evaluation(self) -> Evaluation:
        """All that was found."""
        report, spread = over_seeds([metrics.report() for metrics in self._metrics])
        stated, found = np.mean([m.reliability() for m in self._metrics[:1]], axis=0)
        findings = {
            "health": {} if self._health is None else self._health.findings(),
            "doubt": self._doubt.findings(),
            "reliability": {"stated": stated.tolist(), "found": found.tolist()},
        }
        panels = self._gallery.panels()
        return Evaluation(report=report, spread=spread, findings=findings, panels=panels)


class _Semantic:
    """Scores of class maps (AVSS)."""

    def __init__(self, network: Network, options: EvalOptions, *, total: int) -> None:
        del total
        self._network = network
        self._seeds = network.seeds(options.seeds)
        classes = network.model.config.num_classes
        self._metrics = [SemanticMetrics(classes) for _ in self._seeds]

    def add(self, batch: SampleBatch, indices: Sequence[int]) -> None:
        """Predicts and scores a batch; ``indices`` are its clips' places in the split."""
        network = self._network
        frames = batch.frames.to(network.device)
        with network.computing():
            fused = network.fuse(network.features(frames), batch.log_mel, frames)
            for seed, metrics in zip(self._seeds, self._metrics, strict=True):
                found = network.classes(fused, network.sample(fused, seed, indices))
                for row, name in enumerate(batch.names):
                    kept = batch.labelled[row]
                    metrics.add(
                        name,
                        found[row, kept.numpy()],
                        batch.masks[row, kept, 0].numpy(),
                        padding=int((~batch.valid[row]).sum()),
                        category=batch.categories[row],
                    )

    def evaluation(self) -> Evaluation:
        """All that was found."""
        report, spread = over_seeds([metrics.report() for metrics in self._metrics])
        return Evaluation(report=report, spread=spread)


def _evenly(count: int, total: int) -> set[int]:
    count = min(count, total)
    return {i * total // count for i in range(count)}


def as_pictures(frames: Tensor) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Frames as pictures.

    Shapes:
        (N, 3, H, W) in [0, 1] -> (N, H, W, 3) uint8
    """
    pictures: np.ndarray[Any, np.dtype[np.uint8]] = (
        rearrange(255 * frames, "n c h w -> n h w c").round().clamp(0, 255).byte().numpy()
    )
    return pictures
