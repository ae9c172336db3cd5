"""The frame of the command line: fast, quiet, and honest about how it ended."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from avsseg import __version__
from avsseg.cli.app import app
from avsseg.cli.errors import Commands
from avsseg.errors import MediaError, UsageError

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "torchvision", "timm", "librosa", "av", "numpy", "scipy", "matplotlib", "pooch"}
runner = CliRunner()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def failing_app(error: BaseException) -> typer.Typer:
    failing = typer.Typer(cls=Commands)

    @failing.callback()
    def group() -> None:
        pass

    @failing.command()
    def fail() -> None:
        raise error

    return failing


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["weights", "--help"]])
def test_help_loads_nothing_heavy(arguments):
    """Help and version answer without torch, numpy or any other slow import."""
    done = run(
        "-c",
        "import sys; from avsseg.cli import main\n"
        f"sys.argv = ['avsseg', *{arguments!r}]\n"
        "try: main()\n"
        "except SystemExit as end: assert not end.code\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr)\n",
    )

    assert done.returncode == 0, done.stderr
    assert not HEAVY & set(done.stderr.split())


def leaves(command, *words):
    """Every command with the words that call it."""
    children = getattr(command, "commands", {})
    if not children:
        yield words, command
    for name, child in children.items():
        yield from leaves(child, *words, name)


def test_help_shows_every_default_that_it_speaks_of():
    """Square brackets are no markup there."""
    for words, command in leaves(typer.main.get_command(app)):
        shown = runner.invoke(app, [*words, "-h"], env={"COLUMNS": "400", "NO_COLOR": "1"}).output
        for parameter in command.params:
            _, mark, default = (getattr(parameter, "help", "") or "").partition("[default: ")
            assert f"{mark}{default}" in shown


def test_every_command_shows_an_example():
    """One that is typed as it stands there, with options that the command has."""
    for words, command in leaves(typer.main.get_command(app)):
        called = " ".join(["avsseg", *words])
        examples = re.findall(rf"Example: {called}\b(.*)", command.help or "")
        known = {flag for parameter in command.params for flag in parameter.opts}

        assert examples, called
        for example in examples:
            assert set(re.findall(r"(?<= )--?[a-z][a-z-]*", example)) <= known


def test_every_command_explains_itself():
    """Each command answers -h, and its summary stands in the list of commands."""
    names = [command.name for command in app.registered_commands + app.registered_groups]

    overview = runner.invoke(app, ["-h"])
    assert overview.exit_code == 0
    for name in names:
        assert name in overview.output
        assert runner.invoke(app, [name, "-h"]).exit_code == 0


def test_version_is_printed_alone():
    """--version prints one line on stdout."""
    result = runner.invoke(app, ["--version"])

    assert result.exit_code == 0
    assert result.stdout == f"avsseg {__version__}\n"


def test_nothing_to_do_is_wrong_usage():
    """Without a command the help is shown and the status is 2."""
    result = runner.invoke(app, [])

    assert result.exit_code == 2
    assert "Usage" in result.output


@pytest.mark.parametrize("arguments", [["nonsense"], ["--nonsense"]])
def test_unknown_words_are_wrong_usage(arguments):
    """An unknown command or option ends with 2."""
    assert runner.invoke(app, arguments).exit_code == 2


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (
            MediaError("a.mp4: no picture [stream]; choose another."),
            1,
            "a.mp4: no picture [stream]",
        ),
        (UsageError("--device cuda: there is none here."), 2, "--device cuda: there is none"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_expected_endings_are_one_line(error, status, said):
    """What a user can mend is one line on stderr, with the status of its kind."""
    result = runner.invoke(failing_app(error), ["fail"])

    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr.startswith(f"error: {said}")
    assert result.stderr.count("\n") == 1


def test_long_errors_are_not_wrapped():
    """An error longer than the terminal stays one line, so that logs can be searched."""
    result = runner.invoke(failing_app(MediaError("word " * 100)), ["fail"])

    assert result.stderr.count("\n") == 1


def test_bugs_keep_their_traceback():
    """A programming error is not dressed up as a user's mistake."""
    result = runner.invoke(failing_app(ValueError("a bug")), ["fail"])

    assert isinstance(result.exception, ValueError)


def test_closed_pipe_ends_quietly():
    """When the reader of stdout goes away nothing is said and no traceback is shown."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "avsseg", "weights", "list", "--json"],
        cwd=ROOT,
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)

    assert done.returncode == 141
    assert done.stderr == ""


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {}])
def test_no_escape_codes_outside_a_terminal(environment):
    """Pipes, NO_COLOR and dumb terminals get plain text."""
    done = run("-m", "avsseg", "weights", "path", "nothing", **environment)

    assert done.returncode == 1
    assert "\x1b" not in done.stdout + done.stderr
