"""Outputs appear under their final name only when they are complete."""

import errno
import os
import shutil
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from avsseg.errors import MediaError

_PREFIX = ".avsseg-"
_STALE_SECONDS = 24 * 3600
_ATTEMPTS = 10
_WRITE_FAILURES = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another folder",
    errno.EFBIG: "the file grew past the size that is allowed here; choose another folder",
    errno.EROFS: "the file system is read-only; choose another folder",
    errno.EACCES: "no permission to write there; choose another folder with -o",
    errno.EPERM: "no permission to write there; choose another folder with -o",
    errno.ENAMETOOLONG: "the name is too long for this file system; choose a shorter one",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another folder",
}
_FULL_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


@contextmanager
def publish_file(
    path: Path, *, overwrite: bool = False, source: Path | None = None
) -> Iterator[Path]:
    """Lends a hidden file beside ``path``; it takes the name ``path`` when the block succeeds.

    On any exception, KeyboardInterrupt included, the hidden file is removed and an earlier file
    of that name is left as it was. The suffix is kept, for writers that go by it. Whatever a
    writer makes of its permissions, the file gets those that the umask gives any new file.

    Raises:
        MediaError: ``path`` exists and ``overwrite`` is off, is the ``source`` itself, a
            folder or a device, cannot be written, or the disk fills up.
    """
    refuse_source(path, source)
    if path.is_dir():
        raise MediaError(f"{path}: is a folder; name a file to write")
    if path.exists() and not path.is_file():  # root would put a file in the place of /dev/null
        raise MediaError(f"{path}: is no regular file; name another to write")
    if path.exists() and not overwrite:
        raise MediaError(f"{path}: exists already; give --overwrite to replace it")
    temporary = _temporary_sibling(path)
    try:
        with explains_write_failures(path):
            temporary.touch(exist_ok=False)
            mode = temporary.stat().st_mode
        with explains_write_failures(path, only=_FULL_DISK):
            yield temporary
        with explains_write_failures(path):
            _sync(temporary)
            temporary.chmod(mode)
            temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


@contextmanager
def publish_folder(
    path: Path,
    *,
    suffixes: frozenset[str] = frozenset({".png"}),
    overwrite: bool = False,
    source: Path | None = None,
) -> Iterator[Path]:
    """Lends a hidden folder beside ``path``; it takes the name ``path`` when the block succeeds.

    With ``overwrite`` an existing folder is replaced as a whole, but only where nothing but plain
    files with one of ``suffixes`` is in it: a folder that holds anything else is never deleted.

    Raises:
        MediaError: as ``publish_file``, or the existing folder holds other things.
    """
    refuse_source(path, source)
    _refuse_taken_folder(path, suffixes, overwrite=overwrite)
    temporary = _temporary_sibling(path)
    try:
        with explains_write_failures(path):
            temporary.mkdir()
        with explains_write_failures(path, only=_FULL_DISK):
            yield temporary
        with explains_write_failures(path):
            for file in temporary.iterdir():
                _sync(file)
            _sync_folder(temporary)
            _replace_folder(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    _sync_folder(path.parent)


def remove_leftovers(folder: Path, *, of_all_machines: bool = False) -> list[Path]:
    """Deletes what killed runs left in ``folder`` under hidden names, and returns those paths.

    A leftover is one whose process no longer runs on this machine, or that nobody has touched
    for a day: work of a live run, here or on another machine, stays.

    Args:
        folder: need not be there.
        of_all_machines: no other machine is at work in this folder, so what is from there goes.
    """
    found = folder.glob(f"{_PREFIX}*")
    leftovers = [path for path in found if _is_leftover(path, of_all_machines)]
    for path in leftovers:
        _discard(path)
    return leftovers


def _discard(path: Path) -> None:
    """Deletes a file, a folder, or a link, but not what the link points to."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _temporary_sibling(path: Path) -> Path:
    host = socket.gethostname().replace("-", "_")[:32]
    token = uuid.uuid4().hex[:12]
    return path.with_name(f"{_PREFIX}{host}-{os.getpid()}-{token}{path.suffix}")


def _is_leftover(path: Path, of_all_machines: bool) -> bool:
    host, _, rest = path.name.removeprefix(_PREFIX).partition("-")
    process = rest.partition("-")[0]
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:
            return True
    here = socket.gethostname().replace("-", "_")[:32]
    if host != here:
        return of_all_machines
    return process.isdecimal() and not _is_running(int(process))


def _is_running(process: int) -> bool:
    if os.name != "posix":  # elsewhere signal 0 is not a question but a blow
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def refuse_source(path: Path, source: Path | None) -> None:
    """Lets nothing be written over the input, whatever name it goes by.

    Raises:
        MediaError: ``path`` is the ``source``.
    """
    if source is None:
        return
    same = path.resolve() == source.resolve()
    with suppress(OSError):
        same = same or path.samefile(source)
    if same:
        raise MediaError(f"{path}: is the input itself; choose another output with -o")


def _refuse_taken_folder(path: Path, suffixes: frozenset[str], *, overwrite: bool) -> None:
    try:  # one look, as another run may be putting its own folder in this place
        entries = list(path.iterdir())
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise MediaError(
            f"{path}: is a file, and a folder of that name is to be written"
        ) from error
    if not overwrite:
        raise MediaError(f"{path}: exists already; give --overwrite to replace it")
    for entry in entries:
        if entry.is_dir() or entry.suffix.lower() not in suffixes:
            raise MediaError(
                f"{path}: holds {entry.name}, which is no output of this kind, so it is not "
                "replaced; choose another folder"
            )


def _replace_folder(temporary: Path, path: Path) -> None:
    """Puts a folder in another's place; one that another run has just put there, too."""
    for attempt in range(_ATTEMPTS):
        old = _temporary_sibling(path)
        with suppress(FileNotFoundError):
            path.rename(old)
        try:
            temporary.rename(path)
        except OSError as error:
            taken = error.errno in (errno.ENOTEMPTY, errno.EEXIST)
            if taken and attempt + 1 < _ATTEMPTS:
                _discard(old)
                continue
            with suppress(OSError):
                old.rename(path)
            raise
        _discard(old)
        return


@contextmanager
def explains_write_failures(path: Path, *, only: set[int] | None = None) -> Iterator[None]:
    """Turns the failures of a disk into one line; others pass, as bugs keep their traceback."""
    try:
        yield
    except FileNotFoundError as error:
        if only is not None or path.parent.is_dir():
            raise
        raise MediaError(f"{path}: there is no folder {path.parent}; make it first") from error
    except OSError as error:
        code = error.errno
        if code not in _WRITE_FAILURES or (only is not None and code not in only):
            raise
        raise MediaError(f"{path}: cannot be written: {_WRITE_FAILURES[code]}") from error


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Makes a rename itself durable, where folders can be opened at all."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
