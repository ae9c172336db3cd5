"""A report as files: ``metrics.json``, the means first, and ``per_video.csv``."""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avsseg.evaluation.report import Report
from avsseg.media.publish import publish_file


def summary(
    report: Report, context: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A report as one JSON document: means, extra findings, what was run, videos, curves."""
    return {
        "means": dict(report.means),
        **(extra or {}),
        "context": dict(context),
        "categories": {name: dict(row) for name, row in report.by_category().items()},
        "videos": [dict(row) for row in report.videos],
        "curves": {name: list(values) for name, values in report.curves.items()},
    }


def write_summary(
    folder: Path,
    report: Report,
    *,
    context: Mapping[str, Any],
    extra: Mapping[str, Any] | None = None,
) -> tuple[Path, Path]:
    """Writes ``metrics.json`` and ``per_video.csv`` into ``folder``, replacing earlier ones.

    ``context`` says what was scored and how: paths, split, metric batch, seeds; ``extra`` are
    findings besides the means.

    Raises:
        MediaError: if the folder cannot be written.
    """
    table, document = folder / "per_video.csv", folder / "metrics.json"
    found = summary(report, context, extra)
    text = json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False)
    with (
        publish_file(table, overwrite=True) as path,
        path.open("w", newline="", encoding="utf-8") as file,
    ):
        writer = csv.DictWriter(file, list(report.videos[0]))
        writer.writeheader()
        writer.writerows(report.videos)
    with publish_file(document, overwrite=True) as path:
        path.write_text(text + "\n", encoding="utf-8")
    return document, table
