"""What one ``avsseg eval`` found: a report over several sampling seeds and all around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from avsseg.evaluation.gallery import Panel
from avsseg.evaluation.report import Report, Row, Value


@dataclass(frozen=True, kw_only=True)
class EvalOptions:
    """How a network is evaluated.

    Attributes:
        seeds: of the sampling; each gives a full evaluation, and they are averaged.
        precision: ``auto``, ``fp32``, ``bf16`` or ``fp16``.
        batch: clips at a time; None chooses by device. It has no part in the result.
        metric_batch: clips in a test batch of AVSBench's, on which its F depends.
        probes: also ask with other latents and other sounds.
        panels: pictures kept of each kind.
    """

    seeds: tuple[int, ...] = (0, 1, 2)
    precision: str = "auto"
    batch: int | None = None
    metric_batch: int = 1
    probes: bool = True
    panels: int = 4


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The mean over the seeds, its spread, and the findings that are no scores of videos.

    Attributes:
        report: means over the seeds; rows of videos likewise, with ``miou_sd`` where sampled.
        spread: standard deviation over the seeds (N - 1) of each mean; empty for a single seed.
        findings: further results by name, as they go into ``metrics.json``.
        panels: pictures, the most telling first.
    """

    report: Report
    spread: Row = field(default_factory=dict)
    findings: Mapping[str, Any] = field(default_factory=dict)
    panels: tuple[Panel, ...] = ()


def over_seeds(reports: Sequence[Report]) -> tuple[Report, Row]:
    """The mean of one report per seed, and the spread of its means."""
    rows = [_mean_row(videos) for videos in zip(*(r.videos for r in reports), strict=True)]
    curves = {
        name: tuple(np.mean([r.curves[name] for r in reports], axis=0).tolist())
        for name in reports[0].curves
    }
    means = [report.means for report in reports]
    spread = {name: _spread([m[name] for m in means]) for name in means[0]}
    spread = {name: value for name, value in spread.items() if value is not None}
    return Report(means=_mean_row(means, sd=False), videos=tuple(rows), curves=curves), spread


def _mean_row(rows: Sequence[Row], *, sd: bool = True) -> Row:
    mean = {name: _mean([row[name] for row in rows]) for name in rows[0]}
    if sd and len(rows) > 1 and "miou" in mean:
        mean["miou_sd"] = _spread([row["miou"] for row in rows])
    return mean


def _mean(values: Sequence[Value]) -> Value:
    if all(isinstance(value, float) for value in values):
        return float(np.mean(values))  # type: ignore[arg-type]
    return values[0]


def _spread(values: Sequence[Value]) -> float | None:
    if len(values) < 2 or not all(isinstance(value, float) for value in values):
        return None
    return float(np.std(values, ddof=1))  # type: ignore[arg-type]
