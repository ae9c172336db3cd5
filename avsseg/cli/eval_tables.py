"""An evaluation as tables for a terminal."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table

from avsseg.cli.metrics_table import show

if TYPE_CHECKING:
    from avsseg.evaluation.evaluation import Evaluation


def tables(found: "Evaluation", context: Mapping[str, Any]) -> Iterator[Table]:
    """The scores, the probes, what the latents tell, and the parameters."""
    kind = context["data"]["kind"]
    if kind == "bank":
        yield _bank_table(found, context)
        yield _kind_table(found.findings["kinds"])
    else:
        yield _score_table(found, context)
    health = found.findings.get("health", {})
    if "probes" in health:
        yield _probe_table(health["probes"])
    for where, latents in {"": health, **_by_frames(health)}.items():
        if latents.get("retrieval"):
            yield _latent_table(latents, where)
    yield _parameter_table(found.findings.get("parameters", []))


def _score_table(found: "Evaluation", context: Mapping[str, Any]) -> Table:
    from avsseg.evaluation.names import BINARY, SEMANTIC
    from avsseg.evaluation.real_clips import REAL

    data = context["data"]
    names = SEMANTIC if "miou_legacy" in found.report.means else BINARY
    title = f"F by batches of {context['metric_batch']} clip(s)"
    if data["kind"] == "clips":
        names, title = REAL, f"{data['clips']} films"
    table = _table(f"{title}; mean over seeds {_seeds(context)}", "score", "value", "sd")
    table.add_column("what it is")
    for name, value in found.report.means.items():
        table.add_row(name, show(value), _sd(found.spread.get(name)), names.get(name, ""))
    return table


def _bank_table(found: "Evaluation", context: Mapping[str, Any]) -> Table:
    from avsseg.evaluation.bank_scores import describe

    frames = context["data"]["frames"]
    title = f"{context['data']['scenes']} scenes of each kind; mean (sd) over seeds"
    table = _table(f"{title} {_seeds(context)}", "probe", *(f"T = {t}" for t in frames))
    for what in _whats(found.report.means):
        cells = [_cell(found, f"t{t}_{what}") for t in frames]
        table.add_row(describe(f"t1_{what}") or what, *cells)
    return table


def _kind_table(kinds: Mapping[str, Mapping[str, Any]]) -> Table:
    columns = ("one and two: mIoU", "of", "absent: masked share", "of")
    table = _table("by the kind that sounds alone, the worst first", "kind", *columns)
    for kind, row in kinds.items():
        scores = (row["miou"], row["questions"], row["absent_area"], row["absent"])
        table.add_row(kind, *map(show, scores))
    return table


def _whats(means: Mapping[str, Any]) -> list[str]:
    """Every probe once, in the order of the published table, then the others."""
    from avsseg.evaluation.bank_scores import BANK

    there = list(dict.fromkeys(name.partition("_")[2] for name in means))
    return [n for n in BANK if n in there] + [n for n in there if n not in BANK]


def _cell(found: "Evaluation", name: str) -> str:
    if name not in found.report.means:
        return "-"
    sd = found.spread.get(name)
    value = show(found.report.means[name])
    return value if sd is None else f"{value} ({show(sd)})"


def _probe_table(probes: Mapping[str, Mapping[str, Any]]) -> Table:
    from avsseg.evaluation.health import PROBES

    columns = ("miou", "miou_sounding", "gap", "area", "any", "silent_area")
    table = _table("health probes", "probe", *columns)
    table.add_column("what was done")
    for name, row in probes.items():
        table.add_row(name, *(show(row[column]) for column in columns), PROBES.get(name, ""))
    return table


def _by_frames(health: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"T = {name[1:]}": value
        for name, value in health.items()
        if name[0] == "t" and name[1:].isdecimal()
    }


def _latent_table(latents: Mapping[str, Any], where: str) -> Table:
    found = latents["retrieval"]
    table = _table(f"condition to latent, {found['pairs']} pairs {where}".strip(), "what", "value")
    deviations = latents["z0_std"]
    rows = {
        "own latent first (top 1)": found["top1"],
        "own latent among the first ten": found["top10"],
        "top 1 by chance": found["chance_top1"],
        "contrastive loss, tau 1 (Eq. 10)": found["contrastive_loss"],
        "information bound in nats, tau 1 (Eq. 11)": found["information_bound"],
        "the same at the best tau": found["information_bound_best_tau"],
        "mean deviation of z_0 by dimension": sum(deviations) / len(deviations),
    }
    for name, value in rows.items():
        table.add_row(name, show(float(value)))
    return table


def _parameter_table(rows: list[dict[str, Any]]) -> Table:
    table = _table("parameters", "part", "all", "trainable")
    for row in rows:
        table.add_row(row["part"], f"{row['parameters']:,}", f"{row['trainable']:,}")
    return table


def _table(title: str, first: str, *numbers: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _sd(value: Any) -> str:
    return "" if value is None else show(value)


def _seeds(context: Mapping[str, Any]) -> str:
    return ", ".join(map(str, context["seeds"]))
