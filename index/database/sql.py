"""SQL over any number of rows, hundreds at a time.

SQLite releases Python's lock within a statement only. Between the rows of one `executemany`
another thread may take that lock, and keeps it for milliseconds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from .checksums import Record

MOST = 2**63 - 1  # that SQLite counts to
_ROWS = 500  # in one statement; SQLite takes 32,766 values


def countable(number: int) -> int:
    """Return a number that SQLite can be asked for; nothing has the number of one that it cannot.

    >>> countable(7), countable(-(10**30)) == -MOST
    (7, True)
    """
    return max(-MOST, min(number, MOST))


def run_over(
    execute: Callable[[str, Sequence[object]], Sequence[sqlite3.Row] | sqlite3.Cursor],
    statement: str,
    values: Sequence[object],
) -> list[sqlite3.Row]:
    """Run a statement that ends in IN for any number of values, and return what it finds."""
    found: list[sqlite3.Row] = []
    for start in range(0, len(values), _ROWS):
        some = values[start : start + _ROWS]
        found += execute(f"{statement} ({', '.join('?' * len(some))})", some)
    return found


def insert_rows(
    connection: sqlite3.Connection, insert: str, records: Sequence[Record], then: str = ""
) -> None:
    """Run a statement such as `INSERT INTO table (a, b)` for any number of rows.

    Args:
        connection: inside a transaction.
        insert: all that stands before VALUES.
        records: rows of one length.
        then: what stands behind the rows, such as ON CONFLICT.
    """
    for start in range(0, len(records), _ROWS):
        some = records[start : start + _ROWS]
        row = f"({', '.join('?' * len(some[0]))})"
        statement = f"{insert} VALUES {', '.join([row] * len(some))} {then}"
        connection.execute(statement, list(chain.from_iterable(some)))


def split_script(script: str) -> Iterator[str]:
    """Split a script into statements; `executescript` would commit the open transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
