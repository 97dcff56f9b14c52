"""What specimens were called, by whom, when and why: appended and undone, never overwritten."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..database.connection import Database
from ..database.sql import countable, run_over
from ..errors import CorruptError, NotFoundError, UsageError
from ..taxonomy import (
    RANKS,
    SPECIES,
    Identification,
    Lineage,
    Siblings,
    TaxonNameError,
    lowest_rank,
    name_at,
    read_lineage,
)
from .records import FIND_TAXON, append_determination, append_determinations

Origin = Literal["import", "human", "machine"]

_RELATED = 1000  # lineages of the same genus that complete a new one

_COLUMNS = (
    "determination_id specimen_id qualifier origin determined_by determined_at remarks undoes "
    "decision_id"
).split()

_SELECT = "SELECT d.*, {} FROM determinations AS d LEFT JOIN taxa AS t USING (taxon_id)".format(
    ", ".join(f't."{rank}"' for rank in RANKS)
)
# The taxa of a condition that specimens are called by now, not what was corrected or taken back.
# There is no index of specimens by taxon; this reads them once, however many taxa there are.
CALLED_NOW = (
    "SELECT taxon_id, count(*) AS specimens FROM accepted "
    "WHERE taxon_id IN (SELECT taxon_id FROM taxa WHERE {}) GROUP BY taxon_id"
)
_UNDONE = "Determination {} is undone already; undo its undo to bring it back"
_CHANGED = (  # the specimens of a million imports are only counted
    "specimen_id IN (SELECT specimen_id FROM determinations GROUP BY specimen_id "
    "HAVING count(*) > 1 OR max(origin <> 'import'))"
)


@dataclass(frozen=True)
class Event:
    """A determination or an undo, and what it did to the accepted name of its specimen.

    Attributes:
        taxon: the lowest name that was given; empty for an undo, or where none was given.
        undoes: the event that an undo takes back; None for a determination.
        stands: it has not been undone.
        before, after: the lowest accepted name of the specimen then, empty where there was none.
        decision_id: the decision about clusters that it is part of; None for one by itself.
    """

    determination_id: int
    specimen_id: str
    taxon: str
    qualifier: str
    origin: Origin
    determined_by: str
    determined_at: str
    remarks: str
    undoes: int | None
    stands: bool
    before: str
    after: str
    decision_id: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the event as JSON-ready values."""
        return asdict(self)


def as_kept(connection: sqlite3.Connection, lineage: Lineage) -> Identification:
    """Return a lineage as the collection has it, else as its names are read.

    Raises:
        UsageError: a name cannot be read.
    """
    if not any(lineage):
        return Identification(lineage)
    known = connection.execute(FIND_TAXON, lineage).fetchone() is not None
    try:
        found = read_lineage(dict(zip(RANKS, lineage, strict=True)))
    except TaxonNameError as error:
        if known:
            return Identification(lineage)
        raise UsageError(f"The determination cannot be read: {error}") from error
    if known:
        return Identification(lineage, found.qualifier)
    if not any(found.lineage):
        raise UsageError(f"{found.note}; leave all ranks empty to take the specimen's name away")
    species = found.lineage[SPECIES] or None
    ranks = ", ".join(f'"{rank}"' for rank in RANKS)
    # A species of no known genus, as `Noctuidae gen. sp. 1`, is related by what it is named below.
    parent = lowest_rank((*found.lineage[:SPECIES], "")) if species else None
    above = parent or "genus"
    related = connection.execute(
        # Which are in use is seen at the first specimen of each: a batch may name many anew.
        f'SELECT {ranks} FROM taxa WHERE (species = ? OR "{above}" = ?) AND EXISTS '
        "(SELECT 1 FROM accepted WHERE accepted.taxon_id = taxa.taxon_id) LIMIT ?",
        (species, name_at(found.lineage, above) or None, _RELATED),
    )
    siblings = Siblings([found.lineage, *map(tuple, related)])
    return replace(found, lineage=siblings.completed(found.lineage))


class Standing:
    """Which events and undos of them have not been undone, kept up to date event by event."""

    def __init__(self) -> None:
        self.events: set[int] = set()
        self._undoes: dict[int, int | None] = {}

    def append(self, event: int, undoes: int | None) -> None:
        """Add an event. Back along what it undoes, every other event stands again.

        Raises:
            CorruptError: it undoes what does not come before it.
        """
        if undoes is not None and undoes not in self._undoes:
            raise CorruptError(
                f"Number {event} undoes {undoes}, which is not before it; restore a snapshot"
            )
        self.events.add(event)
        self._undoes[event] = undoes
        while undoes is not None:
            self.events ^= {undoes}
            undoes = self._undoes[undoes]


def undo(database: Database, determination_id: int, *, by: str, remarks: str = "") -> int:
    """Take back a determination, or an undo, by appending that it no longer stands.

    Returns:
        the id of the undo, which can be undone in turn.

    Raises:
        NotFoundError: there is no such determination.
        UsageError: it is undone already.
    """
    with database.writing(), database.transaction() as connection:
        return undo_in(connection, database, determination_id, by=by, remarks=remarks)


def undo_in(
    connection: sqlite3.Connection,
    database: Database,
    determination_id: int,
    *,
    by: str,
    remarks: str,
) -> int:
    """Do as `undo`, inside a transaction."""
    found = connection.execute(
        "SELECT specimen_id, root FROM determinations WHERE determination_id = ?",
        (countable(determination_id),),
    ).fetchone()
    if found is None:
        raise _none(database, determination_id)
    root = found["root"] or determination_id
    standing = Standing()
    standing.append(root, None)
    for event in connection.execute(
        "SELECT determination_id, undoes FROM determinations WHERE root = ? "
        "ORDER BY determination_id",
        (root,),
    ):
        standing.append(*event)
    if determination_id not in standing.events:
        raise UsageError(_UNDONE.format(determination_id))
    return append_determination(
        connection,
        found["specimen_id"],
        None,
        origin="human",
        determined_by=by,
        remarks=remarks,
        undoes=determination_id,
        root=root,
    )


def specimen_of(database: Database, determination_id: int) -> str:
    """Return whose determination, or undo, it is.

    Raises:
        NotFoundError: there is none of that number.
    """
    query = "SELECT specimen_id FROM determinations WHERE determination_id = ?"
    for record in database.read(query, (countable(determination_id),)):
        return str(record[0])
    raise _none(database, determination_id)


def _none(database: Database, determination_id: int) -> NotFoundError:
    return NotFoundError(f"{database.folder} has no determination {determination_id}")


def undo_all(
    connection: sqlite3.Connection, decision_id: int, *, by: str, remarks: str, undo_id: int
) -> None:
    """Take back all determinations, or undos, of a decision that still stand.

    Args:
        connection: inside a transaction.
        undo_id: the decision that takes back `decision_id`; the undos are part of it.
    """
    standing, events = Standing(), {}
    for event in connection.execute(
        "SELECT determination_id, undoes, root, specimen_id, decision_id FROM determinations "
        "WHERE root IN (SELECT coalesce(root, determination_id) FROM determinations "
        "WHERE decision_id = :d) OR determination_id IN (SELECT coalesce(root, determination_id) "
        "FROM determinations WHERE decision_id = :d) ORDER BY determination_id",
        {"d": decision_id},
    ):
        standing.append(event["determination_id"], event["undoes"])
        events[event["determination_id"]] = event
    taken = [events[key] for key in sorted(standing.events)]
    append_determinations(
        connection,
        [
            (one["specimen_id"], None, one["determination_id"], one["root"] or one[0])
            for one in taken
            if one["decision_id"] == decision_id
        ],
        by=by,
        remarks=remarks,
        decision_id=undo_id,
    )


@dataclass(frozen=True)
class Withdrawal:
    """What an undo would do.

    Attributes:
        event: what it takes back.
        later: determinations of the same specimen that came after it and stand; a machine's, which
            decide nothing, are left out.
        before, after: the lowest accepted name of the specimen now and then, empty for none.
    """

    event: Event
    later: list[Event]
    before: str
    after: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return asdict(self)


def withdrawal(database: Database, determination_id: int) -> Withdrawal:
    """Return what `undo` would do; nothing is written.

    Raises:
        NotFoundError: there is no such determination.
        UsageError: it is undone already.
    """
    records = _records(database, "specimen_id = ?", (specimen_of(database, determination_id),))
    events = {event.determination_id: event for event in _replayed(records)}
    event = events[determination_id]
    if not event.stands:
        raise UsageError(_UNDONE.format(determination_id))
    standing = Standing()
    for record in records:
        standing.append(record["determination_id"], record["undoes"])
    before = _accepted(records, standing.events)
    standing.append(max(events) + 1, determination_id)
    after = _accepted(records, standing.events)
    later = [
        one
        for key, one in events.items()
        if key > determination_id and one.stands and not one.undoes and one.origin != "machine"
    ]
    return Withdrawal(event, later, before, after)


def history(database: Database, specimen_id: str | None = None) -> list[Event]:
    """Return every determination and undo, oldest first; of one specimen or of all."""
    where, values = ("specimen_id = ?", (specimen_id,)) if specimen_id is not None else ("1", ())
    return _events(_records(database, where, values))


def changes(database: Database) -> list[Event]:
    """Return the events, oldest first, of specimens about which more than one import says."""
    return _events(_records(database, _CHANGED))


def events_at(database: Database, determination_ids: Sequence[int]) -> list[Event]:
    """Return the determinations and undos of some ids, oldest first; ids of none are passed over.

    Of their specimens, and of no others, everything is read.
    """
    wanted = set(map(countable, determination_ids))
    query = "SELECT specimen_id FROM determinations WHERE determination_id IN"
    found = run_over(database.read, query, sorted(wanted))
    specimens = list(dict.fromkeys(record[0] for record in found))
    records = run_over(database.read, f"{_SELECT} WHERE specimen_id IN", specimens)
    records.sort(key=lambda record: int(record["determination_id"]))
    return [event for event in _events(records) if event.determination_id in wanted]


def newest(
    database: Database, limit: int, *, before: int | None = None, specimen_id: str | None = None
) -> list[int]:
    """Return the ids of the latest determinations and undos, the newest first.

    Args:
        limit: at most so many.
        before: only those with a smaller id; None for all.
        specimen_id: only those of this specimen.
    """
    conditions, values = ["1"], list[object]()
    if before is not None:
        conditions.append("determination_id < ?")
        values.append(before)
    if specimen_id is not None:
        conditions.append("specimen_id = ?")
        values.append(specimen_id)
    query = (
        f"SELECT determination_id FROM determinations WHERE {' AND '.join(conditions)} "
        "ORDER BY determination_id DESC LIMIT ?"
    )
    return [record[0] for record in database.read(query, (*values, limit))]


def _records(database: Database, where: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
    return database.read(f"{_SELECT} WHERE {where} ORDER BY determination_id", values)


def _events(records: list[sqlite3.Row]) -> list[Event]:
    by_specimen = defaultdict(list)
    for record in records:
        by_specimen[record["specimen_id"]].append(record)
    events = [event for found in by_specimen.values() for event in _replayed(found)]
    return sorted(events, key=lambda event: event.determination_id)


def _replayed(records: list[sqlite3.Row]) -> Iterator[Event]:
    """Yield the events of one specimen, oldest first, with the accepted name around each."""
    standing = Standing()
    steps = []
    before = ""
    for place, record in enumerate(records):
        standing.append(record["determination_id"], record["undoes"])
        after = _accepted(records[: place + 1], standing.events)
        steps.append((record, before, after))
        before = after
    for record, before, after in steps:
        yield Event(
            **{name: record[name] for name in _COLUMNS},
            taxon=_lowest_name(record),
            stands=record["determination_id"] in standing.events,
            before=before,
            after=after,
        )


def _accepted(records: list[sqlite3.Row], standing: set[int]) -> str:
    """Return the accepted name: the latest by a human that stands, else the latest import."""
    imported = None
    for record in reversed(records):  # the latest is mostly the one, however long the history
        if record["undoes"] is None and record["determination_id"] in standing:
            if record["origin"] == "human":
                return _lowest_name(record)
            if record["origin"] == "import" and imported is None:
                imported = _lowest_name(record)
    return imported or ""


def _lowest_name(record: sqlite3.Row) -> str:
    return next((record[rank] for rank in reversed(RANKS) if record[rank]), "")
