"""Averages the trunks of two checkpoints of one network; what belongs to the latent stays.

    python examples/average_weights.py NEW OLD -o mean.safetensors [--share 0.5]

Training further on composed scenes gains on them and may lose on real films; the mean of the
weights before and after keeps most of both. z_0 is no number that can be averaged, so E_phi, E_psi,
eps_theta, D_tau and the layout are those of NEW. With ``--parts`` only the parts that are named,
such as ``backbone,necks,tpavis,match,decoder`` for the eyes, are averaged, and all else is OLD's.
``--stricter`` takes so much from the logit of the presence gate: less is marked, also wrongly.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from avsseg.checkpoint import load_checkpoint, read_header, save_checkpoint
from avsseg.errors import AvssegError

LATENT = ("latent_encoder", "condition", "denoiser", "expansion", "layout", "layout_hint")
_GATE = "presence.judge.2.bias"


def average(
    new: Path, old: Path, output: Path, *, share: float, parts: Sequence[str], stricter: float = 0.0
) -> None:
    """Writes the mean of the parts; of the trunk, with the rest of NEW, where none are named.

    Raises:
        SystemExit: the networks are not of one kind, or have no part of such a name, or no gate.
    """
    model, other = load_checkpoint(new), load_checkpoint(old)
    if model.config != other.config:
        raise SystemExit(f"{old}: is another network than {new}; only equals can be averaged.")
    known = [name for name, _ in model.named_children()]
    for part in parts:
        if part not in known:
            raise SystemExit(f"--parts {part}: no such part; there are {', '.join(known)}.")
    mixed = parts or [name for name in known if name not in LATENT]
    weights = model.state_dict()
    for name, theirs in other.state_dict().items():
        if name.split(".")[0] in mixed:
            if theirs.is_floating_point():
                weights[name].lerp_(theirs, 1 - share)
        elif parts:
            weights[name].copy_(theirs)
    if stricter and model.presence is None:
        raise SystemExit(f"--stricter: {new} has no presence gate.")
    if stricter:
        weights[_GATE].sub_(stricter)
    summary = dict(read_header(new).summary)
    what = f"{', '.join(parts)}: " if parts else "the trunk is "
    summary["averaged"] = f"{what}{share:g} of this and {1 - share:g} of {old.name}"
    if stricter:
        summary["averaged"] += f", the gate stricter by {stricter:g}"
    save_checkpoint(output, model, summary=summary)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("new", type=Path)
    parser.add_argument("old", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.5, help="of NEW")
    parser.add_argument("--parts", default="", help="alone, divided by commas; else OLD's")
    parser.add_argument("--stricter", type=float, default=0.0, help="taken from the gate's logit")
    asked = parser.parse_args()
    parts = [part.strip() for part in asked.parts.split(",") if part.strip()]
    try:
        average(
            asked.new,
            asked.old,
            asked.output,
            share=asked.share,
            parts=parts,
            stricter=asked.stricter,
        )
    except AvssegError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
