"""Locks on a collection's folder: one process at a time; others are told which."""

from __future__ import annotations

import errno
import json
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..errors import LockedError, ReadOnlyError, UsageError

_LONGEST_NOTE = 1024  # bytes
_NOTE = re.compile(rb'(\{"pid": [0-9]+(, "host": "[^"]*"\})?)?')
_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


class FolderLock:
    """A lock that the threads of one object share, and that no other object gets meanwhile.

    It is gone when its process dies, however it dies.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._note = folder / f"{name}.json"
        self._file = folder / f"{name}.lock"
        self._lock = FileLock(self._file, timeout=0, thread_local=False)
        self._guard = threading.Lock()  # a FileLock counts its holders, but not atomically

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            LockedError: another process holds it; the message names it.
            ReadOnlyError: the folder cannot be written to.
            UsageError: what has the name of the lock's files is somebody else's.
        """
        with self._guard:
            self._acquire()
        try:
            yield
        finally:
            with self._guard:
                self._lock.release()

    def remove(self) -> None:
        """Remove the lock's files, of a folder that holds no collection any more."""
        for file in (self._file, self._note):
            file.unlink(missing_ok=True)

    def _acquire(self) -> None:
        _refuse_foreign(self._file, _is_empty)
        try:
            self._lock.acquire()
            if self._lock.lock_counter == 1:
                self._sign()
        except Timeout:
            raise LockedError(
                f"{self._folder} is locked by {_owner(self._note)}; wait until that is done, "
                "then repeat"
            ) from None
        except OSError as error:
            if error.errno not in _REFUSED:
                raise
            raise ReadOnlyError(
                f"{self._folder} is read-only ({error.strerror}); copy it to where it can be "
                "written"
            ) from error

    def _sign(self) -> None:
        try:
            _refuse_foreign(self._note, _is_note)
            self._note.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        except BaseException:
            self._lock.release()
            raise


def is_writable(folder: Path) -> bool:
    """Return whether the system lets a folder and the files of its database be written to."""
    files = [path for path in folder.glob("*.sqlite*") if path.is_file()]
    return all(os.access(path, os.W_OK) for path in (folder, *files))


def _refuse_foreign(path: Path, is_ours: Callable[[Path], bool]) -> None:
    """Refuse to write over a file that is none of ours, or through a link."""
    if path.is_symlink() or (path.exists() and not is_ours(path)):
        raise UsageError(
            f"{path} is not what Holotype keeps under this name; move it away, or give the "
            "collection a folder of its own"
        )


def _is_empty(path: Path) -> bool:
    return path.is_file() and path.stat().st_size == 0


def _is_note(path: Path) -> bool:
    """Return whether a file is a note of who holds a lock, whole or cut short by a crash."""
    if not path.is_file() or path.stat().st_size > _LONGEST_NOTE:
        return False
    return _NOTE.fullmatch(path.read_bytes()) is not None


def _owner(note: Path) -> str:
    try:
        owner = json.loads(note.read_text() if _is_note(note) else "")
        return f"pid {owner['pid']} on host {owner['host']}"
    except (OSError, ValueError, KeyError):
        return "another process"
