"""Moves a checkpoint's backbone part of the way back to the weights that it was trained from.

    python examples/wise_ft.py CHECKPOINT BACKBONE -o mixed.safetensors --stages 3,4 --share 0.4

Fine-tuning on a narrow bank forgets some of what ImageNet taught; on the straight line between both
lie weights that know much of either (WiSE-FT, Wortsman et al., 2022). BACKBONE is what ``[init]
backbone`` names. ``--share`` of the stages that are named, or of all, is BACKBONE's, batch norms
too, and ``--depthwise`` of every stage's depthwise kernels.
"""

import argparse
import copy
from collections.abc import Callable
from pathlib import Path

from avsseg.checkpoint import load_checkpoint, read_header, save_checkpoint
from avsseg.errors import AvssegError
from avsseg.training.config import InitConfig
from avsseg.training.starting_weights import load_encoders

Share = Callable[[str], float]
"""How much of a tensor of the backbone, by its name, is to be what it started from."""


def mix(checkpoint: Path, backbone: str, output: Path, share: Share) -> None:
    """Writes the checkpoint with that much of its start.

    Raises:
        CheckpointError: a file is missing or is of another network.
        SystemExit: no tensor has a share.
    """
    model = load_checkpoint(checkpoint)
    start = copy.deepcopy(model)
    load_encoders(start, InitConfig(backbone=backbone))
    weights, mixed = model.backbone.state_dict(), 0
    for name, theirs in start.backbone.state_dict().items():
        if theirs.is_floating_point() and share(name):
            weights[name].lerp_(theirs, share(name))
            mixed += 1
    if not mixed:
        raise SystemExit("nothing to mix: no tensor of such a stage, or every share is 0.")
    summary = dict(read_header(checkpoint).summary)
    summary["wise_ft"] = f"{mixed} tensors mixed with those of {Path(backbone).name}"
    save_checkpoint(output, model, summary=summary)


def shares(stages: list[str], share: float, depthwise: float | None) -> Share:
    """``share`` in those stages, or in all where none is named; depthwise kernels may differ."""

    def of(name: str) -> float:
        if depthwise is not None and ".conv_dw." in name:
            return depthwise
        named = not stages or any(f".blocks.{stage}." in name for stage in stages)
        return share if named else 0.0

    return of


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("backbone", help="safetensors of timm's features, or a name")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--stages", default="", help="of an EfficientNet, such as 3,4; else all")
    parser.add_argument("--share", type=float, default=0.3, help="of BACKBONE in those stages")
    parser.add_argument(
        "--depthwise", type=float, help="of BACKBONE in every stage's depthwise kernels"
    )
    asked = parser.parse_args()
    stages = [stage.strip() for stage in asked.stages.split(",") if stage.strip()]
    share = shares(stages, asked.share, asked.depthwise)
    try:
        mix(asked.checkpoint, asked.backbone, asked.output, share)
    except AvssegError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
