"""Files and folders that are whole or missing after a crash, never half written."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UsageError
from .regular import open_regular

TEMPORARY = re.compile(r"\.[0-9a-f]{16}\.tmp$")  # what a name ends in until a file is whole

_CHUNK = 1 << 20


def write_durably(path: Path, data: bytes | Iterable[bytes | memoryview]) -> None:
    """Write a file under a temporary name, force it to disk, then rename it into place.

    Args:
        path: its name.
        data: its content, or the pieces of it.
    """
    with replacing(path) as temporary, temporary.open("xb") as file:
        file.writelines([data] if isinstance(data, bytes) else data)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary name beside a file, which takes its place when the block ends well."""
    temporary = _temporary(path)
    try:
        yield temporary
        sync(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def copy_durably(source: Path, target: Path) -> str:
    """Copy a file, force it to disk and return the sha256 of what was read, as hex."""
    digest = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with open_regular(source) as file, target.open("xb") as copy:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()


def digest_of(path: Path) -> str:
    """Return the sha256 of a file's content, as hex."""
    with open_regular(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def new_folder(to: Path) -> Iterator[Path]:
    """Yield a folder to fill, which takes its name when it is complete and on disk.

    The caller forces the files to disk, this the folders.

    Raises:
        UsageError: there is something of that name already.
    """
    _refuse_existing(to)
    to.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary(to)
    temporary.mkdir()
    try:
        yield temporary
        for folder in (*(path for path in temporary.rglob("*") if path.is_dir()), temporary):
            sync(folder)
        _refuse_existing(to)
        temporary.rename(to)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync(to.parent)


def refuse_unfinished(folder: Path) -> None:
    """Refuse what `new_folder` was filling when its process died: it looks like a whole folder.

    Raises:
        UsageError: it is one.
    """
    if TEMPORARY.search(folder.resolve().name):
        raise UsageError(
            f"{folder} was left by a snapshot or a restore that did not end; remove it, and repeat "
            "what made it"
        )


def is_file(path: Path) -> bool:
    """Return whether a path leads to a file; no path that cannot be a name does."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long, or with a zero byte
        return False


def sync(path: Path) -> None:
    """Force a file's content, or the names in a folder, to disk."""
    if os.name != "posix" and path.is_dir():  # elsewhere a folder cannot be opened
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refuse_existing(to: Path) -> None:
    if to.exists() or to.is_symlink():
        raise UsageError(f"{to} is there already; name a folder that does not exist yet")


def _temporary(path: Path) -> Path:
    """Return a random name beside a path, which nobody else uses."""
    return path.with_name(f"{path.name}.{secrets.token_hex(8)}.tmp")
