"""What a run leaves behind for people: figures, curves, panels and weights."""

import logging

from avsseg import __version__
from avsseg.checkpoint import save_checkpoint
from avsseg.model.segmenter import AVSegmenter
from avsseg.training.budget import Clock
from avsseg.training.config import TrainConfig
from avsseg.training.curves import draw_curves
from avsseg.training.metrics_file import MetricsFile, Row
from avsseg.training.panels import write_panels
from avsseg.training.run_directory import RunDirectory
from avsseg.training.state import explained
from avsseg.training.tensorboard import open_tensorboard
from avsseg.training.validation import Scores, Validator

_log = logging.getLogger(__name__)


class Records:
    """Writes the files of a run; silent in every process but the main one."""

    def __init__(
        self, run: RunDirectory, config: TrainConfig, validator: Validator, is_main: bool
    ) -> None:
        self._run, self._config, self._validator = run, config, validator
        self._speaks = is_main
        self._metrics: MetricsFile | None = None
        self._tensorboard = open_tensorboard(run.tensorboard) if is_main else None

    def add(self, row: Row) -> None:
        """A row of ``metrics.csv`` and of TensorBoard."""
        if not self._speaks or self._tensorboard is None:
            return
        if self._metrics is None:
            columns = [name for name in row if not name.startswith("val_")]
            columns += self._validator.columns
            self._metrics = MetricsFile(self._run.metrics, columns)
        self._metrics.append(row)
        self._tensorboard({n: v for n, v in row.items() if n != "step"}, int(row["step"]))
        _log.info("%s", "  ".join(f"{name} {value:.4g}" for name, value in row.items()))

    def keep_best(self, model: AVSegmenter, clock: Clock, scores: Scores) -> None:
        """The weights that validated best so far."""
        if self._speaks:
            with explained(self._run.best):
                summary = self._summary(clock, scores)
                save_checkpoint(
                    self._run.best, model, summary=summary, half=self._config.saving.half
                )

    def draw(self, model: AVSegmenter, clock: Clock) -> None:
        """Curves so far, and panels of the network (in evaluation mode) as it is."""
        if not self._speaks:
            return
        if self._metrics is not None:
            draw_curves(self._metrics.rows(), self._run.curves)
        validation = self._config.validation
        if validation.panels:
            write_panels(
                self._run.panels / f"step-{clock.step:06d}.png",
                model,
                self._validator,
                rows=validation.panels,
                samples=validation.samples if self._config.model.kind != "ed" else 1,
            )

    def keep_last(self, model: AVSegmenter, clock: Clock) -> None:
        """The weights as they are, beside the state."""
        with explained(self._run.last):
            summary = self._summary(clock, {})
            save_checkpoint(self._run.last, model, summary=summary, half=self._config.saving.half)

    def forget_after(self, step: int) -> None:
        """Drops rows that a resumed run will write again."""
        if self._speaks and self._run.metrics.exists():
            self._metrics = MetricsFile(self._run.metrics)
            self._metrics.drop_after(step)

    def _summary(self, clock: Clock, scores: Scores) -> dict[str, str]:
        data = self._config.data
        what = f"{data.avsbench.subset} train split" if data.avsbench else "scenes of a bank"
        return {
            "run": self._config.name,
            "avsseg": __version__,
            "data": what,
            "steps": str(clock.step),
            "minutes": f"{clock.seconds / 60:.1f}",
            "seed": str(self._config.optimisation.seed),
        } | {name: f"{value:.4f}" for name, value in scores.items()}
