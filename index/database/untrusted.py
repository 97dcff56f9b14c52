"""Databases may come from others: what could run code or touch other files is refused unread.

Tables are data; a trigger, a view or a computed column is a program that runs when its table is
read or written, and a rollback journal may name a file elsewhere that SQLite then removes. So a
collection holds the tables and triggers that this program makes, word by word, and no others.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from functools import cache
from pathlib import Path

from ..errors import CorruptError
from ..settings import settings
from .checksums import crc32
from .schema import MIGRATIONS

Read = Callable[[str], list[sqlite3.Row]]
Item = tuple[str, str, str, str | None]  # type, name, table and statement of `sqlite_master`

_SIDE_FILES = ("", "-wal", "-shm", "-journal")
_JOURNAL_END = bytes.fromhex("d9d505f920a163d7")  # ends a journal that names another file
_PRAGMAS = ("trusted_schema=OFF", "cell_size_check=ON", "mmap_size=0")
_READ_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master"

# Tables that SQLite adds itself where somebody ran ANALYZE.
_STATISTICS: dict[str, str] = {
    "sqlite_stat1": "CREATE TABLE sqlite_stat1(tbl,idx,stat)",
    "sqlite_stat4": "CREATE TABLE sqlite_stat4(tbl,idx,neq,nlt,ndlt,sample)",
}


def refuse_unsafe_files(database: Path) -> None:
    """Refuse unsafe files that SQLite would open beside a database.

    Args:
        database: its file.

    Raises:
        CorruptError: one of its files is a link or a device, or a journal names another file.
    """
    for ending in _SIDE_FILES:
        file = database.with_name(database.name + ending)
        try:
            mode = file.lstat().st_mode
        except OSError:  # not there: most often
            continue
        if not stat.S_ISREG(mode):
            raise CorruptError(f"{file} is no plain file; restore a snapshot of the collection")
        if ending == "-journal" and _end_of(file) == _JOURNAL_END:
            raise CorruptError(
                f"{file} names a file outside of the collection; remove it, or restore a snapshot"
            )


def _end_of(file: Path) -> bytes:
    with file.open("rb") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - len(_JOURNAL_END)))
        return opened.read()


def restrict_connection(connection: sqlite3.Connection) -> None:
    """Let SQLite run no function that a file asks for, and read no value over the limit."""
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, settings().max_record_bytes)


def check_schema(folder: Path, read: Read, version: int) -> None:
    """Refuse a database that holds anything which its format does not.

    What is missing is damage, which `integrity` tells.

    Args:
        folder: the collection's.
        read: runs a query, in one transaction with that which gave the version.
        version: of its format, from 1.

    Raises:
        CorruptError: the message names the first thing that is not ours.
    """
    for item in items(read):
        if item not in expected_items(version) and not _is_statistics(item):
            raise CorruptError(
                f"{folder} holds a {item[0]} '{item[1]}' that no collection has, which "
                "could act by itself; use another copy of the collection"
            )


def check_history(folder: Path, read: Read) -> None:
    """Refuse undos that lead in a circle: following them would never end.

    Raises:
        CorruptError: an undo is not later than what it undoes.
    """
    if read("SELECT 1 FROM determinations WHERE undoes >= determination_id LIMIT 1"):
        raise CorruptError(f"{folder} holds an undo of what comes after it; restore a snapshot")


def items(read: Read) -> set[Item]:
    """Return the tables, indexes, views and triggers of a database."""
    return {tuple(record) for record in read(_READ_SCHEMA)}


def _is_statistics(item: Item) -> bool:
    kind, name, table, sql = item
    return kind == "table" and name == table and sql is not None and _STATISTICS.get(name) == sql


@cache
def expected_items(version: int) -> frozenset[Item]:
    """Return what the migrations up to a format make."""
    made = sqlite3.connect(":memory:")
    try:
        made.create_function("crc32", -1, crc32, deterministic=True)
        for script in MIGRATIONS[:version]:
            made.executescript(script)
        return frozenset(made.execute(_READ_SCHEMA).fetchall())
    finally:
        made.close()
