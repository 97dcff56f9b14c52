"""Files of the lists of working spaces: derived like an index, kept beside it, believed no more.

Identification looks for neighbours in projections of a space. Of a large space, projecting all rows
and sorting them into lists takes minutes, so the lists of all its working spaces are kept together
in a file. Which state and which projections they are of stands in its signed header.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..arrays import Ids
from ..database.connection import Database
from ..errors import CorruptError, LockedError, UsageError
from ..settings import settings
from ..storage.files_beside import INDEX, index_file, newest_lists, remove_unneeded
from ..storage.records import Space
from ..vectors import HalfIndex
from ..vectors.file import open_arrays, pack_arrays
from .index_files import State, damage_of_file, state_of, write_file

_KIND = "lists"


@dataclass(frozen=True, eq=False)
class Lists:
    """The lists of the working spaces of a space.

    Attributes:
        covered: int64 [n], the sequence numbers of their rows.
        projections: the fingerprints of what leads into each working space.
        indexes: of each.
    """

    covered: Ids
    projections: tuple[str, ...]
    indexes: tuple[HalfIndex, ...]


def load_lists(database: Database, space: Space, projections: Sequence[str]) -> Lists | None:
    """Return the kept lists of a space; None without a whole file of these projections.

    Args:
        projections: the fingerprints of what leads into each working space.
    """
    kept = newest_lists(database).get(space.name)
    if kept is None:
        return None
    try:
        path = index_file(database.folder, kept.name)
        header, arrays = open_arrays(path, kept.sha256, verify=settings().check_index_files)
        return _read(header, arrays, space, tuple(projections))
    except (CorruptError, RuntimeError):  # the latter: another FAISS wrote it
        return None


def _read(
    header: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    space: Space,
    projections: tuple[str, ...],
) -> Lists | None:
    said = (header["kind"], header.get("space_id"), header.get("projections"))
    if said != (_KIND, space.space_id, list(projections)):
        return None
    parts = [{"lists": arrays[f"lists {number}"]} for number in range(len(projections))]
    indexes = map(HalfIndex.from_parts, header["cards"], parts)
    lists = Lists(arrays["covered"], projections, tuple(indexes))
    return lists if all(len(one) == len(lists.covered) for one in lists.indexes) else None


def keep_lists(database: Database, space: Space, state: State, lists: Lists) -> None:
    """Write the file of lists, unless somebody else is writing one; it is only a cache."""
    about = {
        "kind": _KIND,
        "count": len(lists.covered),
        "space_id": space.space_id,
        "projections": lists.projections,
        "cards": [one.card for one in lists.indexes],
    }
    with suppress(LockedError, UsageError, OSError, sqlite3.OperationalError), database.indexing():
        if state_of(database, space) != state:
            return
        arrays = {f"lists {n}": one.parts["lists"] for n, one in enumerate(lists.indexes)}
        pieces, digest = pack_arrays(about, {**arrays, "covered": lists.covered})
        if write_file(database, f"{space.name}-{digest[:16]}.lists", digest, pieces):
            remove_unneeded(database, INDEX)


def damaged_lists(database: Database, space: Space) -> str | None:
    """Return one sentence about what is wrong with the kept lists of a space, or None."""
    kept = newest_lists(database).get(space.name)
    return None if kept is None else damage_of_file(database, kept.name, kept.sha256)
