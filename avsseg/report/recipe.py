"""What distinguishes one row of the paper's tables from another, and the run that makes it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from avsseg.training.config import TrainConfig
from avsseg.training.config_file import config_of

PaperSubset = Literal["s4", "ms3"]

EPOCHS: dict[PaperSubset, int] = {"s4": 15, "ms3": 30}
"""Section IV-A, and AVSBench alike."""

_BACKBONES = {"r50": "resnet50", "pvt": "pvt_v2_b5"}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A network and an objective of the paper.

    Attributes:
        backbone: timm's name.
        channels: 128 in the paper's own networks, 256 in AVSBench.
        condition: "" where there is no diffusion.
        pretrained: starts from weights trained on S4 (Table V).
    """

    kind: str = "ldm"
    backbone: str = "pvt_v2_b5"
    channels: int = 128
    condition: str = "av"
    contrastive: bool = True
    latent_dim: int = 24
    pretrained: bool = False

    @property
    def ablation(self) -> "Recipe":
        """The same on the paper's own network: what the tables vary, whatever the backbone."""
        return replace(self, backbone="pvt_v2_b5", channels=128)


def ours(**changes: Any) -> Recipe:
    """The paper's full model with some changes."""
    return replace(Recipe(), **changes)


def without_latents(kind: str, **changes: Any) -> Recipe:
    """A baseline that has no diffusion, so neither condition nor contrast."""
    plain = {"condition": "", "contrastive": False, "latent_dim": 24 if kind == "cvae" else 0}
    return replace(Recipe(kind=kind), **{**plain, **changes})


def recipe_of(model: Mapping[str, Any], training: Mapping[str, Any] | None) -> Recipe | None:
    """The recipe of a network that was trained by a known config; None without one."""
    if training is None:
        return None
    kind = str(model["kind"])
    weight = training.get("objective", {}).get("contrastive_weight", 0.1)
    return Recipe(
        kind=kind,
        backbone=str(model["backbone"]),
        channels=int(model["channels"]),
        condition=str(model["condition"]) if kind == "ldm" else "",
        contrastive=kind == "ldm" and weight > 0,
        latent_dim=0 if kind == "ed" else int(model["latent_dim"]),
        pretrained=bool(training.get("init_from")),
    )


def config_name(recipe: Recipe, subset: PaperSubset) -> str:
    """The name of the row's config, ``examples/paper/<name>.toml``."""
    net = next(short for short, name in _BACKBONES.items() if name == recipe.backbone)
    what = "ours" if recipe.contrastive else recipe.kind
    if recipe.channels == 256:
        what = "avsbench"
    elif recipe.kind == "ldm" and recipe.condition != "av":
        what = f"condition_{recipe.condition}"
    elif recipe.kind == "ldm" and recipe.latent_dim != 24:
        what = f"latent{recipe.latent_dim}"
    start = "_from_s4" if recipe.pretrained else ""
    return f"{what}_{net}_{subset}{start}"


def paper_config(recipe: Recipe, subset: PaperSubset) -> TrainConfig:
    """The run that makes a row: the paper's section IV-A, or AVSBench's own script."""
    return config_of(paper_values(recipe, subset))


def paper_values(recipe: Recipe, subset: PaperSubset) -> dict[str, Any]:
    """The settings of that run as they stand in its file; all others are the defaults."""
    net = next(short for short, name in _BACKBONES.items() if name == recipe.backbone)
    avsbench = recipe.channels == 256
    model: dict[str, Any] = {"preset": f"{'avsbench' if avsbench else 'paper'}-{net}"}
    if not avsbench and recipe.kind != "ldm":
        model["kind"] = recipe.kind
    if recipe.kind == "ldm" and recipe.condition != "av":
        model["condition"] = recipe.condition
    if recipe.latent_dim not in (0, 24):
        model["latent_dim"] = recipe.latent_dim
    objective: dict[str, Any] = {}
    if recipe.kind == "ldm" and not recipe.contrastive:
        objective["contrastive_weight"] = 0.0
    if avsbench and subset == "ms3":
        objective["avm_weight"] = 0.5
    values = {
        "name": config_name(recipe, subset),
        "model": model,
        "init": {"backbone": recipe.backbone, "audio_encoder": "vggish"},
        "data": {"workers": 4, "avsbench": {"root": "avsbench_data", "subset": subset}},
        "objective": objective,
        "optimisation": {"epochs": EPOCHS[subset], "batch": 4, "lr": 1e-4},
    }
    return {name: table for name, table in values.items() if table != {}}
