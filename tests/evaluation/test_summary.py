"""A report on disk: complete, ordered, and readable by others."""

import csv
import json

from avsseg.evaluation.report import Report
from avsseg.evaluation.summary import write_summary

ROWS = (
    {"name": "a", "category": "dog", "miou": 0.5, "silent_area": None},
    {"name": "ü b", "category": "dog", "miou": 1.0, "silent_area": 0.25},
)
REPORT = Report(means={"miou": 0.75, "silent_area": 0.25}, videos=ROWS, curves={"f": (0.1, 0.2)})


def test_means_come_first(tmp_path):
    """metrics.json opens with the means, then says what was run, then goes into detail."""
    path, _ = write_summary(tmp_path, REPORT, context={"metric_batch": 1})

    document = json.loads(path.read_text(encoding="utf-8"))

    assert list(document) == ["means", "context", "categories", "videos", "curves"]
    assert document["means"] == {"miou": 0.75, "silent_area": 0.25}
    assert document["context"] == {"metric_batch": 1}
    assert document["categories"]["dog"]["miou"] == 0.75
    assert document["videos"][0]["silent_area"] is None


def test_the_table_has_a_row_for_each_video(tmp_path):
    """per_video.csv has the rows' own columns; an absent score is an empty cell."""
    _, path = write_summary(tmp_path, REPORT, context={})

    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    assert [row["name"] for row in rows] == ["a", "ü b"]
    assert [row["silent_area"] for row in rows] == ["", "0.25"]


def test_writing_again_replaces_and_leaves_nothing_else(tmp_path):
    """A second summary takes the place of the first, without leftovers."""
    write_summary(tmp_path, REPORT, context={"run": 1})
    path, _ = write_summary(tmp_path, REPORT, context={"run": 2})

    assert json.loads(path.read_text())["context"] == {"run": 2}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["metrics.json", "per_video.csv"]
