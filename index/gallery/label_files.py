"""Of which image, specimen and taxon every vector of a space is: derived, like an index.

Reading this from the database takes seconds for a million images, so larger spaces keep it in a
file, as arrays. What was written since then is laid over it.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np

from ..arrays import Flags, Ids, places_in
from ..database.connection import Database
from ..database.sql import run_over
from ..errors import CorruptError, LockedError, UsageError
from ..settings import settings
from ..storage.files_beside import index_file
from ..storage.records import Space, now
from ..vectors.file import open_arrays, pack_arrays
from .index_files import State, damage_of_file, replace_file

_KEPT_FROM = 20_000  # rows; fewer are read from the database in a fraction of a second
_MANY_CHANGED, _MOST_CHANGED = 0.01, 0.5  # shares of the rows from which on a file is written anew

_FEW_GONE, _FEW_ROWS = 64, 1024  # up to which deleted vectors are looked for by counting
_END = (1 << 63) - 1

_SAID = (
    "SELECT e.row, e.seq, i.specimen_id, coalesce(a.taxon_id, -1) FROM embeddings AS e "
    "CROSS JOIN images AS i ON i.row = e.row LEFT JOIN accepted AS a USING (specimen_id) "
)
_WITHIN = "FROM embeddings WHERE space_id = ? AND seq <= ? AND row >= ? AND row < ?"
_ROWS, _COUNT = f"SELECT row {_WITHIN} ORDER BY row", f"SELECT count(*) {_WITHIN}"


@dataclass(frozen=True, eq=False)
class Columns:
    """What goes with the vectors of a space, in the order of the images' rows.

    Attributes:
        rows: int64 [n], ascending.
        sequence: int64 [n], the sequence numbers of the vectors.
        specimens: int64 [n], images of one specimen share a code; codes count from 0 as they come.
        taxa: int64 [n], the accepted determinations, -1 where there is none.
    """

    rows: Ids
    sequence: Ids
    specimens: Ids
    taxa: Ids

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class Stamp:
    """Which state columns are of: of the space, and of the determinations."""

    state: State
    labelled: int


@dataclass(frozen=True, eq=False)
class Change:
    """What has happened to the vectors of a space between two states.

    Attributes:
        columns: of the later state.
        moved: int64 [n before], where each vector is now, -1 where it is gone; None where none
            came or went.
        fresh: int64 [m], the places of new vectors.
        count: how many came, went or were determined anew.
    """

    columns: Columns
    moved: Ids | None
    fresh: Ids
    count: int


def load_columns(database: Database, space: Space, stamp: Stamp) -> tuple[Columns, bool]:
    """Return the columns of a space at the present state, and whether to write their file.

    Raises:
        CorruptError: the database does not hold as many vectors as it counted.
    """
    kept = _read(database, space)
    found = None if kept is None else changed(database, space, stamp, *kept)
    columns = _read_all(database, space) if found is None else found.columns
    count = stamp.state.count if found is None else found.count
    if len(columns) != stamp.state.count:
        raise CorruptError(
            f"{database.folder} holds {len(columns)} vectors of space '{space.name}' and counted "
            f"{stamp.state.count}; restore a snapshot"
        )
    return columns, len(columns) >= _KEPT_FROM and count > _MANY_CHANGED * len(columns)


def keep_columns(database: Database, space: Space, stamp: Stamp, columns: Columns) -> None:
    """Write the file of columns, unless somebody else is writing one; it is only a cache."""
    pieces, digest = pack_arrays({"kind": "columns", "count": len(columns)}, vars(columns))
    record = {
        "space_id": space.source_id,
        "file": f"{space.name}-{digest[:16]}.columns",
        "sha256": digest,
        "last_seq": stamp.state.last_seq,
        "count": stamp.state.count,
        "labelled": stamp.labelled,
        "created_at": now(),
    }
    with suppress(LockedError, UsageError, OSError, sqlite3.OperationalError), database.indexing():
        replace_file(database, "column_files", record, pieces)


def damaged_columns(database: Database, space: Space) -> str | None:
    """Return one sentence about what is wrong with the file of a space's columns, or None."""
    record = _record(database, space)
    if record is None or space.projection_id is not None:
        return None
    return damage_of_file(database, record["file"], record["sha256"])


def _record(database: Database, space: Space) -> sqlite3.Row | None:
    query = "SELECT * FROM column_files WHERE space_id = ?"
    found = database.read(query, (space.source_id,))
    return found[0] if found else None


def _read(database: Database, space: Space) -> tuple[Columns, Stamp] | None:
    """Return what the file of columns holds and covers; None without a whole one."""
    record = _record(database, space)
    if record is None:
        return None
    try:
        path = index_file(database.folder, record["file"])
        verify = settings().check_index_files
        header, arrays = open_arrays(path, record["sha256"], verify=verify)
    except CorruptError:
        return None
    if header["kind"] != "columns" or header["count"] != record["count"]:
        return None
    covers = Stamp(State(record["last_seq"], record["count"]), record["labelled"])
    return Columns(**arrays), covers


def _read_all(database: Database, space: Space) -> Columns:
    """Return the columns as the database has them."""
    query = f"{_SAID} WHERE e.space_id = ? ORDER BY e.row"
    said = database.read(query, (space.source_id,))
    codes: dict[str, int] = {}
    specimens = [codes.setdefault(record[2], len(codes)) for record in said]
    return Columns(
        _column(said, 0), _column(said, 1), np.array(specimens, np.int64), _column(said, 3)
    )


def _column(records: list[sqlite3.Row], place: int) -> Ids:
    return np.fromiter((record[place] for record in records), np.int64, len(records))


def changed(
    database: Database, space: Space, stamp: Stamp, kept: Columns, covers: Stamp
) -> Change | None:
    """Return what has changed since a state; None where most has, or the state is no past one."""
    nothing = np.empty(0, np.int64)
    if stamp == covers:
        return Change(kept, None, nothing, 0)
    since = (space.source_id, covers.state.last_seq)
    new = database.read(f"{_SAID} WHERE +e.space_id = ? AND e.seq > ? ORDER BY e.row", since)
    if len(new) > _MOST_CHANGED * len(kept):
        return None
    rows = _column(new, 0)
    stays = np.ones(len(kept), np.bool_)
    places, there = places_in(kept.rows, rows)
    stays[places[there]] = False
    gone = np.count_nonzero(stays) + len(new) - stamp.state.count
    if gone:
        stays[_gone(database, space, covers.state, kept.rows[stays], stays, int(gone))] = False
    taxa, named = _relabelled(database, kept, covers)
    if not len(new) and stays.all():
        return Change(replace(kept, taxa=taxa), None, nothing, named)
    specimens = _codes(database, [record[2] for record in new], kept, stays)
    order = np.argsort(np.concatenate([kept.rows[stays], rows]), kind="stable")
    columns = Columns(
        np.concatenate([kept.rows[stays], rows])[order],
        np.concatenate([kept.sequence[stays], _column(new, 1)])[order],
        _in_order(np.concatenate([kept.specimens[stays], specimens])[order]),
        np.concatenate([taxa[stays], _column(new, 3)])[order],
    )
    now = np.empty(len(order), np.int64)
    now[order] = np.arange(len(order))
    moved = np.full(len(kept), -1, np.int64)
    moved[stays] = now[: len(order) - len(new)]
    count = named + len(new) + int(np.count_nonzero(~stays))
    return Change(columns, moved, now[len(order) - len(new) :], count)


def _gone(
    database: Database,
    space: Space,
    covers: State,
    rows: Ids,
    stays: Flags,
    gone: int,
) -> Ids:
    """Return the places of vectors that were deleted since a state.

    Counting is many times faster than reading, so few are looked for where the database has fewer
    than there were: in one half of the rows, in the other, and so on.

    Args:
        rows: int64 [m], ascending, those that were there.
        stays: bool [n], which of the kept ones these are.
        gone: how many are missing among them.
    """
    if gone > _FEW_GONE:
        there = np.isin(rows, _column(database.read(_ROWS, (*_range(space, covers), 0, _END)), 0))
        return np.flatnonzero(stays)[~there]
    parts, found = [(0, len(rows), gone)], []
    while parts:
        start, stop, missing = parts.pop()
        if not missing:
            continue
        if stop - start <= _FEW_ROWS:
            ends = (int(rows[start]), int(rows[stop - 1]) + 1)
            read = _column(database.read(_ROWS, (*_range(space, covers), *ends)), 0)
            found.append(start + np.flatnonzero(~np.isin(rows[start:stop], read)))
            continue
        half = (start + stop) // 2
        ends = (int(rows[start]), int(rows[half]))
        count = database.read(_COUNT, (*_range(space, covers), *ends))[0][0]
        parts += [(start, half, half - start - count), (half, stop, missing - half + start + count)]
    places: Ids = np.flatnonzero(stays)[np.concatenate([np.empty(0, np.int64), *found])]
    return places


def _range(space: Space, covers: State) -> tuple[int, int]:
    return space.source_id, covers.last_seq


def _relabelled(database: Database, kept: Columns, covers: Stamp) -> tuple[Ids, int]:
    """Return the present taxa of the kept rows, and how many have been determined anew."""
    found = database.read(
        "SELECT i.row, coalesce(a.taxon_id, -1) FROM "
        "(SELECT DISTINCT specimen_id FROM determinations WHERE determination_id > ?) "
        "CROSS JOIN images AS i USING (specimen_id) LEFT JOIN accepted AS a USING (specimen_id)",
        (covers.labelled,),
    )
    rows, named = _column(found, 0), _column(found, 1)
    places, there = places_in(kept.rows, rows)
    taxa = kept.taxa.copy()
    taxa[places[there]] = named[there]
    return taxa, len(found)


def _codes(database: Database, specimen_ids: list[str], kept: Columns, stays: Flags) -> Ids:
    """Return codes for the specimens of new rows: those of kept images of theirs, or new ones."""
    codes: dict[str, int] = {}
    query = "SELECT specimen_id, row FROM images WHERE specimen_id IN"
    kin = run_over(database.read, query, list(dict.fromkeys(specimen_ids)))
    places, there = places_in(kept.rows, _column(kin, 1))
    known = there & stays[places]
    for record, place in zip(compress(kin, known), places[known], strict=True):
        codes[record[0]] = int(kept.specimens[place])
    free = int(kept.specimens.max(initial=-1)) + 1
    new = dict.fromkeys(s for s in specimen_ids if s not in codes)
    codes |= {specimen: free + number for number, specimen in enumerate(new)}
    return np.array([codes[specimen] for specimen in specimen_ids], np.int64)


def _in_order(codes: Ids) -> Ids:
    """Return codes renamed to 0, 1, 2 … as they first come.

    >>> _in_order(np.array([7, 2, 7, 3]))
    array([0, 1, 0, 2])
    """
    places = np.arange(len(codes))
    first = np.full(codes.max(initial=-1) + 1, len(codes))
    first[codes[::-1]] = places[::-1]  # of several places the last that is written stays
    renamed = np.empty_like(first)
    renamed[np.argsort(first, kind="stable")] = np.arange(len(first))
    return renamed[codes]
