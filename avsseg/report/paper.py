"""Tables I to VI as printed (Mao et al., 2023): constants, measured by its authors."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from avsseg.report.recipe import PaperSubset, Recipe, config_name, ours, without_latents

TEST_CLIPS: Mapping[PaperSubset, int] = {"s4": 740, "ms3": 64}

Figures = tuple[float, float | None]
"""mIoU in percent, F-score between 0 and 1 or None where none was printed."""


@dataclass(frozen=True, kw_only=True)
class PaperRow:
    """One method of a table.

    Attributes:
        recipe: how to make it here; None for figures that the paper itself cites from others.
        published: by subset.
    """

    label: str
    published: Mapping[PaperSubset, Figures]
    recipe: Recipe | None = None


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    """One table of the paper."""

    number: str
    title: str
    rows: tuple[PaperRow, ...]
    note: str = ""


def _row(
    label: str, s4: Figures | None, ms3: Figures | None, recipe: Recipe | None = None
) -> PaperRow:
    both: dict[PaperSubset, Figures | None] = {"s4": s4, "ms3": ms3}
    published = {subset: figures for subset, figures in both.items() if figures is not None}
    return PaperRow(label=label, published=published, recipe=recipe)


_R50, _PVT = "resnet50", "pvt_v2_b5"
_AVSBENCH_R50 = without_latents("ed", backbone=_R50, channels=256)
_AVSBENCH_PVT = without_latents("ed", backbone=_PVT, channels=256)
_OURS_R50, _OURS_PVT = ours(backbone=_R50), ours()
_LDM = ours(contrastive=False)


def _from_s4(recipe: Recipe) -> Recipe:
    return replace(recipe, pretrained=True)


TABLES = (
    PaperTable(
        number="I",
        title="Comparison with related models",
        rows=(
            _row("3DC (VOS)", (57.10, 0.759), (36.92, 0.503)),
            _row("SST (VOS)", (66.29, 0.801), (42.57, 0.572)),
            _row("iGAN (SOD)", (61.59, 0.778), (42.89, 0.544)),
            _row("LGVT (SOD)", (74.94, 0.873), (40.71, 0.593)),
            _row("AVSBench (R50)", (72.79, 0.848), (47.88, 0.578), _AVSBENCH_R50),
            _row("AVSBench (PVT)", (78.74, 0.879), (54.00, 0.645), _AVSBENCH_PVT),
            _row("Ours (R50)", (75.80, 0.869), (49.77, 0.621), _OURS_R50),
            _row("Ours (PVT)", (81.38, 0.902), (58.18, 0.709), _OURS_PVT),
        ),
        note="The rows of video object segmentation (VOS) and salient object detection (SOD) are "
        "cited, by the paper from AVSBench; anybody's masks can be scored with 'avsseg score'.",
    ),
    PaperTable(
        number="II",
        title="The latent diffusion model",
        rows=(
            _row("E-D", (78.89, 0.881), (54.28, 0.648), without_latents("ed")),
            _row("CVAE", (79.97, 0.888), (55.21, 0.661), without_latents("cvae")),
            _row("LDM (Ours)", (81.02, 0.894), (57.67, 0.698), _LDM),
        ),
        note="All without contrastive learning, on PVTv2.",
    ),
    PaperTable(
        number="III",
        title="The conditional variable",
        rows=(
            _row("None", (80.04, 0.889), (56.12, 0.671), ours(condition="none", contrastive=False)),
            _row(
                "Audio", (80.29, 0.892), (56.59, 0.680), ours(condition="audio", contrastive=False)
            ),
            _row(
                "Visual",
                (80.68, 0.892),
                (57.21, 0.688),
                ours(condition="visual", contrastive=False),
            ),
            _row("Audio-visual (Ours)", (81.02, 0.894), (57.67, 0.698), _LDM),
        ),
        note="All without contrastive learning, on PVTv2.",
    ),
    PaperTable(
        number="IV",
        title="Contrastive learning",
        rows=(
            _row("without", (81.02, 0.894), (57.67, 0.698), _LDM),
            _row("with", (81.38, 0.902), (58.18, 0.709), _OURS_PVT),
        ),
    ),
    PaperTable(
        number="V",
        title="MS3 from scratch, and from weights trained on S4",
        rows=(
            _row("AVSBench (R50), from scratch", None, (47.88, None), _AVSBENCH_R50),
            _row("AVSBench (R50), from S4", None, (54.33, None), _from_s4(_AVSBENCH_R50)),
            _row("AVSBench (PVT), from scratch", None, (54.00, None), _AVSBENCH_PVT),
            _row("AVSBench (PVT), from S4", None, (57.34, None), _from_s4(_AVSBENCH_PVT)),
            _row("Ours (R50), from scratch", None, (49.77, None), _OURS_R50),
            _row("Ours (R50), from S4", None, (57.59, None), _from_s4(_OURS_R50)),
            _row("Ours (PVT), from scratch", None, (58.18, None), _OURS_PVT),
            _row("Ours (PVT), from S4", None, (60.94, None), _from_s4(_OURS_PVT)),
        ),
    ),
    PaperTable(
        number="VI",
        title="The size of the latent space",
        rows=(
            _row("D = 8", (81.04, 0.892), (57.28, 0.689), ours(latent_dim=8)),
            _row("D = 16", (81.18, 0.895), (57.98, 0.704), ours(latent_dim=16)),
            _row("D = 24", (81.38, 0.902), (58.18, 0.709), _OURS_PVT),
            _row("D = 32", (80.78, 0.891), (57.01, 0.687), ours(latent_dim=32)),
        ),
    ),
)


def configs() -> dict[str, tuple[Recipe, PaperSubset, str]]:
    """Every config that the rows need: its name, how it is made, and the rows it makes."""
    found: dict[str, tuple[Recipe, PaperSubset, list[str]]] = {}
    for table in TABLES:
        for row in table.rows:
            for subset in row.published:
                if row.recipe is not None:
                    name = config_name(row.recipe, subset)
                    known = found.setdefault(name, (row.recipe, subset, []))
                    known[2].append(f"Table {table.number}, {row.label}")
    return {name: (recipe, subset, "; ".join(w)) for name, (recipe, subset, w) in found.items()}
