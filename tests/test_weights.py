"""Weights by name or path, against a real HTTP server on this machine."""

import dataclasses
import hashlib
import multiprocessing
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from avsseg.errors import CheckpointError, ConfigError
from avsseg.weight_manifest import Manifest, WeightEntry, read_manifest
from avsseg.weights import (
    cache_folder,
    fetch_weights,
    resolve_weights,
    shipped_manifest,
    verify_weights,
    weights_location,
)

CONTENT = bytes(range(256)) * 4096
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    """Serves CONTENT whole, cut short or not at all, and counts what it was asked for."""

    requests: list[str]

    def do_GET(self) -> None:
        self.requests.append(self.path)
        if self.path == "/missing.pth":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:1000] if self.path == "/cut.pth" else CONTENT)

    def log_message(self, *_: object) -> None:
        pass


class Server:
    def __init__(self, port: int, requests: list[str]) -> None:
        self.port = port
        self.requests = requests

    def entry(self, file: str = "net.pth", **changes: object) -> WeightEntry:
        url = f"http://127.0.0.1:{self.port}/{file}"
        entry = WeightEntry(
            name="net", what="a network", licence="CC0-1.0", file=file, url=url, sha256=DIGEST
        )
        return dataclasses.replace(entry, **changes)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("AVSSEG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    handler = type("Handler", (_Handler,), {"requests": []})
    http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield Server(http.server_port, handler.requests)
    http.shutdown()
    http.server_close()


def left_in_cache() -> list[str]:
    return sorted(path.name for path in cache_folder().iterdir())


def test_download_is_verified_and_kept(server):
    """A download lands under its own name with nothing beside it, and is fetched only once."""
    path = fetch_weights(server.entry())
    again = fetch_weights(server.entry())

    assert path == again == cache_folder() / "net.pth"
    assert path.read_bytes() == CONTENT
    assert server.requests == ["/net.pth"]
    assert left_in_cache() == ["net.pth"]


def test_wrong_digest_leaves_nothing_and_names_both(server):
    """A file with another digest is thrown away; the error holds both digests."""
    other = hashlib.sha256(b"other").hexdigest()

    with pytest.raises(CheckpointError, match=f"{DIGEST}.*{other}"):
        fetch_weights(server.entry(sha256=other))

    assert left_in_cache() == []


def test_wrong_size_leaves_nothing(server):
    """A file of another size than the manifest says is thrown away."""
    with pytest.raises(CheckpointError, match=f"{len(CONTENT)} bytes, where 7 are expected"):
        fetch_weights(server.entry(bytes=7))

    assert left_in_cache() == []


@pytest.mark.parametrize("file", ["cut.pth", "missing.pth"])
@pytest.mark.parametrize("digest", [DIGEST, None])
def test_failed_download_leaves_nothing(server, file, digest):
    """A transfer that stops early, or a 404, is an error even where no digest could tell."""
    with pytest.raises(CheckpointError, match="cannot be downloaded from http://127"):
        fetch_weights(server.entry(file, sha256=digest))

    assert left_in_cache() == []


def test_no_server_is_one_short_line(server):
    """Without a connection the error says so, and where the file may be put by hand."""
    entry = server.entry(url="http://127.0.0.1:9/net.pth")

    with pytest.raises(CheckpointError, match=r"no connection.*put the file at .*net\.pth") as info:
        fetch_weights(entry)

    assert "\n" not in str(info.value)


def test_offline_never_asks_the_server(server):
    """Offline, what is here is served and what is not is an error that names the command."""
    with pytest.raises(CheckpointError, match="avsseg weights pull net"):
        fetch_weights(server.entry(), offline=True)
    fetch_weights(server.entry())
    server.requests.clear()

    assert fetch_weights(server.entry(), offline=True).read_bytes() == CONTENT
    assert server.requests == []


def test_damaged_file_is_downloaded_again(server):
    """A cached file that changed on disk is replaced, or refused when offline."""
    path = fetch_weights(server.entry())
    path.write_bytes(b"damaged")

    with pytest.raises(CheckpointError, match="sha256"):
        fetch_weights(server.entry(), offline=True)
    assert fetch_weights(server.entry()).read_bytes() == CONTENT


def test_prefix_is_checked_as_torch_hub_does(server):
    """The leading digits of a digest accept what begins with them and nothing else."""
    assert fetch_weights(server.entry(sha256=None, sha256_prefix=DIGEST[:8])).is_file()

    with pytest.raises(CheckpointError, match="where 00000000 is expected"):
        fetch_weights(server.entry("other.pth", sha256=None, sha256_prefix="0" * 8))


def test_first_download_without_digest_is_trusted_and_remembered(server):
    """With no digest known the first file is recorded; a later change of it is refused."""
    entry = server.entry(sha256=None)
    path = fetch_weights(entry)

    assert left_in_cache() == ["net.pth", "net.pth.sha256"]
    assert path.with_name("net.pth.sha256").read_text().strip() == DIGEST
    path.write_bytes(b"damaged")
    with pytest.raises(CheckpointError, match=f"where {DIGEST} is expected"):
        verify_weights(entry, path)


def _fetch_apart(entry: WeightEntry, ready: "multiprocessing.Barrier") -> None:
    ready.wait()
    fetch_weights(entry)


def test_two_downloads_at_once_do_not_meet(server):
    """Two processes that pull the same weights both succeed and leave one whole file."""
    context = multiprocessing.get_context("fork")
    ready = context.Barrier(2)
    pullers = [context.Process(target=_fetch_apart, args=(server.entry(), ready)) for _ in range(2)]
    for puller in pullers:
        puller.start()
    for puller in pullers:
        puller.join(30)

    assert [puller.exitcode for puller in pullers] == [0, 0]
    assert left_in_cache() == ["net.pth"]
    assert (cache_folder() / "net.pth").read_bytes() == CONTENT


def test_cache_that_cannot_be_written_is_told(server, tmp_path, monkeypatch):
    """A cache that cannot be made is one line that names the folder and AVSSEG_CACHE."""
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("AVSSEG_CACHE", str(tmp_path / "file"))

    with pytest.raises(CheckpointError, match=r"cannot be written .* set AVSSEG_CACHE"):
        fetch_weights(server.entry())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_read_only_cache_serves_but_does_not_take(server):
    """A read-only cache gives what it holds, a first-trusted file too, and refuses the rest."""
    for file in ("net.pth", "trusted.pth"):
        fetch_weights(server.entry(file))
    cache_folder().chmod(0o555)
    try:
        assert fetch_weights(server.entry()).is_file()
        assert fetch_weights(server.entry("trusted.pth", sha256=None)).is_file()
        with pytest.raises(CheckpointError, match="cannot be written"):
            fetch_weights(server.entry("other.pth"))
    finally:
        cache_folder().chmod(0o755)


def test_cache_obeys_the_environment(tmp_path, monkeypatch):
    """AVSSEG_CACHE moves the cache; without it the user's own cache folder is used."""
    monkeypatch.setenv("AVSSEG_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path / "weights"

    monkeypatch.delenv("AVSSEG_CACHE")
    assert cache_folder().parent.name == "avsseg"


def test_name_path_and_default_are_resolved(server, tmp_path):
    """A name is fetched, a path is itself, nothing is the default, and the rest an error."""
    entry = server.entry()
    manifest = Manifest(entries={"net": entry}, default="net")
    mine = tmp_path / "mine.safetensors"
    mine.write_bytes(b"")

    assert resolve_weights("net", manifest=manifest) == weights_location(entry)
    assert resolve_weights(manifest=manifest) == weights_location(entry)
    assert resolve_weights(mine, manifest=manifest) == mine
    with pytest.raises(CheckpointError, match=r"nothing is neither .* known: net"):
        resolve_weights("nothing", manifest=manifest)
    with pytest.raises(CheckpointError, match="no default weights"):
        resolve_weights(manifest=Manifest(entries={"net": entry}))


ENTRY = 'what = "w"\nlicence = "l"\n'
SHIPPED = f'{ENTRY}file = "a"\nsha256 = "{DIGEST}"\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("weights = 3\nformat = 1\n", "weights"),
        ("format = 2\n", "format 2 is not known"),
        (f"format = 1\n[weights.a]\n{SHIPPED}colour = 3\n", "unknown setting weights.a.colour"),
        (f"format = 1\nspeed = 1\n[weights.a]\n{SHIPPED}", "unknown setting speed"),
        (f"format = 1\ndefault = 'b'\n[weights.a]\n{SHIPPED}", "default names 'b'"),
        (f"format = 1\n[weights.'../a']\n{SHIPPED}", "name is not plain"),
        (f"format = 1\n[weights.a]\n{ENTRY}file = 'a'\n", "needs its sha256"),
        (f"format = 1\n[weights.a]\n{SHIPPED}bytes = -1\n", "bytes is not positive"),
        (f"format = 1\n[weights.a]\n{SHIPPED}bytes = '1'\n", "weights.a.bytes is '1'"),
        (f"format = 1\n[weights.a]\n{SHIPPED}sha256_prefix = '01234567'\n", "sha256_prefix idle"),
        (f"format = 1\n[weights.a]\n{ENTRY}file='a'\nsha256='XYZ'\n", "sha256 is not 64 hex"),
        ("format = [1\n", "manifest.toml"),
    ],
)
def test_manifest_is_read_strictly(tmp_path, text, complaint):
    """Every slip in a manifest is one line that names the file and what is wrong."""
    path = tmp_path / "manifest.toml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=complaint) as info:
        read_manifest(path)

    assert str(path) in str(info.value)


@pytest.mark.parametrize(
    "file", ["../a.pth", "/a.pth", "b/a.pth", "..", ".a", "b\\a.pth", "", "a\n"]
)
def test_manifest_file_stays_in_its_folder(file):
    """A manifest cannot name a file outside the folder of the weights."""
    with pytest.raises(ConfigError, match="file is not a plain name"):
        WeightEntry(name="a", what="", licence="", file=file, sha256=DIGEST)


@pytest.mark.parametrize(
    "url", ["http://example.org/a", "ftp://example.org/a", "file:///a", "a", "http://localhost.x/a"]
)
def test_manifest_url_is_encrypted_or_local(url):
    """Weights come over https, or from this very machine."""
    with pytest.raises(ConfigError, match="url is not https"):
        WeightEntry(name="a", what="", licence="", file="a", url=url, sha256=DIGEST)


def test_shipped_manifest_is_sound():
    """The shipped manifest reads; what it ships is there and whole; the public files are known."""
    manifest = shipped_manifest()

    assert {"resnet50", "pvt_v2_b5", "vggish"} <= set(manifest.entries)
    for entry in manifest.entries.values():
        if entry.url is None:
            verify_weights(entry, weights_location(entry))
