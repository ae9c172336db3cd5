"""What was evaluated and with what: all that makes a figure one that can be made again."""

import hashlib
import platform
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from avsseg import __version__
from avsseg.checkpoint import read_header
from avsseg.data.layout import PUBLISHED, Subset, find_base
from avsseg.evaluation.evaluation import EvalOptions
from avsseg.evaluation.network import Network
from avsseg.model.parameters import parameter_table
from avsseg.model.segmenter import AVSegmenter


def run_context(checkpoint: Path, model: AVSegmenter, options: EvalOptions) -> dict[str, Any]:
    """The checkpoint with its digest and training, the settings and the versions.

    To be asked before a long evaluation: its file may be another, or gone, when that ends.
    """
    network = Network(model, precision=options.precision)
    return {
        "checkpoint": {
            "path": str(checkpoint),
            "sha256": sha256_of(checkpoint),
            "summary": read_header(checkpoint).summary,
        },
        "model": model.config.to_dict(),
        "training": training_config(checkpoint),
        "seeds": list(network.seeds(options.seeds)),
        "metric_batch": options.metric_batch,
        "precision": network.precision,
        "device": str(network.device),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "avsseg": __version__,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
        },
    }


def dataset_facts(root: Path, subset: Subset, split: str, clips: int) -> dict[str, Any]:
    """What a split is; ``published`` only where its clips are as many as AVSBench has.

    Sets that ``avsseg data synth`` has composed are ``synthetic``, whatever their number.
    """
    synthetic = (find_base(root, subset) / "synthetic.json").is_file()
    return {
        "kind": "dataset",
        "root": str(root),
        "subset": subset,
        "split": split,
        "clips": clips,
        "synthetic": synthetic,
        "published": not synthetic and clips == PUBLISHED[subset].get(split),
    }


def training_config(checkpoint: Path) -> dict[str, Any] | None:
    """The ``config.toml`` of the run that a checkpoint lies in, and what it started from.

    None outside of a run.
    """
    for folder in (checkpoint.parent, checkpoint.parent.parent):
        path = folder / "config.toml"
        if path.is_file():
            try:
                found = tomllib.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                return None
            return found | {"init_from": _init_from(folder / "log.txt")}
    return None


def _init_from(log: Path) -> str:
    """What a run took its first weights from, as its log tells; empty for nothing."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    found = re.search(r"init-from (.+?): \d+ of \d+ tensors", text)
    return found[1] if found else ""


def parameters_of(model: AVSegmenter) -> list[dict[str, Any]]:
    """The parameter table, a row for each part."""
    return [
        {"part": row.part, "parameters": row.parameters, "trainable": row.trainable}
        for row in parameter_table(model)
    ]


def sha256_of(path: Path) -> str:
    """The digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
