"""``avsseg weights``: what is known by name, what is here, and whether it is whole."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from avsseg.cli.console import complain, console, print_json, results
from avsseg.cli.options import Json, Offline, Quiet
from avsseg.errors import CheckpointError, UsageError

if TYPE_CHECKING:
    from avsseg.cli.download_bar import DownloadBar
    from avsseg.weight_manifest import Manifest, WeightEntry

app = typer.Typer(no_args_is_help=True, help="List, fetch and check weight files.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from 'avsseg weights list'.")]
Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="NAME", help="Names from 'avsseg weights list'.", show_default=False),
]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Show every weight file that is known by name and whether it is here.

    Example: avsseg weights list --json
    """
    from avsseg.weights import shipped_manifest

    manifest = shipped_manifest()
    rows = [_describe(manifest, entry) for entry in manifest.entries.values()]
    if as_json:
        print_json(rows)
        return
    width = max((len(name) for name in manifest.entries), default=0)
    for row in rows:
        mark = "*" if row["default"] else " "
        results.print(f"{mark} {row['name']:<{width}}  {row['state']:<14}  {row['what']}")
    if manifest.default:
        console.print("* used when no weights are named")


@app.command()
def pull(
    names: Names = None,
    everything: Annotated[bool, typer.Option("--all", help="Fetch all that is listed.")] = False,
    offline: Offline = False,
    quiet: Quiet = False,
) -> None:
    """Download weights into the cache, verified; prints where each one is.

    Example: avsseg weights pull resnet50 vggish
    """
    from avsseg.weights import fetch_weights, shipped_manifest

    manifest = shipped_manifest()
    if not (names or everything):
        raise UsageError("name the weights to pull, or give --all.")
    for entry in _chosen(manifest, names):
        with _bar(entry.name, quiet=quiet) as bar:
            path = fetch_weights(entry, offline=offline, progress=bar)
        results.print(str(path))


@app.command()
def verify(names: Names = None) -> None:
    """Check the files that are here against their digests; without names, all of them.

    Example: avsseg weights verify avsseg-compact
    """
    from avsseg.weights import shipped_manifest, verify_weights, weights_location

    failures = 0
    for entry in _chosen(shipped_manifest(), names):
        path = weights_location(entry)
        if not path.is_file():
            results.print(f"{entry.name}: not downloaded")
            failures += bool(names)
            continue
        try:
            verify_weights(entry, path)
        except CheckpointError as error:
            complain(str(error))
            failures += 1
        else:
            results.print(f"{entry.name}: {_trust(entry)}")
    if failures:
        raise typer.Exit(1)


@app.command()
def path(name: Name) -> None:
    """Print where the file of NAME is; an error if it has yet to be pulled.

    Example: avsseg weights path avsseg-compact
    """
    from avsseg.weights import resolve_weights, shipped_manifest

    (entry,) = _chosen(shipped_manifest(), [name])
    results.print(str(resolve_weights(entry.name, offline=True)))


def _chosen(manifest: "Manifest", names: list[str] | None) -> "list[WeightEntry]":
    known = manifest.entries
    for name in names or ():
        if name not in known:
            raise CheckpointError(f"no weights are called {name}; known: {', '.join(known)}.")
    return [known[name] for name in names or known]


def _describe(manifest: "Manifest", entry: "WeightEntry") -> dict[str, object]:
    from avsseg.weights import weights_location

    here: Path = weights_location(entry)
    absent = "not downloaded" if entry.url else "missing"
    present = "downloaded" if entry.url else "shipped"
    return {
        "name": entry.name,
        "what": entry.what,
        "licence": entry.licence,
        "state": present if here.is_file() else absent,
        "default": entry.name == manifest.default,
        "path": str(here),
        "url": entry.url,
        "bytes": entry.bytes,
        "sha256": entry.sha256,
        "sha256_prefix": entry.sha256_prefix,
    }


def _trust(entry: "WeightEntry") -> str:
    if entry.sha256:
        return "verified"
    return "its leading digits agree" if entry.sha256_prefix else "as first downloaded"


def _bar(name: str, *, quiet: bool) -> "DownloadBar":
    from avsseg.cli.download_bar import DownloadBar

    return DownloadBar(name, visible=console.is_terminal and not quiet)
