"""``avsseg doctor`` and the findings it prints."""

import json

import pytest
from typer.testing import CliRunner

from avsseg import diagnosis
from avsseg.cli.app import app
from avsseg.diagnosis import Finding, diagnose
from avsseg.media.codecs import encoder_opens
from avsseg.weights import cache_folder

runner = CliRunner()


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("AVSSEG_CACHE", str(tmp_path))


def test_a_working_machine_is_healthy():
    """Where the tests run nothing is bad, and every topic has something to say."""
    findings = {finding.topic: finding for finding in diagnose()}

    assert not [finding for finding in findings.values() if finding.verdict == "bad"]
    assert {"torch", "device", "torchvision state", "encoders", "cache", "vggish"} <= set(findings)
    assert all(finding.value for finding in findings.values())


def test_report_is_one_line_per_finding():
    """The report goes to stdout, one line for each finding, and ends with 0."""
    result = runner.invoke(app, ["doctor"])

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == len(list(diagnose()))


def test_damaged_weights_are_found():
    """A weight file that fails its check is bad, and the command ends with 1."""
    cache_folder().mkdir(parents=True)
    (cache_folder() / "vggish-10086976.pth").write_bytes(b"damaged")
    result = runner.invoke(app, ["doctor", "--json"])

    assert result.exit_code == 1
    bad = [row for row in json.loads(result.stdout) if row["verdict"] == "bad"]
    assert [row["topic"] for row in bad] == ["vggish"]


def test_a_check_that_breaks_is_a_finding(monkeypatch):
    """What breaks during the examination is reported, and the rest is still examined."""

    def broken():
        raise OSError("no such device")
        yield

    def sound():
        yield Finding(topic="next", value="fine")

    monkeypatch.setattr(diagnosis, "_CHECKS", {"disk": broken, "next": sound})

    first, second = diagnose()
    assert first == Finding(topic="disk", value="OSError: no such device", verdict="bad")
    assert second.topic == "next"


@pytest.mark.parametrize(("name", "opens"), [("libx264", True), ("aac", True), ("nothing", False)])
def test_encoders_are_tried_not_listed(name, opens):
    """An encoder counts when it opens here."""
    assert encoder_opens(name) is opens
