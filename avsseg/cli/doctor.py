"""``avsseg doctor``: everything about this machine that decides how avsseg runs."""

import dataclasses

import typer

from avsseg.cli.console import print_json, results
from avsseg.cli.options import Json


def doctor(as_json: Json = False) -> None:
    """Show versions, device, codecs, weights and memory; exit 1 if something is broken.

    Paste its output into a bug report.

    Example: avsseg doctor --json > doctor.json
    """
    from avsseg.diagnosis import diagnose

    findings = []
    for finding in diagnose():
        findings.append(finding)
        if not as_json:
            mark = {"ok": " ", "note": "-", "bad": "!"}[finding.verdict]
            results.print(f"{mark} {finding.topic:<18} {finding.value}")
    if as_json:
        print_json([dataclasses.asdict(finding) for finding in findings])
    if any(finding.verdict == "bad" for finding in findings):
        raise typer.Exit(1)
