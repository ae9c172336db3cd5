"""An evaluation as files: ``metrics.json``, ``per_video.csv``, figures and panels."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from PIL import Image

from avsseg.errors import MediaError
from avsseg.evaluation.evaluation import Evaluation
from avsseg.evaluation.figures import draw_figures
from avsseg.evaluation.summary import summary, write_summary
from avsseg.media.publish import publish_folder


def check_folder(folder: Path) -> None:
    """Makes sure, before a long evaluation, that ``folder`` can be made; leaves no trace.

    Raises:
        MediaError: it cannot.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with TemporaryFile(dir=there):
            pass
    except OSError as error:
        raise MediaError(f"{folder}: cannot be made: {error.strerror}.") from error


def write_evaluation(folder: Path, found: Evaluation, context: Mapping[str, Any]) -> list[Path]:
    """Writes everything into ``folder``, which is made; returns what was written.

    Raises:
        MediaError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MediaError(f"{folder}: cannot be made: {error.strerror}.") from error
    document, table = write_summary(
        folder, found.report, context=context, extra=extra_findings(found)
    )
    written = [document, table, *draw_figures(folder, found)]
    if found.panels:
        with publish_folder(folder / "panels", overwrite=True) as panels:
            for panel in found.panels:
                Image.fromarray(panel.picture).save(panels / panel.file_name, format="PNG")
        written.append(folder / "panels")
    return written


def as_document(found: Evaluation, context: Mapping[str, Any]) -> dict[str, Any]:
    """The content of ``metrics.json``."""
    return summary(found.report, context, extra_findings(found))


def extra_findings(found: Evaluation) -> dict[str, Any]:
    """What stands in ``metrics.json`` besides the means."""
    return {"spread": dict(found.spread), **found.findings}
