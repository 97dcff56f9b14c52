"""Index files: derived, checksummed, never trusted, rebuilt from the database when in doubt."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .database import Database
from .errors import LockedError
from .files import write_durably
from .records import Space, now
from .vector import KINDS, FlatIndex, VectorIndex
from .vector.base import Embeddings


@dataclass(frozen=True)
class State:
    """What a space holds: its last sequence number and its number of embeddings.

    Two different states of a space are never equal. Sequence numbers are given out in ascending
    order and never twice. So of two states with one last number the later can only have lost rows
    against the earlier; with one number of rows too, it has lost none.
    """

    last_seq: int
    count: int


def state_of(database: Database, space: Space) -> State:
    """Return the present state of a space."""
    query = "SELECT coalesce(max(seq), 0), count(*) FROM embeddings WHERE space_id = ?"
    return State(*database.read(query, (space.source_id,))[0])


def load_index(
    database: Database, space: Space, state: State, vectors: Callable[[], Embeddings]
) -> tuple[VectorIndex, bool]:
    """Return an index over a state of a space, and whether it had to be built of `vectors()`.

    It comes from its file where that is whole and current.
    """
    kept = _read(database, space, state)
    return (FlatIndex.build(vectors()), True) if kept is None else (kept, False)


def keep_index(database: Database, space: Space, state: State, index: VectorIndex) -> None:
    """Write the file of an index, unless somebody else is writing one; a writer is not in the way.

    Files that a process left behind when it died are removed.
    """
    # The file is only a cache: a read-only or busy collection is served without it.
    with suppress(LockedError, OSError, sqlite3.OperationalError), database.indexing():
        _write(database, space, state, index)
        remove_orphans(database)


def damage(database: Database, space: Space) -> str | None:
    """Return one sentence about what is wrong with the index file of a space, or None."""
    record = _record(database, space)
    if record is None:
        return None
    path = database.folder / "index" / record["file"]
    if not path.is_file():
        return f"{path} is missing; it is rebuilt at the next query"
    if _digest(path.read_bytes()) != record["sha256"]:
        return f"{path} is damaged (its checksum differs); it is rebuilt at the next query"
    return None


def _read(database: Database, space: Space, state: State) -> VectorIndex | None:
    record = _record(database, space)
    if record is None or State(record["last_seq"], record["count"]) != state:
        return None
    try:
        data = (database.folder / "index" / record["file"]).read_bytes()
    except OSError:
        return None
    if _digest(data) != record["sha256"] or record["kind"] not in KINDS:
        return None  # FAISS loads most damaged files and answers wrongly
    return KINDS[record["kind"]].from_bytes(data)


def _write(database: Database, space: Space, state: State, index: VectorIndex) -> None:
    if state_of(database, space) != state:
        return  # somebody wrote meanwhile: a file of an older state is of use to nobody
    data = index.to_bytes()
    digest = _digest(data)
    folder = database.folder / "index"
    folder.mkdir(exist_ok=True)
    name = f"{space.name}-{digest[:16]}.{index.kind}"
    write_durably(folder / name, data)
    with database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO index_files VALUES (?, ?, ?, ?, ?, ?, ?)",
            (space.space_id, name, index.kind, digest, state.last_seq, state.count, now()),
        )


def orphans(database: Database) -> list[Path]:
    """Return the files among the indexes that belong to no space."""
    folder = database.folder / "index"
    known = {record["file"] for record in database.read("SELECT file FROM index_files")}
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in found if path.name not in known and path.is_file()]


def remove_orphans(database: Database) -> list[Path]:
    """Remove the files that belong to no space; the caller holds `Database.indexing`."""
    found = orphans(database)
    for path in found:
        path.unlink(missing_ok=True)
    return found


def _record(database: Database, space: Space) -> sqlite3.Row | None:
    found = database.read("SELECT * FROM index_files WHERE space_id = ?", (space.space_id,))
    return found[0] if found else None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
