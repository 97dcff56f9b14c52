"""Removal of spaces, with a record of what was removed."""

from __future__ import annotations

from collections.abc import Sequence

from ..database.checksums import write_checksum
from ..database.connection import Database
from ..errors import NotFoundError, UsageError
from ..ways import option
from .records import Space, now
from .spaces import list_spaces


class LastSpaceError(UsageError):
    """Without this space nothing could be searched, and nobody said to remove it all the same."""


def remove_space(
    database: Database,
    name: str,
    *,
    with_tuned: bool = False,
    last: bool = False,
    by: str = "",
    remarks: str = "",
) -> list[str]:
    """Remove a space with its vectors, calibration and canaries, all or nothing.

    Images and determinations stay, and index files until the collection is compacted. What was
    removed is recorded, by whom and why.

    Args:
        with_tuned: also remove the spaces that are tuned from it.
        last: even where no other space is left.
        by: who removes.
        remarks: why.

    Returns:
        the names of the spaces that were removed, the tuned ones first.

    Raises:
        LockedError: another process is writing to the collection.
        NotFoundError: there is no space of that name.
        UsageError: others are tuned from it.
        LastSpaceError: it is the last one, without `last`.
    """
    with database.writing():
        gone = _chosen(database, name, with_tuned)
        if len(gone) == len(list_spaces(database)) and not last:
            raise LastSpaceError(
                f"'{name}' is the last space of {database.folder}; without it nothing can be "
                f"searched. Say {option('last')} to remove it all the same"
            )
        with database.transaction() as connection:
            for space in gone:
                removed = connection.execute(
                    "INSERT INTO removed_spaces SELECT space_id, name, encoder, fingerprint, "
                    "(SELECT count(*) FROM embeddings AS e WHERE e.space_id = s.space_id), "
                    "?, ?, ?, 0 FROM spaces AS s WHERE space_id = ?",
                    (by, now(), remarks, space.space_id),
                )
                write_checksum(connection, "removed_spaces", removed.lastrowid)
                for table in ("embeddings", "spaces"):
                    connection.execute(f"DELETE FROM {table} WHERE space_id = ?", (space.space_id,))
                connection.execute(
                    "DELETE FROM projections WHERE projection_id = ?", (space.projection_id,)
                )
    return [space.name for space in gone]


def _chosen(database: Database, name: str, with_tuned: bool) -> Sequence[Space]:
    """Return the spaces to remove, tuned ones before the space that they show."""
    spaces = list_spaces(database)
    found = [space for space in spaces if space.name == name]
    if not found:
        known = ", ".join(space.name for space in spaces) or "none"
        raise NotFoundError(f"{database.folder} has no space '{name}'; it has {known}")
    tuned = [space for space in spaces if space.base_space_id == found[0].space_id]
    if tuned and not with_tuned:
        names = ", ".join(space.name for space in tuned)
        raise UsageError(
            f"{names} {'is' if len(tuned) == 1 else 'are'} tuned from '{name}'; remove them first, "
            f"or say {option('with-tuned')}"
        )
    return [*tuned, *found]
