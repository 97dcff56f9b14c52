"""Errors of SQLite told apart: a damaged file, or a machine that cannot read or write it."""

from __future__ import annotations

import sqlite3

# Errors of the machine; every other error of SQLite is about the content of the file.
_REFUSALS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}


def is_damage(error: sqlite3.DatabaseError | UnicodeDecodeError) -> bool:
    """Return whether an error is about the content of the file, not about the machine.

    Every statement is our own: one that SQLite does not understand met a damaged schema or value.
    """
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF not in _REFUSALS  # the upper bits only give details


def refusal(error: Exception) -> str:
    """Return a sentence about an error of the machine."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF == sqlite3.SQLITE_FULL:
        return "The disk of the collection is full; make room, and do the same again"
    return f"The collection's database cannot be used ({error}); check the disk and its rights"
