"""The floors of the house, read from the syntax of every file.

4 cli | 3 what joins files, model and arrays | 2 transforms, log_mel | 1 model, media | 0 values.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
TREES = {
    path: ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "avsseg").rglob("*.py"))
}

FLOORS = {
    "avsseg": 0,
    "errors": 0,
    "clip": 0,
    "typed_config": 0,
    "torchvision_guard": 0,
    "stage_timer": 0,
    "model": 1,
    "media": 1,
    "transforms": 2,
    "log_mel": 2,
    "cli": 4,
}
JOINERS = 3  # every other name
ISLANDS = {"model", "media"}
LIGHT = {"cli", "avsseg"}

TERMINAL = {"typer", "rich"}
NETWORKS = {"torch", "torchvision", "timm", "einops"}
FORBIDDEN = {
    "model": {"av", "librosa", "PIL", "pathlib", "os", "io", "tempfile", "pooch", "logging"},
    "media": NETWORKS | {"librosa", "pooch", "safetensors"},
    "errors": NETWORKS | {"av", "numpy"},
    "clip": NETWORKS | {"av"},
    "typed_config": NETWORKS | {"av", "numpy"},
}
SLOW = NETWORKS | {"av", "numpy", "librosa", "scipy", "PIL", "matplotlib", "pooch", "requests"}
SLOW |= {"accelerate", "diffusers", "safetensors"}

LONGEST_FILE = 400
LONGEST_FUNCTION = 60
EMPTY_NAMES = {"utils", "helpers", "common", "misc"}


def part_of(path: Path) -> str:
    """The island or module below ``avsseg`` that a file belongs to."""
    first = path.relative_to(ROOT / "avsseg").parts[0].removesuffix(".py")
    return {"__init__": "avsseg", "__main__": "cli"}.get(first, first)


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted names that a tree imports, at any depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "avsseg":
                yield from (f"avsseg.{alias.name}" for alias in node.names)


def imported_at_once(tree: ast.Module) -> Iterator[str]:
    """The names that importing a file imports: not those in functions or for types only."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom | ast.Try):
            yield from imported(node)


def inner_parts(names: Iterator[str]) -> set[str]:
    own = {name.split(".")[1] for name in names if name.startswith("avsseg.")}
    return {name for name in own if not name.startswith("__")}


def libraries(names: Iterator[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


def violations(rule: Callable[[Path, ast.Module], set[str]]) -> dict[str, set[str]]:
    """What breaks a rule, by file."""
    found = {str(path.relative_to(ROOT)): rule(path, tree) for path, tree in TREES.items()}
    return {path: broken for path, broken in found.items() if broken}


def test_imports_only_from_floors_below():
    """A file imports from its own floor or from one under it; the islands never meet."""

    def rule(path: Path, tree: ast.Module) -> set[str]:
        part = part_of(path)
        # The package's public names come from above, but only when they are asked for.
        names = inner_parts(imported_at_once(tree) if part == "avsseg" else imported(tree))
        floor = FLOORS.get(part, JOINERS)
        above = {name for name in names if FLOORS.get(name, JOINERS) > floor}
        return above | (names & ISLANDS - {part} if part in ISLANDS else set())

    assert violations(rule) == {}


def test_imports_nothing_forbidden():
    """Each floor keeps to its libraries: the terminal is cli's, media files are media's."""

    def rule(path: Path, tree: ast.Module) -> set[str]:
        part, names = part_of(path), libraries(imported(tree))
        forbidden = set(FORBIDDEN.get(part, ()))
        forbidden |= TERMINAL if part != "cli" else set()
        forbidden |= {"av"} if FLOORS.get(part, JOINERS) < JOINERS and part != "media" else set()
        return names & forbidden

    assert violations(rule) == {}


def test_only_media_opens_media_files():
    """What joins the islands may pass frames on, but av.open is called in media alone."""

    def rule(path: Path, tree: ast.Module) -> set[str]:
        names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        return set() if part_of(path) == "media" else names & {"av.open", "av.container.open"}

    assert violations(rule) == {}


def test_commands_import_slow_things_late():
    """cli and the package itself import nothing slow until a command runs."""

    def rule(path: Path, tree: ast.Module) -> set[str]:
        return libraries(imported_at_once(tree)) & SLOW if part_of(path) in LIGHT else set()

    assert violations(rule) == {}


def test_imports_are_absolute():
    """No import is relative."""

    def rule(_: Path, tree: ast.Module) -> set[str]:
        nodes = ast.walk(tree)
        return {f"line {n.lineno}" for n in nodes if isinstance(n, ast.ImportFrom) and n.level}

    assert violations(rule) == {}


def test_only_commands_print():
    """Nothing below cli prints, and the model opens no file."""

    def rule(path: Path, tree: ast.Module) -> set[str]:
        called = {n.func for n in ast.walk(tree) if isinstance(n, ast.Call)}
        names = {function.id for function in called if isinstance(function, ast.Name)}
        part = part_of(path)
        silent = {"print"} if part != "cli" else set()
        return names & (silent | ({"open"} if part == "model" else set()))

    assert violations(rule) == {}


def test_functions_stay_short():
    """No function body is longer than 60 lines; the options of a command are a table before it."""

    def rule(_: Path, tree: ast.Module) -> set[str]:
        kinds = ast.FunctionDef | ast.AsyncFunctionDef
        functions = [node for node in ast.walk(tree) if isinstance(node, kinds)]
        return {f.name for f in functions if f.end_lineno - f.body[0].lineno >= LONGEST_FUNCTION}

    assert violations(rule) == {}


def test_files_stay_short_and_say_what_is_inside():
    """No file is longer than 400 lines, and there is no utils.py or any of its cousins."""

    def rule(path: Path, _: ast.Module) -> set[str]:
        length = len(path.read_text(encoding="utf-8").splitlines())
        long = {f"{length} lines"} if length > LONGEST_FILE else set()
        return long | ({path.stem} & EMPTY_NAMES)

    assert violations(rule) == {}
