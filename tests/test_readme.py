"""What README.md promises is there."""

import re
from pathlib import Path

import pytest

from avsseg.cli.app import app

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["predict", "test"])
def test_commands_are_marked_for_ci(name):
    """The two blocks that .ci/run reads are there and name only files that exist."""
    block = re.search(rf"^<!-- command: {name} -->\n```sh\n(.+?)\n```$", README, re.M | re.S)

    assert block
    for file in re.findall(r"\b(?:examples|constraints)[\w./]+", block[1]):
        assert (ROOT / file).is_file()


def test_every_command_is_listed():
    """The table of commands holds each one."""
    for command in app.registered_commands + app.registered_groups:
        assert f"`avsseg {command.name} " in README or f"`avsseg {command.name}`" in README


def test_links_lead_somewhere():
    """Every link into this repository has a file at its end."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", README)

    assert targets
    assert not [target for target in targets if not (ROOT / target).exists()]


def test_every_output_has_a_row_and_a_picture():
    """As has the page, and the clip that moves at the top; together they are light."""
    from avsseg.media.outputs import KINDS

    pictures = set(re.findall(r"examples/pictures/([\w-]+\.webp)", README))
    rows = {row[1]: row[0] for row in re.finditer(r"^\| `([\w-]+)` .*$", README, re.M)}

    assert all("<img " in rows[kind] for kind in KINDS)
    assert {"farmyard.webp", "report.webp"} <= pictures
    files = [ROOT / "examples/pictures" / name for name in pictures]
    assert sum(file.stat().st_size for file in files) < 3_000_000
