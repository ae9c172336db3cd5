"""What was measured: ``metrics.json`` files, and the training runs they came from."""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from avsseg.errors import ConfigError, DataError
from avsseg.report.recipe import PaperSubset, Recipe, paper_config, recipe_of
from avsseg.training.config_file import config_of, differences

_INCIDENTAL = ("name", "data.avsbench.root", "data.workers", "init.", "saving.", "validation.")


@dataclass(frozen=True)
class Run:
    """One ``metrics.json`` with the pictures beside it.

    Attributes:
        folder: that holds it.
        document: its content.
    """

    folder: Path
    document: Mapping[str, Any]

    @property
    def context(self) -> Mapping[str, Any]:
        """What was evaluated and how."""
        context: Mapping[str, Any] = self.document.get("context", {})
        return context

    @property
    def data(self) -> Mapping[str, Any]:
        """What it was evaluated on; the two folders of ``avsseg score`` count as such."""
        data: Mapping[str, Any] = self.context.get("data") or {"kind": "score"}
        return data

    @property
    def means(self) -> Mapping[str, Any]:
        """The scores."""
        means: Mapping[str, Any] = self.document["means"]
        return means

    @property
    def spread(self) -> Mapping[str, Any]:
        """Standard deviations over sampling seeds."""
        spread: Mapping[str, Any] = self.document.get("spread", {})
        return spread

    @property
    def training(self) -> Mapping[str, Any] | None:
        """The training run's config, where it is known."""
        training: Mapping[str, Any] | None = self.context.get("training")
        return training

    @property
    def name(self) -> str:
        """What to call it: the training run's name and the folder."""
        trained = str((self.training or {}).get("name", ""))
        own = self.folder.name
        return own if trained in ("", own) else f"{trained} ({own})"

    @cached_property
    def recipe(self) -> Recipe | None:
        """The recipe in the paper's terms, where the training config is known."""
        model = self.context.get("model")
        return None if model is None else recipe_of(model, self.training)

    @property
    def subset(self) -> str:
        """s4, ms3 or avss, empty for anything else."""
        return str(self.data.get("subset", ""))

    @property
    def is_published_test(self) -> bool:
        """Whether it was measured on the whole published test split."""
        return bool(self.data.get("published")) and self.data.get("split") == "test"

    def departures(self, recipe: Recipe, subset: PaperSubset) -> dict[str, Any] | None:
        """Settings that the run has otherwise than the row's config; None if unknown.

        Names, folders, validation and saving do not count.
        """
        try:
            values = {k: v for k, v in (self.training or {}).items() if k != "init_from"}
            found = differences(paper_config(recipe, subset), config_of(values))
        except ConfigError:
            return None
        return {n: v for n, v in found.items() if not n.startswith(_INCIDENTAL)}


@dataclass(frozen=True)
class Course:
    """The course of a training run: its table's columns by name."""

    folder: Path
    columns: Mapping[str, tuple[list[float], list[float]]]


def read_runs(paths: Iterable[Path]) -> tuple[list[Run], list[Course]]:
    """Every evaluation in or below the paths, and every training run, each once.

    Raises:
        DataError: a path holds neither, or a file is damaged.
    """
    runs: dict[Path, Run] = {}
    courses: dict[Path, Course] = {}
    for path in paths:
        found = [path] if path.is_file() else sorted(path.rglob("metrics.json"))
        tables = [] if path.is_file() else sorted(path.rglob("metrics.csv"))
        if not found and not tables:
            raise DataError(
                f"{path}: holds no metrics.json; make one with 'avsseg eval ... -o {path}'."
            )
        runs |= {f.resolve(): _read_run(f) for f in found}
        courses |= {f.resolve(): _read_course(f) for f in tables}
    return list(runs.values()), list(courses.values())


def _read_run(path: Path) -> Run:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(document.get("means"), dict):
            raise ValueError("it has no means")
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise DataError(f"{path}: is no metrics.json of avsseg ({error}).") from error
    return Run(path.parent, document)


def _read_course(path: Path) -> Course:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row.get("step")]
    except (OSError, ValueError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error}).") from error
    names = [name for name in (rows[0] if rows else {}) if name]
    columns = {}
    for name in names:
        told = [(row["step"], row[name]) for row in rows if row.get(name)]
        try:
            columns[name] = [float(s) for s, _ in told], [float(v) for _, v in told]
        except ValueError:
            continue
    return Course(path.parent, columns)
