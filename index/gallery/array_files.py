"""Files of arrays that are made of a space: derived, and believed no more than an index.

Identification looks for neighbours in projections of a large space, sorted into lists (`lists`),
and compares with classes in each (`classes`); maps are made by `umap` and `pca`; curation compares
every specimen with the others of its name (`doubts`), or with all names where it has none
(`proposals`): seconds to minutes of work. Of what exactly a file was made stands in its signed
header.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..database.connection import Database
from ..errors import CorruptError, LockedError, UsageError
from ..settings import settings
from ..storage.files_beside import INDEX, Kind, index_file, made_of_spaces, remove_unneeded
from ..storage.records import Space
from ..vectors.base import Parts
from ..vectors.file import open_arrays, pack_arrays
from ..ways import way
from .index_files import State, damage_of_file, state_of, write_file

_VERSION = 1  # of how they are made

# Those that are made when somebody asks for them, and by no question.
_MADE_BY = {"umap": "map", "pca": "map", "doubts": "review", "proposals": "review"}


@dataclass(frozen=True, eq=False)
class KeptArrays:
    """What a file holds: what is said of its arrays, and these by name."""

    said: Mapping[str, Any]
    arrays: Parts


def load_arrays(
    database: Database, space: Space, kind: Kind, basis: Mapping[str, Any]
) -> KeptArrays | None:
    """Return what is kept of a space; None without a whole file of that basis.

    Args:
        basis: all that the arrays are made of, as JSON values.
    """
    file = made_of_spaces(database).get((space.name, kind))
    if file is None:
        return None
    try:
        path = index_file(database.folder, file.name)
        said, arrays = open_arrays(path, file.sha256, verify=settings().check_index_files)
    except CorruptError:
        return None
    same = said["kind"] == kind and said.get("basis") == _basis(space, basis)
    return KeptArrays(said, arrays) if same else None


def keep_arrays(
    database: Database,
    space: Space,
    state: State,
    kind: Kind,
    basis: Mapping[str, Any],
    kept: KeptArrays,
    *,
    followed: bool = False,
) -> None:
    """Write the file of a space's arrays, unless somebody else is writing one; it is only a cache.

    Args:
        state: the state of the space that they are of.
        followed: who reads them matches rows by sequence number, so they may be of a state that
            the space has left meanwhile: it takes minutes to make them while others add images.
    """
    about = {**kept.said, "kind": kind, "basis": _basis(space, basis)}
    with suppress(LockedError, UsageError, OSError, sqlite3.OperationalError), database.indexing():
        now = state_of(database, space)
        if now != state and not (followed and now.last_seq >= state.last_seq):
            return
        pieces, digest = pack_arrays(about, kept.arrays)
        if write_file(database, f"{space.name}-{digest[:16]}.{kind}", digest, pieces):
            remove_unneeded(database, INDEX)


def damage_of_arrays(database: Database, space: Space) -> list[str]:
    """Return one sentence about each of a space's files that is damaged."""
    files = made_of_spaces(database).items()
    own = [(kind, file) for (name, kind), file in files if name == space.name]
    found = (
        damage_of_file(database, file.name, file.sha256, rebuilt_at=_made_by(kind))
        for kind, file in own
    )
    return list(filter(None, found))


def _made_by(kind: str) -> str:
    return f"the next {way(_MADE_BY[kind])}" if kind in _MADE_BY else "the next query"


def _basis(space: Space, basis: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": _VERSION, "space_id": space.space_id, **basis}
