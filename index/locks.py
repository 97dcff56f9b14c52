"""Locks on a collection's folder: one process at a time, and the next is told which."""

from __future__ import annotations

import errno
import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import LockedError, ReadOnlyError

_REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


class FolderLock:
    """A lock that the threads of one object share and every other object is refused.

    It is gone when its process dies, however it dies.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._note = folder / f"{name}.json"
        self._lock = FileLock(folder / f"{name}.lock", timeout=0, thread_local=False)
        self._guard = threading.Lock()  # a FileLock counts its holders, but not atomically

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            LockedError: another process holds it; the message names it.
            ReadOnlyError: the folder cannot be written to.
        """
        with self._guard:
            self._acquire()
        try:
            yield
        finally:
            with self._guard:
                self._lock.release()

    def _acquire(self) -> None:
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
            self._note.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
        except BaseException:
            self._lock.release()
            raise


def _owner(note: Path) -> str:
    try:
        owner = json.loads(note.read_text())
        return f"pid {owner['pid']} on host {owner['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
