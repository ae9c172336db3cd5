"""Moves a checkpoint's backbone part of the way back to the weights that it was trained from.

    python examples/wise_ft.py CHECKPOINT BACKBONE -o mixed.safetensors --stages 3,4 --share 0.4

Fine-tuning on a narrow bank forgets some of what ImageNet taught; on the straight line between both
lie weights that know much of either (WiSE-FT, Wortsman et al., 2022). BACKBONE is what ``[init]
backbone`` names. ``--share`` of the stages that are named, or of all, is BACKBONE's, batch norms
too; of the depthwise kernels of every stage ``--depthwise`` is, where it is given.
"""

import argparse
import copy
from collections.abc import Sequence
from pathlib import Path

from avsseg.checkpoint import load_checkpoint, read_header, save_checkpoint
from avsseg.errors import AvssegError
from avsseg.training.config import InitConfig
from avsseg.training.starting_weights import load_encoders


def mix(
    checkpoint: Path,
    backbone: str,
    output: Path,
    *,
    stages: Sequence[str],
    share: float,
    depthwise: float | None = None,
) -> None:
    """Writes the checkpoint with ``share`` of its start in those stages, in all if none is named.

    Raises:
        CheckpointError: a file is missing or is of another network.
        SystemExit: the backbone has no such stage.
    """
    model = load_checkpoint(checkpoint)
    start = copy.deepcopy(model)
    load_encoders(start, InitConfig(backbone=backbone))
    weights = model.backbone.state_dict()
    known = sorted({name.split(".")[2] for name in weights if ".blocks." in name})
    for stage in stages:
        if stage not in known:
            raise SystemExit(f"--stages {stage}: no such stage; there are {', '.join(known)}.")
    for name, theirs in start.backbone.state_dict().items():
        named = not stages or any(f".blocks.{stage}." in name for stage in stages)
        apart = depthwise is not None and ".conv_dw." in name
        part = depthwise if apart else share * named
        if theirs.is_floating_point():
            weights[name].lerp_(theirs, part)
    summary = dict(read_header(checkpoint).summary)
    what = f"{share:g} of {Path(backbone).name} in stages {', '.join(stages or known)}"
    kernels = "" if depthwise is None else f", {depthwise:g} in all depthwise kernels"
    summary["wise_ft"] = what + kernels
    save_checkpoint(output, model, summary=summary)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("backbone", help="safetensors of timm's features, or a name")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--stages", default="", help="of an EfficientNet, such as 3,4; else all")
    parser.add_argument("--share", type=float, default=0.3, help="of BACKBONE in those stages")
    parser.add_argument("--depthwise", type=float, help="in all depthwise kernels; else as above")
    asked = parser.parse_args()
    for option in ("share", "depthwise"):
        if not 0 <= (getattr(asked, option) or 0) <= 1:
            parser.error(f"--{option} is a share, 0 to 1.")
    try:
        mix(
            asked.checkpoint,
            asked.backbone,
            asked.output,
            stages=[stage.strip() for stage in asked.stages.split(",") if stage.strip()],
            share=asked.share,
            depthwise=asked.depthwise,
        )
    except AvssegError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
