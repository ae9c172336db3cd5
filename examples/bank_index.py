"""What the scripts that add to a bank write into its index."""

import csv
from collections.abc import Iterable
from pathlib import Path


def replace_made(bank: Path, method: str, made: Iterable[dict[str, str]]) -> None:
    """Puts rows in the place of all that an earlier run of the same method had made."""
    index = bank / "index.csv"
    with index.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        columns = list(reader.fieldnames or ())
        rows = [row for row in reader if row.get("method") != method]
    rows += [{"split": "train", "method": method} | row for row in made]
    with index.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
