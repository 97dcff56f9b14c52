"""Index files: derived, checksummed, never trusted, rebuilt from the database when in doubt."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np

from ..arrays import Embeddings, Ids
from ..database.connection import Database
from ..database.identity import Identity
from ..errors import CorruptError, LockedError, UsageError
from ..files.durable import write_durably
from ..settings import settings
from ..storage.embeddings import read_at, read_vectors
from ..storage.files_beside import (
    INDEX,
    index_file,
    list_files,
    may_write,
    place_for,
    remove_unneeded,
)
from ..storage.records import Space, now
from ..vectors import (
    BuiltIndex,
    Contents,
    VectorIndex,
    bring_up_to_date,
    build_index,
    check_index,
    choose_kind,
    on_gpu,
    open_index,
    packed,
    read_header,
)
from ..vectors.file import Buffer
from .rebuilding import rebuild_beside

# Shares of the rows from which on an index is built anew: beside the searches, or before the next.
_MANY_CHANGED, _MOST_CHANGED = 0.05, 0.5


@dataclass(frozen=True)
class State:
    """What a space holds: the last sequence number given out in it and its number of embeddings.

    Two different states of a space are never equal. Sequence numbers are given out in ascending
    order and never twice. So of two states with one last number the later can only have lost rows
    against the earlier; with one number of rows too, it has lost none.
    """

    last_seq: int
    count: int


def state_of(database: Database, space: Space) -> State:
    """Return the present state of a space."""
    query = "SELECT last_seq, count FROM space_states WHERE space_id = ?"
    found = database.read(query, (space.source_id,))
    return State(*found[0]) if found else State(0, 0)


def load_index(
    database: Database,
    space: Space,
    state: State,
    present: Ids,
    vectors: Callable[[], Embeddings],
) -> tuple[VectorIndex, bool]:
    """Return an index over a state of a space, and whether it had to be built of `vectors()`.

    It comes from its file where that is whole. Changes since then are laid over it, unless the
    index is small; where they are many, it is built anew in the background. A store elsewhere has
    an index of its own over the vectors that it holds.

    Args:
        present: int64 [n], the sequence numbers of the space's embeddings, in the images' order.
    """
    if space.projection_id is None:
        read = partial(read_at, database, space)
        served = database.store.index(space.space_id, present, read)
        if served is not None:
            return served, False
    kept = _read(database, space, state)
    index = None if kept is None else _updated(database, space, state, present, *kept)
    if index is not None:
        return index, False
    built = build_index(vectors(), settings().index_kind)
    return on_gpu(built, _rows_of(database, space, state)), True


def keep_index(
    database: Database, space: Space, state: State, covered: Ids, index: VectorIndex
) -> None:
    """Write the file of an index, unless somebody else is writing one; a writer is not in the way.

    Files that a process left behind when it died are removed.

    Args:
        covered: int64 [n], the sequence numbers of the index's rows, in their order.
    """
    # The file is only a cache: a read-only or busy collection is served without it.
    with suppress(LockedError, UsageError, OSError, sqlite3.OperationalError), database.indexing():
        if state_of(database, space) == state:  # else the next search builds one of what is new
            _write(database, space, state, index, covered)


def damage(database: Database, space: Space) -> str | None:
    """Return one sentence about what is wrong with the index file of a space, or None."""
    record = _record(database, space)
    return None if record is None else damage_of_file(database, record["file"], record["sha256"])


def damage_of_file(
    database: Database, name: str, sha256: str, *, rebuilt_at: str = "the next query"
) -> str | None:
    """Return one sentence about what is wrong with a file beside the database, or None."""
    try:
        check_index(index_file(database.folder, name), sha256)
    except CorruptError as error:
        return f"{error}; it is rebuilt at {rebuilt_at}"
    return None


def about_index(database: Database, space: Space) -> dict[str, Any] | None:
    """Return what is known of the index of a space; None without a readable file or a store's own.

    Returns:
        kind, why, count, levels (what it was tuned to) and recall (at 10 without a filter, when
        it was built; 1 where every search is exact, None where it was not measured).
    """
    served = database.store.about() if space.projection_id is None else None
    if served is not None:
        return served | {"count": state_of(database, space).count, "levels": []}
    record = _record(database, space)
    if record is None:
        return None
    try:
        header = read_header(index_file(database.folder, record["file"]), record["sha256"])
    except CorruptError:
        return None
    levels = header["card"].get("levels", [])
    about = {name: header[name] for name in ("kind", "why", "count")}
    return about | {"levels": levels, "recall": levels[0]["recall"] if levels else 1.0}


def _read(database: Database, space: Space, state: State) -> tuple[Contents, State] | None:
    """Return what the index file of a space holds, and the state that it covers."""
    record = _record(database, space)
    kind, _ = choose_kind(state.count, settings().index_kind)
    if record is None or record["kind"] != kind:
        return None
    covers = State(record["last_seq"], record["count"])
    if kind == "flat" and covers != state:
        return None  # read anew as fast
    try:
        path = index_file(database.folder, record["file"])
        contents = open_index(path, record["sha256"], verify=settings().check_index_files)
    except (CorruptError, RuntimeError):  # the latter: another FAISS wrote it
        return None
    fits = contents.index.vectors.shape == (covers.count, space.dim)
    return (contents, covers) if fits else None


def _updated(
    database: Database,
    space: Space,
    state: State,
    present: Ids,
    contents: Contents,
    covers: State,
) -> VectorIndex | None:
    """Return a kept index with what has changed since; None where most has."""
    index = on_gpu(contents.index, _rows_of(database, space, covers))
    if covers == state:
        return index
    changed = len(np.setxor1d(contents.covered, present, assume_unique=True))
    if changed > _MOST_CHANGED * len(present):
        return None
    if changed > _MANY_CHANGED * len(present):
        rebuild_beside(
            database.folder, space.name, partial(_rebuild, space=space, of=database.opened.identity)
        )
    return bring_up_to_date(
        index,
        contents.covered,
        present,
        lambda _: read_vectors(database, space, after=covers.last_seq),
    )


def _rows_of(database: Database, space: Space, state: State) -> str:
    """Return a name for the rows that an index of a state covers."""
    return f"{database.opened.identity}, {space.name}, {state}"


def _rebuild(database: Database, space: Space, of: Identity) -> None:
    """Build the index of a space as it stands now, and write its file.

    Args:
        of: which collection the space belongs to; another may lie at its path by now.
    """
    if database.opened.identity != of:
        return
    with database.snapshot():
        state = state_of(database, space)
        covered = sequence_of(database, space)
        vectors = read_vectors(database, space)
    index = build_index(vectors, settings().index_kind)
    with database.indexing():
        _write(database, space, state, index, covered)


def sequence_of(database: Database, space: Space) -> Ids:
    """Return the sequence numbers of a space's embeddings, int64 [n], in the images' order."""
    query = "SELECT seq FROM embeddings WHERE space_id = ? ORDER BY row"
    found = database.read(query, (space.source_id,))
    return np.fromiter((record[0] for record in found), np.int64, len(found))


def _write(
    database: Database, space: Space, state: State, index: VectorIndex, covered: Ids
) -> None:
    _, why = choose_kind(len(index), settings().index_kind)
    pieces, digest = packed(cast(BuiltIndex, index), covered, why)
    record = {
        "space_id": space.space_id,
        "file": f"{space.name}-{digest[:16]}.{index.kind}",
        "kind": index.kind,
        "sha256": digest,
        "last_seq": state.last_seq,
        "count": state.count,
        "created_at": now(),
    }
    replace_file(database, "index_files", record, pieces)


def replace_file(
    database: Database, table: str, record: Mapping[str, object], pieces: Iterable[Buffer]
) -> None:
    """Write a file beside the database and its record, in place of the file of an earlier state.

    The caller holds `Database.indexing`.

    Args:
        database: the collection's.
        table: `index_files` or `column_files`.
        record: its row there, with the name of the file and its sha256.
        pieces: of the file.

    Raises:
        UsageError: a link stands in the way.
    """
    if not write_file(database, str(record["file"]), str(record["sha256"]), pieces):
        return
    marks = ", ".join("?" for _ in record)
    insert = f"INSERT OR REPLACE INTO {table} ({', '.join(record)}) VALUES ({marks})"
    with database.transaction() as connection:
        connection.execute(insert, list(record.values()))
    remove_unneeded(database, INDEX)


def write_file(database: Database, name: str, sha256: str, pieces: Iterable[Buffer]) -> bool:
    """Write a file beside the database, and return whether it could be.

    It is listed before it is written, so that what a process leaves when it dies is known as ours.
    A file of that name that somebody else made stays, and ours is not kept.

    Raises:
        UsageError: a link stands in the way.
    """
    inside = f"{INDEX}/{name}"
    if not may_write(database, inside):
        return False
    with database.transaction() as connection:
        list_files(connection, [(inside, sha256)])
    write_durably(place_for(database.folder, inside), pieces)
    return True


def _record(database: Database, space: Space) -> sqlite3.Row | None:
    found = database.read("SELECT * FROM index_files WHERE space_id = ?", (space.space_id,))
    return found[0] if found else None
