"""Tables that jobs leave in the collection's folder, one a job, for as long as it is remembered."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError
from holotype.index.files.durable import digest_of, replacing
from holotype.index.files.regular import open_regular
from holotype.index.storage.files_beside import (
    JOBS,
    is_plain,
    list_files,
    place_for,
    remove_unneeded,
)

_PIECE = 256 << 10  # bytes
_AS_TEXT: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""}


@contextmanager
def job_table(
    collection: Collection, job_id: str, columns: Sequence[str]
) -> Iterator[csv.DictWriter[str]]:
    """Yield what writes the table of a job, which is there, whole, when the block has ended well.

    Tables of jobs that are forgotten go. The collection is locked meanwhile, for other processes.

    Raises:
        LockedError, ReadOnlyError: the collection cannot be written to.
    """
    database, inside = collection.database, f"{JOBS}/{job_id}.csv"
    with collection.writing():
        remove_unneeded(database, JOBS)
        with database.transaction() as connection:
            list_files(connection, [(inside, "")])
        place = place_for(collection.folder, inside)
        with replacing(place) as temporary, temporary.open("x", **_AS_TEXT) as file:
            rows = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            rows.writeheader()
            yield rows
        with database.transaction() as connection:
            list_files(connection, [(inside, digest_of(place))])


def open_table(collection: Collection, job_id: str) -> BinaryIO:
    """Return the file of a job's table, opened.

    Raises:
        NotFoundError: the job left none.
    """
    inside = f"{JOBS}/{job_id}.csv"
    if not job_id.isalnum() or not is_plain(collection.folder, inside):
        raise NotFoundError(f"Job '{job_id}' has left no table")
    return open_regular(collection.folder / inside)


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file piece by piece, and close it."""
    with file:
        while piece := file.read(_PIECE):
            yield piece
