"""Checksums of rows: a value that changed on the disk is refused."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from .schema import BLOBS, CHECKED_COLUMNS, checksum_sql

Record = tuple[Any, ...]
Read = Callable[[str, Sequence[object]], list[sqlite3.Row]]

_as_json = json.JSONEncoder(ensure_ascii=False, separators=("\n", ":")).encode

# The checksum of the tables, triggers and views, as text.
SCHEMA_SUM = (
    "SELECT CAST(crc32(group_concat(name || tbl_name || coalesce(sql, ''))) AS TEXT) "
    "FROM (SELECT * FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name)"
)


def crc32(*parts: str | bytes) -> int:
    """Return the CRC-32 of texts and blobs in a row: every single flipped bit changes it.

    >>> crc32("a", b"b") == zlib.crc32(b"ab")
    True
    """
    value = 0
    for part in parts:
        value = zlib.crc32(part.encode() if isinstance(part, str) else part, value)
    return value


def with_checksums(table: str, records: Sequence[Record]) -> list[Record]:
    """Return rows with their checksums appended, as `write_checksum` makes them one by one.

    Args:
        table: one of `CHECKED_COLUMNS`.
        records: its columns as `CHECKED_COLUMNS` lists them.

    >>> found = with_checksums("embeddings", [(1, 2, "é", b"x")])
    >>> found[0][-1] == zlib.crc32('[1,2,"é"]x'.encode())
    True
    """
    if not records:
        return []
    plain = sum(name not in BLOBS for name in CHECKED_COLUMNS[table])
    # The only line breaks in this JSON are its separators, so they can tell records apart.
    joined = _as_json([record[:plain] for record in records])[1:-1]
    texts = joined.replace("]\n[", "]\0[").replace("\n", ",").split("\0")
    return [
        (*record, crc32(text, *record[plain:])) for record, text in zip(records, texts, strict=True)
    ]


def intact_rows(read: Read, table: str, key: str, value: object) -> list[sqlite3.Row] | None:
    """Return the rows of a table that have a key, in their order; None where one is damaged.

    Args:
        read: runs a query.
        table: one of `CHECKED_COLUMNS`.
        key: the column.
        value: what it holds.
    """
    order = ", ".join(CHECKED_COLUMNS[table][:2])
    query = f"SELECT *, checksum = {checksum_sql(table)} AS whole FROM {table}"
    found = read(f"{query} WHERE {key} = ? ORDER BY {order}", (value,))
    return found if all(record["whole"] for record in found) else None


def write_checksum(connection: sqlite3.Connection, table: str, key: int | None) -> None:
    """Write the checksum of a row that was just inserted or changed, given its rowid."""
    connection.execute(
        f"UPDATE {table} SET checksum = {checksum_sql(table)} WHERE rowid = ?", (key,)
    )


def write_row_checksums(connection: sqlite3.Connection) -> None:
    """Write the checksums of every row, which a collection of an earlier format does not have."""
    there = {found[0] for found in connection.execute("SELECT name FROM sqlite_master")}
    for table in CHECKED_COLUMNS.keys() & there:
        sealed = checksum_sql(table, later=False)
        connection.execute(f"UPDATE {table} SET checksum = {sealed}")


def write_schema_checksum(connection: sqlite3.Connection) -> None:
    """Write the checksum of the schema, after a migration."""
    connection.execute(f"INSERT OR REPLACE INTO meta VALUES ('schema', ({SCHEMA_SUM}))")
