"""What SQLite complains about: damage, or the machine."""

from __future__ import annotations

import sqlite3

# What the machine refuses; any other complaint of SQLite is about what stands in the file.
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
    """Return whether an error is about what stands in the file, not about the machine.

    Every statement is our own: one that SQLite does not understand met a damaged schema or value.
    """
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code & 0xFF not in _REFUSALS  # the upper bits of a code only say more


def refusal(error: Exception) -> str:
    """Return what to tell about an error that is no damage."""
    return f"The collection's database cannot be used ({error}); check the disk and its rights"
