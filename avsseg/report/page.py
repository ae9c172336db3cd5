"""The whole page: one file that needs no other."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from avsseg import __version__
from avsseg.media.publish import publish_file
from avsseg.report import comparison, curves, findings, pictures
from avsseg.report.markup import Content, Markup, element, joined, section, table
from avsseg.report.runs import Course, Run

TITLE = "Audio-visual segmentation: what was printed and what was measured"

_STYLE = """
:root{color-scheme:light;--ink:#1c2430;--soft:#5b6675;--line:#d9dee5;--wash:#f5f7fa}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);margin:0 auto;max-width:1180px;
padding:24px}
h1{font-size:26px;margin:0 0 4px}h2{font-size:20px;margin:40px 0 8px;padding-top:12px;
border-top:2px solid var(--line)}h3{font-size:16px;margin:22px 0 6px}
.note{color:var(--soft);margin:4px 0}.scroll{overflow-x:auto;margin:6px 0}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:14px}
th,td{padding:4px 10px;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
th{background:var(--wash);font-weight:600}th:first-child,td:first-child{text-align:left}
td:first-child{min-width:220px}
.row{display:flex;flex-wrap:wrap;gap:16px}
figure{margin:6px 0}figure img{max-width:100%;display:block}
figcaption{color:var(--soft);font-size:13px;overflow-wrap:anywhere}
svg{max-width:100%;height:auto;font-size:11px}svg text{fill:var(--soft)}
svg .title{font-size:14px;fill:var(--ink);font-weight:600}
code{background:var(--wash);padding:2px 4px;overflow-wrap:anywhere;font-size:13px}
"""


def build_page(runs: Sequence[Run], courses: Sequence[Course]) -> str:
    """The page as text.

    Nothing in it is a figure that was not printed in the paper or read from the runs' files.
    """
    body = joined(
        element("h1", TITLE),
        element("p", _made(runs), class_="note"),
        section(
            "The paper's tables",
            comparison.missing_data(runs),
            comparison.compared(runs),
        ),
        section("The same choices on other networks or data", comparison.elsewhere(runs)),
        section("All scores", findings.all_scores(runs)),
        section("Health probes", findings.probes(runs)),
        section("Scenes in which only the sound decides", findings.scenes(runs)),
        section("Real films", findings.films(runs)),
        section("Curves", curves.evaluation_curves(runs)),
        section("Training", curves.training_curves(courses)),
        section("The same clips side by side", pictures.side_by_side(runs)),
        section("Interrupted, worst and best", pictures.extremes(runs)),
        section("Parameters", findings.parameters(runs)),
        section("How to make it again", _provenance(runs)),
    )
    head = joined(
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", TITLE),
        Markup(f"<style>{_STYLE}</style>"),
    )
    page = element("html", element("head", head), element("body", body), lang="en")
    return f"<!DOCTYPE html>\n{page}\n"


def write_page(path: Path, runs: Sequence[Run], courses: Sequence[Course]) -> None:
    """Writes the page, replacing an earlier one.

    Raises:
        MediaError: the file cannot be written.
    """
    text = build_page(runs, courses)
    with publish_file(path, overwrite=True) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _made(runs: Sequence[Run]) -> str:
    when = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    names = ", ".join(run.name for run in runs) or "none"
    return f"Made by avsseg {__version__} on {when} from the evaluations: {names}."


def _provenance(runs: Sequence[Run]) -> Markup:
    return joined([joined(element("h3", run.name), _facts(run)) for run in runs])


def _facts(run: Run) -> Markup:
    context, checkpoint = run.context, run.context.get("checkpoint", {})
    rows: list[list[Content]] = [
        ["command", element("code", str(context.get("command", "unknown")))],
        ["checkpoint", element("code", str(checkpoint.get("path", "none")))],
        ["its SHA-256", element("code", str(checkpoint.get("sha256", "none")))],
        ["its training", _plain(checkpoint.get("summary", {}))],
        ["started from", str((run.training or {}).get("init_from") or "its config's encoders")],
        ["data", _plain(run.data)],
        ["sampling seeds", _plain(context.get("seeds", []))],
        ["device, precision", f"{context.get('device')}, {context.get('precision')}"],
        ["made at", str(context.get("made_at", "unknown"))],
        ["versions", _plain(context.get("versions", {}))],
    ]
    return table(("what", "value"), rows, class_="facts")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items()) or "unknown"
    return json.dumps(value)
