"""What was found besides the scores: probes, scenes, films, masks of others."""

from collections.abc import Sequence
from typing import Any

from avsseg.evaluation.bank_scores import BANK, describe
from avsseg.evaluation.health import PROBES
from avsseg.evaluation.names import BINARY, SEMANTIC
from avsseg.evaluation.real_clips import REAL
from avsseg.report.markup import Content, Markup, element, joined, table
from avsseg.report.runs import Run


def all_scores(runs: Sequence[Run]) -> Markup:
    """Every score of every benchmark run and of every folder of masks, side by side."""
    parts = []
    for names in (BINARY, SEMANTIC):
        marker = "miou_legacy" if names is SEMANTIC else "f_global"
        shown = [r for r in runs if r.data["kind"] in ("dataset", "score") and marker in r.means]
        parts.append(_side_by_side(shown, names))
    return joined(parts)


def probes(runs: Sequence[Run]) -> Markup:
    """Health probes of each benchmark run, then what the latents tell."""
    asked = [run for run in runs if run.document.get("health", {}).get("probes")]
    parts = [joined(element("h3", run.name), _probe_table(run)) for run in asked]
    return joined(parts, _latents(runs))


def scenes(runs: Sequence[Run]) -> Markup:
    """Probe scenes of a bank: a table for each number of frames, a column for each run."""
    shown = [run for run in runs if run.data["kind"] == "bank"]
    frames = sorted({t for run in shown for t in run.data["frames"]})
    return joined([_scene_table(shown, t) for t in frames])


def films(runs: Sequence[Run]) -> Markup:
    """Labelled real clips: the means, then each clip."""
    shown = [run for run in runs if run.data["kind"] == "clips"]
    parts = [_side_by_side(shown, REAL)]
    for run in shown:
        names = ("miou", "film_miou", "full_frame_miou", "muted_miou", "empty_area", "area_change")
        rows = [
            [str(row["name"]), *(number(row.get(name)) for name in names)]
            for row in run.document.get("videos", [])
        ]
        header = ("clip", "mIoU", "full frame", "muted", "masked where empty", "change of area")
        parts.append(joined(element("h3", run.name), table(header, rows)))
    return joined(parts)


def parameters(runs: Sequence[Run]) -> Markup:
    """Parameters by part, once for each distinct network."""
    seen: dict[str, Markup] = {}
    for run in runs:
        rows = run.document.get("parameters")
        if rows:
            cells = [[r["part"], f"{r['parameters']:,}", f"{r['trainable']:,}"] for r in rows]
            key = str(cells)
            if key not in seen:
                made = table(("part", "all", "trainable"), cells)
                seen[key] = joined(element("h3", run.name), made)
    return joined(list(seen.values()))


def number(value: Any, sd: Any = None) -> str:
    """A figure with its spread; a dash where there was nothing to measure."""
    if value is None:
        return "-"
    text = f"{value:.4f}" if isinstance(value, float) else str(value)
    return text if sd is None else f"{text} ± {sd:.4f}"


def _side_by_side(runs: Sequence[Run], names: dict[str, str]) -> Markup:
    if not runs:
        return Markup("")
    rows: list[list[Content]] = []
    for name, meaning in names.items():
        if any(name in run.means for run in runs):
            cells = [number(run.means.get(name), run.spread.get(name)) for run in runs]
            rows.append([f"{name}: {meaning}", *cells])
    rows.append(["F by batches of so many clips", *(_batch(run) for run in runs)])
    return table(["score", *(run.name for run in runs)], rows)


def _batch(run: Run) -> str:
    batch = run.context.get("metric_batch")
    return "-" if batch is None else str(batch)


def _probe_table(run: Run) -> Markup:
    columns = ("miou", "miou_sounding", "gap", "area", "any", "silent_area", "silent_any")
    header = (
        "probe", "mIoU", "mIoU where it sounds", "loss against sampled", "masked share",
        "frames masked", "masked where silent", "frames masked where silent",
    )  # fmt: skip
    rows = [
        [f"{name}: {PROBES.get(name, '')}", *(number(row.get(column)) for column in columns)]
        for name, row in run.document["health"]["probes"].items()
    ]
    return table(header, rows)


def _latents(runs: Sequence[Run]) -> Markup:
    rows: list[list[Content]] = []
    for run in runs:
        for where, found in _retrievals(run):
            keys = ("pairs", "top1", "top10", "chance_top1", "contrastive_loss")
            bounds = ("information_bound", "information_bound_best_tau")
            rows.append([f"{run.name} {where}", *(number(found[k]) for k in (*keys, *bounds))])
    if not rows:
        return Markup("")
    header = (
        "retrieval of z_0 by c", "pairs N", "top 1", "top 10", "chance", "L_contrastive (Eq. 10)",
        "ln N - L in nats (Eq. 11)", "the same at the best tau",
    )  # fmt: skip
    return table(header, rows)


def _retrievals(run: Run) -> list[tuple[str, Any]]:
    health = run.document.get("health", {})
    parts = {"": health} | {k: v for k, v in health.items() if isinstance(v, dict)}
    return [(where, part["retrieval"]) for where, part in parts.items() if part.get("retrieval")]


def _scene_table(runs: Sequence[Run], frames: int) -> Markup:
    prefix = f"t{frames}_"
    there = [n for run in runs for n in run.means if n.startswith(prefix)]
    ordered = [prefix + n for n in BANK if prefix + n in there]
    names = dict.fromkeys([*ordered, *there])
    rows = [
        [describe(n) or n, *(number(run.means.get(n), run.spread.get(n)) for run in runs)]
        for n in names
    ]
    title = element("h3", f"T = {frames}, {runs[0].data['scenes']} scenes of each kind")
    return joined(title, table(["probe", *(run.name for run in runs)], rows))
