"""Indexes built anew beside the searches, which go on over the old one and what has changed."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..database.connection import Database
from ..errors import HolotypeError
from ..storage.opening import open_database

_running: dict[tuple[Path, str], threading.Thread] = {}
_starting = threading.Lock()


def rebuild_beside(folder: Path, space: str, build: Callable[[Database], None]) -> threading.Thread:
    """Build the index of a space in a thread of its own, unless one is at it already.

    The process waits for it at its end. What fails is left to the next one: an index is a cache.

    Args:
        folder: the collection's.
        space: its name.
        build: does the work, with a connection to the database for itself.
    """

    def work() -> None:
        with suppress(HolotypeError, OSError, sqlite3.Error):
            database = open_database(folder)
            try:
                build(database)
            finally:
                database.close()

    key = (folder.absolute(), space)
    with _starting:
        running = _running.get(key)
        if running is None or not running.is_alive():
            running = _running[key] = threading.Thread(target=work, name=f"rebuild {space}")
            with suppress(RuntimeError):  # the system allows no further thread
                running.start()
        return running
