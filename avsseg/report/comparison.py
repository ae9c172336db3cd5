"""Tables I to VI with a column for what was measured, empty where nothing was."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from avsseg.report.markup import Content, Markup, element, joined, table
from avsseg.report.paper import TABLES, TEST_CLIPS, Figures, PaperRow, PaperTable
from avsseg.report.recipe import PaperSubset, Recipe
from avsseg.report.runs import Run

NOT_MEASURED = "not measured"
_SUBSETS: tuple[PaperSubset, ...] = ("s4", "ms3")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A score over one or several runs of one recipe.

    Attributes:
        miou: in percent, as the paper prints it.
        sd: standard deviation over training runs, or over sampling seeds of a single one.
        runs: how many training runs.
    """

    miou: float
    f: float
    sd: float | None
    runs: int

    def __str__(self) -> str:
        spread = "" if self.sd is None else f" ± {self.sd:.2f}"
        return f"{self.miou:.2f}{spread} / {self.f:.3f}"


def measured(runs: Sequence[Run]) -> Measured | None:
    """The mean over runs; None without any."""
    if not runs:
        return None
    scores = [100 * float(run.means["miou"]) for run in runs]
    sd = float(np.std(scores, ddof=1)) if len(runs) > 1 else _sampling_sd(runs[0])
    return Measured(
        miou=float(np.mean(scores)),
        f=float(np.mean([run.means["f"] for run in runs])),
        sd=sd,
        runs=len(runs),
    )


def compared(runs: Sequence[Run]) -> Markup:
    """Every table of the paper beside what was measured on the published test splits."""
    return joined([_table(paper, runs) for paper in TABLES])


def missing_data(runs: Sequence[Run]) -> Markup:
    """Says for which subset there is no measurement on the published test split."""
    lines = []
    for subset in _SUBSETS:
        there = [r for r in runs if r.is_published_test and r.subset == subset]
        if not there:
            lines.append(
                f"No run was measured on the published {subset.upper()} test split "
                f"({TEST_CLIPS[subset]} clips), so nothing stands beside its figures."
            )
    return joined([element("p", line, class_="note") for line in lines])


def elsewhere(runs: Sequence[Run]) -> Markup:
    """The same ablations on other networks or other data, where there are any."""
    groups: dict[tuple[str, int, str], list[Run]] = {}
    for run in runs:
        if run.recipe is not None and run.data["kind"] == "dataset" and not _is_exact(run):
            key = run.recipe.backbone, run.recipe.channels, _data_name(run)
            groups.setdefault(key, []).append(run)
    return joined(
        [_group(backbone, data, found) for (backbone, _, data), found in sorted(groups.items())]
    )


def exact_runs(runs: Iterable[Run], recipe: Recipe, subset: PaperSubset) -> list[Run]:
    """Runs of a row's recipe on the published test split of a subset."""
    return [
        run
        for run in runs
        if run.is_published_test and run.subset == subset and run.recipe == recipe
    ]


def _table(paper: PaperTable, runs: Sequence[Run]) -> Markup:
    subsets = [s for s in _SUBSETS if any(s in row.published for row in paper.rows)]
    header = ["method"]
    for subset in subsets:
        header += [f"{subset.upper()} printed", "measured here", "gap in mIoU"]
    notes: list[str] = []
    rows = [_row(row, subsets, runs, notes) for row in paper.rows]
    return joined(
        element("h3", f"Table {paper.number}. {paper.title}"),
        table(header, rows),
        element("p", "mIoU in percent / F-score, on the test split. ", paper.note, class_="note"),
        [element("p", note, class_="note") for note in notes],
    )


def _row(
    row: PaperRow, subsets: Sequence[PaperSubset], runs: Sequence[Run], notes: list[str]
) -> list[Content]:
    cells: list[Content] = [row.label if row.recipe else f"{row.label}, cited"]
    for subset in subsets:
        printed = row.published.get(subset)
        if printed is None:
            cells += ["", "", ""]
            continue
        found = [] if row.recipe is None else exact_runs(runs, row.recipe, subset)
        cells += [_printed(printed), *_measured_cells(row, found, printed)]
        if row.recipe is not None:
            notes += [_departure(run, row.recipe, subset, row.label) for run in found]
    return cells


def _measured_cells(row: PaperRow, runs: Sequence[Run], printed: Figures) -> list[Content]:
    score = measured(runs)
    if score is None:
        return ["cited" if row.recipe is None else NOT_MEASURED, ""]
    return [element("b", str(score)), f"{score.miou - printed[0]:+.2f}"]


def _printed(figures: Figures) -> str:
    miou, f = figures
    return f"{miou:.2f}" if f is None else f"{miou:.2f} / {f:.3f}"


def _departure(run: Run, recipe: Recipe, subset: PaperSubset, label: str) -> str:
    found = run.departures(recipe, subset)
    where = f"{label}, {subset.upper()}: {run.name}"
    if found is None:
        return f"{where}: its config cannot be compared with the row's."
    if not found:
        return f"{where}: trained by the row's config."
    changes = ", ".join(f"{name} = {value}" for name, value in sorted(found.items()))
    return f"{where}: differs from the row's config in {changes}."


def _is_exact(run: Run) -> bool:
    recipes = {row.recipe for paper in TABLES for row in paper.rows}
    return run.is_published_test and run.recipe in recipes


def _group(backbone: str, data: str, runs: Sequence[Run]) -> Markup:
    by_recipe: dict[Recipe, list[Run]] = {}
    for run in runs:
        assert run.recipe is not None
        by_recipe.setdefault(run.recipe, []).append(run)
    rows = []
    for recipe, found in sorted(by_recipe.items(), key=lambda item: _order(item[0])):
        score = measured(found)
        assert score is not None
        spread = "" if score.sd is None else f"{score.sd:.2f}"
        tables = _tables_with(recipe)
        rows.append(
            [describe(recipe), f"{score.miou:.2f}", spread, f"{score.f:.3f}", str(score.runs),
             tables, ", ".join(run.name for run in found)]
        )  # fmt: skip
    header = ("what", "mIoU", "sd", "F-score", "runs", "varied in Table", "which")
    return joined(element("h3", f"{backbone} on {data}"), table(header, rows))


def describe(recipe: Recipe) -> str:
    """A recipe in words."""
    words = {"ed": "E-D", "cvae": "CVAE"}.get(recipe.kind, "LDM")
    if recipe.kind == "ldm":
        words += f", condition {recipe.condition}"
        words += " + contrastive" if recipe.contrastive else ""
    if recipe.latent_dim:
        words += f", D = {recipe.latent_dim}"
    return words + (", from other weights" if recipe.pretrained else "")


def _order(recipe: Recipe) -> tuple[int, str, bool, int, bool]:
    kinds = ("ed", "cvae", "ldm")
    place = kinds.index(recipe.kind) if recipe.kind in kinds else len(kinds)
    return place, recipe.condition, recipe.contrastive, recipe.latent_dim, recipe.pretrained


def _tables_with(recipe: Recipe) -> str:
    """The paper's tables that vary its own network by this choice, whatever the backbone."""
    own = {
        paper.number: {row.recipe.ablation for row in paper.rows if _is_own(row)}  # type: ignore[union-attr]
        for paper in TABLES
    }
    return ", ".join(number for number, choices in own.items() if recipe.ablation in choices)


def _is_own(row: PaperRow) -> bool:
    return row.recipe is not None and row.recipe.channels == 128


def _data_name(run: Run) -> str:
    data = run.data
    what = "published" if data.get("published") else "another"
    if data.get("synthetic"):
        what = "a synthetic"
    layout = f"{what} {str(data.get('subset', '')).upper()} {data.get('split')} split"
    return f"{layout}, {data.get('clips')} clips"


def _sampling_sd(run: Run) -> float | None:
    sd = run.spread.get("miou")
    return None if sd is None else 100 * float(sd)
