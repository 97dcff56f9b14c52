"""Specimens that are determined together, all of them or none, as they were looked at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ...database.connection import Database
from ...database.sql import run_over
from ...errors import ChangedError, NotFoundError, UsageError
from ...taxonomy import RANKS, VERBATIM, Lineage
from ..determinations import Origin, as_kept, history
from ..records import append_determination, taxon_id

_SHOWN = 80  # characters of an id that a sentence repeats


@dataclass(frozen=True)
class Naming:
    """What one specimen is determined as, before that is written.

    Attributes:
        lineage: one name a rank of `RANKS`, empty below the rank that is known; all empty takes
            the specimen's name away.
        qualifier: of open nomenclature, such as `cf.`; by default the one within the name.
        remarks: why.
    """

    specimen_id: str
    lineage: Lineage
    qualifier: str = ""
    remarks: str = ""


def determine_all(
    database: Database,
    namings: Sequence[Naming],
    *,
    by: str,
    origin: Origin = "human",
    versions: Mapping[str, int] | None = None,
) -> list[int]:
    """Append determinations of several specimens, all or none, and return their ids.

    A lineage that the collection has not yet is read as those of manifests are: in one spelling,
    with the higher names that the collection knows. As it was written it stays in the remarks.

    Args:
        by: who determined them.
        origin: a machine's never becomes the accepted one.
        versions: of the specimens that were looked at, see `versions_of`; of those alone it is
            asked whether somebody has determined them since.

    Raises:
        ChangedError: a specimen was determined since it was looked at.
        NotFoundError: the collection has no such specimen.
        UsageError: a lineage has another number of ranks, or a name cannot be read.
    """
    _require_lineages(namings)
    with database.writing(), database.transaction() as connection:
        _require_there(database, [one.specimen_id for one in namings])
        for _, why in _changes_since(database, versions or {}):
            raise ChangedError(why)  # the first: the history of no other is read
        return [_append(connection, one, by, origin) for one in namings]


def determine_unchanged(
    database: Database, namings: Sequence[Naming], *, by: str, versions: Mapping[str, int]
) -> tuple[list[int], dict[str, str]]:
    """Do as `determine_all`, but leave out the specimens that were determined since.

    Returns:
        the ids of the determinations, and why the other specimens were left out, by their ids.
    """
    _require_lineages(namings)
    with database.writing(), database.transaction() as connection:
        _require_there(database, [one.specimen_id for one in namings])
        changed = dict(_changes_since(database, versions))
        chosen = [one for one in namings if one.specimen_id not in changed]
        return [_append(connection, one, by, "human") for one in chosen], changed


def require_unchanged(database: Database, versions: Mapping[str, int]) -> None:
    """Refuse what rests on specimens that were determined since they were looked at.

    `determine_all` does so too; asked first, it is told before anything that follows from it.

    Args:
        versions: see `versions_of`.

    Raises:
        ChangedError: one was determined since.
        NotFoundError: the collection has no such specimen.
    """
    _require_there(database, list(versions))
    for _, why in _changes_since(database, versions):
        raise ChangedError(why)


def versions_of(database: Database, specimen_ids: Sequence[str]) -> dict[str, int]:
    """Return the last determination or undo of each of some specimens, 0 where there is none."""
    query = "SELECT specimen_id, determination_id FROM determinations WHERE specimen_id IN"
    found = dict.fromkeys(specimen_ids, 0)
    for specimen_id, number in run_over(database.read, query, list(found)):
        found[specimen_id] = max(found[specimen_id], number)
    return found


def _append(connection: sqlite3.Connection, naming: Naming, by: str, origin: Origin) -> int:
    found = as_kept(connection, tuple(naming.lineage))
    written = f"{VERBATIM}: {found.verbatim}" if found.verbatim else ""
    return append_determination(
        connection,
        naming.specimen_id,
        taxon_id(connection, found.lineage),
        origin=origin,
        determined_by=by,
        qualifier=naming.qualifier or found.qualifier,
        remarks="; ".join(text for text in (naming.remarks, written) if text),
    )


def _require_there(database: Database, specimen_ids: Sequence[str]) -> None:
    query = "SELECT DISTINCT specimen_id FROM images WHERE specimen_id IN"
    wanted = list(dict.fromkeys(specimen_ids))
    there = {record[0] for record in run_over(database.read, query, wanted)}
    missing = next((one for one in wanted if one not in there), None)
    if missing is not None:
        raise NotFoundError(f"{database.folder} has no specimen '{missing[:_SHOWN]}'")


def _require_lineages(namings: Sequence[Naming]) -> None:
    for one in namings:
        if len(one.lineage) != len(RANKS):
            raise UsageError(
                f"A lineage has {len(RANKS)} ranks ({', '.join(RANKS)}), not {one.lineage}"
            )


def _changes_since(database: Database, versions: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Yield each specimen that was determined since its version, and what happened to it."""
    present = versions_of(database, list(versions))
    for specimen_id, version in versions.items():
        if present[specimen_id] != version:
            yield specimen_id, _change_since(database, specimen_id, version)


def _change_since(database: Database, specimen_id: str, version: int) -> str:
    later = [one for one in history(database, specimen_id) if one.determination_id > version]
    what = "it was never at that version"
    if later:
        last = later[-1]
        what = f"{last.after or 'no name'} by {last.determined_by}, {last.determined_at}"
    return (
        f"Specimen '{specimen_id[:_SHOWN]}' has changed since version {version}: {what}; "
        "look at it again, then decide"
    )
