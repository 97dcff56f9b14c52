"""Databases of earlier formats, and empty ones, brought up to date."""

from __future__ import annotations

import sqlite3

from .checksums import write_row_checksums, write_schema_checksum
from .schema import APPLICATION_ID, CHECKSUMS_FROM, MIGRATIONS
from .sql import split_script


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a database up to date, inside a transaction; another process may have done it."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == len(MIGRATIONS):
        return
    connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
    for script in MIGRATIONS[version:]:
        for statement in split_script(script):
            connection.execute(statement)
    if version < CHECKSUMS_FROM:
        write_row_checksums(connection)
    write_schema_checksum(connection)
    connection.execute(f"PRAGMA user_version={len(MIGRATIONS)}")
