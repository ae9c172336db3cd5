"""The three things a network can be evaluated on: a benchmark's split, a bank, real clips."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from avsseg.data.avsbench import AVSBench
from avsseg.data.bank import Bank, Split
from avsseg.data.layout import Subset, find_subsets
from avsseg.errors import UsageError
from avsseg.evaluation import bank as on_scenes
from avsseg.evaluation import dataset as on_clips_of
from avsseg.evaluation import real_clips as on_films
from avsseg.evaluation.context import dataset_facts, parameters_of
from avsseg.evaluation.evaluation import EvalOptions, Evaluation
from avsseg.model.segmenter import AVSegmenter

Facts = dict[str, Any]
"""What was evaluated on, as it goes into ``metrics.json``."""


def evaluate_avsbench(
    model: AVSegmenter,
    root: Path,
    options: EvalOptions,
    *,
    subset: Subset | None = None,
    split: str = "test",
    workers: int = 0,
    track: on_clips_of.Track = lambda batches, _: batches,
) -> tuple[Evaluation, Facts]:
    """A split in AVSBench's layout, with its own sound blocks; ``subset`` None takes the one there.

    Raises:
        UsageError: several subsets are there, or the network is made for another one.
        DataError: the split is missing or damaged.
    """
    subset = subset or _only_subset(root)
    if (subset == "avss") != (model.config.num_classes > 1):
        raise UsageError(
            f"the network has {model.config.num_classes} class(es), which does not fit {subset}; "
            "choose a checkpoint that was trained on it."
        )
    clips = AVSBench(
        root,
        subset,
        split,
        size=model.config.image_size,
        log_mel_offset=float(model.audio_encoder.log_offset),  # type: ignore[arg-type]
    )
    found = on_clips_of.evaluate_dataset(model, clips, options, workers=workers, track=track)
    return _with_parameters(found, model), dataset_facts(root, subset, split, len(clips))


def evaluate_bank(
    model: AVSegmenter,
    root: Path,
    options: EvalOptions,
    scenes: on_scenes.BankOptions,
    *,
    split: Split = "val",
    track: on_scenes.Track = lambda asked, _, __: asked,
) -> tuple[Evaluation, Facts]:
    """Probe scenes of a bank's held-out pictures and sounds.

    Raises:
        UsageError: the network takes fewer frames than are asked for.
        DataError: the bank is missing or can make no scene.
    """
    most = model.config.num_frames
    if max(scenes.frames) > most:
        raise UsageError(f"the network takes clips of {most} frames; ask with --frames up to that.")
    view = Bank.open(root).split(split)
    found = on_scenes.evaluate_bank(model, view, options, scenes, track=track)
    facts = {
        "kind": "bank",
        "root": str(root),
        "split": split,
        "scenes": scenes.count,
        "scene_seed": scenes.seed,
        "frames": list(scenes.frames),
    }
    return _with_parameters(found, model), facts


def evaluate_clips(
    model: AVSegmenter,
    folder: Path,
    options: EvalOptions,
    *,
    track: on_films.Track = lambda clips, _: clips,
) -> tuple[Evaluation, Facts]:
    """Films with masks at some moments.

    Raises:
        DataError, MediaError: an index, a mask or a film cannot be read.
    """
    clips = on_films.read_labels(folder)
    found = on_films.evaluate_clips(model, clips, options, track=track)
    facts = {"kind": "clips", "root": str(folder), "clips": len(clips)}
    return _with_parameters(found, model), facts


def _with_parameters(found: Evaluation, model: AVSegmenter) -> Evaluation:
    return replace(found, findings={**found.findings, "parameters": parameters_of(model)})


def _only_subset(root: Path) -> Subset:
    found = find_subsets(root)
    if len(found) > 1:
        raise UsageError(f"{root}: holds {' and '.join(found)}; choose one with --subset.")
    return found[0]
