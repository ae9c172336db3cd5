"""Makes a bank without some of its pictures or sounds, which are not copied but linked.

    python examples/leave_out.py BANK LIST OUTPUT

LIST is a CSV file with a column ``path``, as in the bank's ``index.csv``. ``bank_faults.csv``
beside this script names the pictures of our own bank whose mask holds something else (a case, a
label, a hand), a part of the thing, or another thing; all of its cut-out pictures without a true
mask were looked at for it.
"""

import argparse
import csv
from pathlib import Path


def leave_out(bank: Path, paths: set[str], output: Path) -> int:
    """Links the files of a bank into a new folder, lists those not named, returns how many.

    Raises:
        SystemExit: the bank has no index, does not hold a path, or the folder is there already.
    """
    index = bank / "index.csv"
    if not index.is_file():
        raise SystemExit(f"{bank}: holds no index.csv; name the folder of a bank.")
    with index.open(newline="") as file:
        rows = list(csv.DictReader(file))
    unknown = sorted(paths - {row["path"] for row in rows})
    if unknown:
        told = f"{len(unknown)} of the paths in the list, such as {unknown[0]}"
        raise SystemExit(f"{bank}: does not hold {told}; take the list that belongs to it.")
    if output.exists():
        raise SystemExit(f"{output}: is there already; name a new folder.")
    kept = [row for row in rows if row["path"] not in paths]
    for file in sorted(path for path in bank.rglob("*") if path.is_file() and path != index):
        place = output / file.relative_to(bank)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(file.absolute())
    with (output / "index.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)
    return len(kept)


def listed(path: Path) -> set[str]:
    """The paths that a list names; SystemExit where it is none."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return {row["path"] for row in csv.DictReader(file)}
    except (OSError, UnicodeDecodeError, KeyError):
        raise SystemExit(f"{path}: is no CSV file with a column 'path'.") from None


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bank", type=Path)
    parser.add_argument("list", type=Path)
    parser.add_argument("output", type=Path)
    asked = parser.parse_args()
    paths = listed(asked.list)
    kept = leave_out(asked.bank, paths, asked.output)
    print(f"{asked.output}: {kept} pictures and sounds, {len(paths)} left out")


if __name__ == "__main__":
    main()
