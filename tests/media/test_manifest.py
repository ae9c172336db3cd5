"""What a run was."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from avsseg.media.manifest import FileReport, Manifest, write_manifest


def manifest(**arguments):
    done = FileReport(
        source=Path("in/змея.mp4"),
        status="done",
        outputs={"video": Path("out/змея.mp4")},
        notes=("padded",),
        facts={"frames": 20, "rate": Fraction(24000, 1001)},
    )
    failed = FileReport(source=Path("in/b.mp4"), status="failed", reason="the file is empty")
    return Manifest(
        version="0.1.0",
        weights="compact",
        weights_sha256="ab" * 32,
        arguments=arguments,
        files=(done, failed),
    )


def test_a_manifest_tells_all_in_plain_json(tmp_path):
    """Version, weights, arguments, and the fate of every file."""
    write_manifest(tmp_path / "manifest.json", manifest(fps=4, gate=None))

    text = (tmp_path / "manifest.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert "змея" in text
    assert (data["version"], data["weights"]) == ("0.1.0", "compact")
    assert data["arguments"] == {"fps": 4, "gate": None}
    assert data["files"][0]["outputs"] == {"video": "out/змея.mp4"}
    assert data["files"][0]["facts"]["rate"] == "24000/1001"
    assert data["files"][1]["reason"] == "the file is empty"
    assert data["created"].endswith("+00:00")


def test_a_later_run_replaces_the_manifest_whole(tmp_path):
    """Never half of the old one and half of the new."""
    for fps in (4, 1):
        write_manifest(tmp_path / "manifest.json", manifest(fps=fps))

    assert json.loads((tmp_path / "manifest.json").read_text())["arguments"] == {"fps": 1}
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("value", [float("nan"), object()])
def test_what_json_cannot_say_is_refused(tmp_path, value):
    """A manifest that other programs cannot read helps nobody."""
    with pytest.raises((ValueError, TypeError)):
        write_manifest(tmp_path / "manifest.json", manifest(x=value))

    assert list(tmp_path.iterdir()) == []
