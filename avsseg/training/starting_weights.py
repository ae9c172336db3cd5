"""What a network starts from: published encoders, or another run's weights."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from avsseg.checkpoint import load_checkpoint
from avsseg.errors import CheckpointError
from avsseg.foreign_checkpoint import read_pickle
from avsseg.model.build import build_model
from avsseg.model.foreign import pvt_v2_state, resnet_state, vggish_state
from avsseg.model.segmenter import AVSegmenter
from avsseg.model.strict_load import load_strictly
from avsseg.training.config import InitConfig
from avsseg.training.run_directory import RunDirectory
from avsseg.weights import resolve_weights

_PARTS = "parts."
_RENAMES = {"resnet": resnet_state, "pvt_v2": pvt_v2_state}


def load_encoders(model: AVSegmenter, init: InitConfig, *, offline: bool = False) -> None:
    """Fills the encoders from the files that the config names.

    Raises:
        CheckpointError: a file is missing or does not hold that encoder.
    """
    if init.backbone:
        path = resolve_weights(init.backbone, offline=offline)
        state = _backbone_state(_read(path), model.config.backbone)
        load_strictly(model.backbone, state, source=str(path))
    if init.audio_encoder:
        path = resolve_weights(init.audio_encoder, offline=offline)
        state = _read(path)
        if model.config.audio_encoder == "vggish":
            state = vggish_state(state)
        # The published network has no parts of sounds: they start fresh.
        fresh = () if any(name.startswith(_PARTS) for name in state) else (_PARTS,)
        load_strictly(model.audio_encoder, state, source=str(path), apart=fresh)


def _read(path: Path) -> dict[str, Tensor]:
    if path.suffix != ".safetensors":
        return read_pickle(path)
    try:
        state: dict[str, Tensor] = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: is no whole safetensors file; copy it again.") from error
    return state


def _backbone_state(state: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    """Weights of a whole classifier, or of timm's features alone, as those of a ``Backbone``."""
    for family, rename in _RENAMES.items():
        if name.startswith(family):
            return rename(state)
    return {key if key.startswith("net.") else f"net.{key}": value for key, value in state.items()}


@dataclass(frozen=True, kw_only=True)
class Match:
    """What one network could take over from another.

    Attributes:
        taken: names of the tensors that fit.
        missing: tensors of this network that the other has not.
        misshapen: tensors that both have, in different shapes.
        unused: tensors that only the other has.
    """

    taken: tuple[str, ...]
    missing: tuple[str, ...]
    misshapen: tuple[str, ...]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        total = len(self.taken) + len(self.missing) + len(self.misshapen)
        parts = [f"{len(self.taken)} of {total} tensors taken"]
        for words, names in (
            ("not in the file", self.missing),
            ("of another shape", self.misshapen),
            ("in the file alone", self.unused),
        ):
            if names:
                parts.append(f"{len(names)} {words} ({_modules(names)})")
        return "; ".join(parts)


def opened_with(checkpoint: Path, **parts: bool) -> AVSegmenter:
    """The network of a checkpoint with these parts of its config, fresh where it had them not.

    Raises:
        CheckpointError: there is no such checkpoint.
    """
    model = load_checkpoint(checkpoint)
    config = replace(model.config, **parts)  # type: ignore[arg-type]
    if config == model.config:
        return model
    grown = build_model(config)
    init_from(grown, checkpoint)
    return grown


def init_from(model: AVSegmenter, weights: str | Path, *, offline: bool = False) -> Match:
    """Takes every tensor of a checkpoint that has the same name and shape here.

    ``weights`` is a checkpoint's path or name, or the folder of a run (its best weights).

    Raises:
        CheckpointError: there is no such checkpoint, or nothing in it fits.
    """
    path = Path(weights)
    if path.is_dir():
        path = RunDirectory(path).best
    elif not path.is_file():
        path = resolve_weights(str(weights), offline=offline)
    match, fitting = _match(model.state_dict(), load_checkpoint(path).state_dict())
    if not match.taken:
        raise CheckpointError(f"{path}: no tensor of it fits this network; choose another.")
    model.load_state_dict(fitting, strict=False)
    return match


def _match(
    ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]
) -> tuple[Match, dict[str, Tensor]]:
    shared = [name for name in ours if name in theirs]
    fitting = {n: theirs[n] for n in shared if ours[n].shape == theirs[n].shape}
    match = Match(
        taken=tuple(fitting),
        missing=tuple(name for name in ours if name not in theirs),
        misshapen=tuple(name for name in shared if name not in fitting),
        unused=tuple(name for name in theirs if name not in ours),
    )
    return match, fitting


def _modules(names: tuple[str, ...]) -> str:
    """The modules that the names belong to, each once, the first few."""
    modules = list(dict.fromkeys(name.rpartition(".")[0] or name for name in names))
    return ", ".join(modules[:4]) + (", .." if len(modules) > 4 else "")
