"""Writing clusterings and decisions: each is one transaction, with all that it determines."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...database.checksums import with_checksums, write_checksum
from ...database.connection import Database
from ...database.sql import insert_rows
from ...errors import ChangedError
from ...taxonomy import Lineage
from ..determinations import undo_all
from ..records import append_determinations, now, taxon_id
from .records import (
    Cluster,
    Decision,
    Facts,
    as_json,
    current,
    decisions,
    given_names,
    names_without,
)

_COLUMNS = "clustering_id, kind, about, decided_by, decided_at, remarks, undoes, root"


@dataclass(frozen=True)
class Draft:
    """A decision before it is written.

    Attributes:
        kind: see `Decision`.
        what: it in words.
        seen: the clusters that it is about, as they were when it was made.
        changes: the facts that it changes of these.
        made: new clusters: the facts of each, and its specimens.
        moved: the clusters of specimens from then on, None for none.
        named: specimens that are determined.
        lineage: as what; all empty gives each the name back that it had without this clustering.
        qualifier: of open nomenclature.
        determination: the remarks of each determination, before the decision's own.
        fresh: names that it gives to clusters, and that no other may have been given meanwhile.
    """

    kind: str
    what: str
    seen: Sequence[Cluster]
    changes: Mapping[int, Facts] = field(default_factory=dict)
    made: Sequence[tuple[Facts, Sequence[str]]] = ()
    moved: Mapping[str, int | None] = field(default_factory=dict)
    named: Sequence[str] = ()
    lineage: Lineage = ()
    qualifier: str = ""
    determination: str = ""
    fresh: Sequence[str] = ()


def add_clustering(
    database: Database,
    make: Callable[[], Sequence[tuple[Facts, Sequence[str]]]],
    *,
    space: str,
    source: str,
    parameters: Facts,
    by: str,
) -> int:
    """Store a clustering with its clusters and their specimens, and return its number.

    Args:
        make: gives the facts of each cluster and its specimens; called while nobody else writes,
            so that no other cluster gets a name that it finds free.
    """
    with database.writing(), database.transaction() as connection:
        made = make()
        cursor = connection.execute(
            "INSERT INTO clusterings (space, source, parameters, made_by, made_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (space, source, as_json(parameters), by, now()),
        )
        write_checksum(connection, "clusterings", cursor.lastrowid)
        clustering_id = int(cursor.lastrowid or 0)
        count = f"{len(made)} clusters of {sum(len(specimens) for _, specimens in made)} specimens"
        about = {"what": count, "clusters": {}}
        decision = _append(connection, clustering_id, "cluster", about, by, "")
        _make(connection, clustering_id, decision, _next_cluster(connection), made)
    return clustering_id


def add_decision(database: Database, draft: Draft, *, by: str, remarks: str = "") -> int:
    """Write a decision with all that it moves and determines, and return its number.

    Raises:
        ChangedError: one of its clusters has changed since it was seen, or a name was given
            meanwhile.
    """
    clustering_id = draft.seen[0].clustering_id
    with database.writing(), database.transaction() as connection:
        require_unchanged(database, draft.seen)
        _require_free(database, draft.fresh)
        first = _next_cluster(connection)
        changes = {str(one.cluster_id): draft.changes.get(one.cluster_id, {}) for one in draft.seen}
        changes |= {str(first + place): {} for place in range(len(draft.made))}
        about = {"what": draft.what, "clusters": changes}
        decision = _append(connection, clustering_id, draft.kind, about, by, remarks)
        _make(connection, clustering_id, decision, first, draft.made)
        _move(connection, decision, draft.moved.items())
        for qualifier, taxa in _taxa_of(database, connection, draft, clustering_id).items():
            append_determinations(
                connection,
                [(specimen, taxon, None, None) for specimen, taxon in taxa.items()],
                by=by,
                decision_id=decision,
                qualifier=qualifier,
                remarks="; ".join(text for text in (remarks, draft.determination) if text),
            )
    return decision


def _taxa_of(
    database: Database, connection: sqlite3.Connection, draft: Draft, clustering_id: int
) -> dict[str, dict[str, int | None]]:
    """Return the taxa that a draft determines specimens as, by their qualifiers."""
    if not draft.named:
        return {}
    if any(draft.lineage):
        taxon = taxon_id(connection, draft.lineage)
        return {draft.qualifier: dict.fromkeys(draft.named, taxon)}
    found: dict[str, dict[str, int | None]] = {}
    before = names_without(database, draft.named, clustering_id)
    for specimen in draft.named:
        taxon, qualifier = before.get(specimen, (None, ""))
        found.setdefault(qualifier, {})[specimen] = taxon
    return found


def add_undo(
    connection: sqlite3.Connection, undone: Decision, *, by: str, remarks: str = ""
) -> int:
    """Write that a decision, or an undo, no longer stands, and return the number of that.

    All determinations that are part of it are taken back with it.

    Args:
        connection: inside a transaction.
    """
    root = undone.root or undone.decision_id
    about = {"what": f"undo of {undone.decision_id}"}
    ends = (undone.decision_id, root)
    decision = _append(connection, undone.clustering_id, "undo", about, by, remarks, ends)
    undo_all(connection, undone.decision_id, by=by, remarks=remarks, undo_id=decision)
    return decision


def require_unchanged(database: Database, seen: Iterable[Cluster]) -> None:
    """Refuse clusters that have changed since they were seen.

    Raises:
        ChangedError: the message says what changed.
    """
    for cluster in seen:
        number = cluster.cluster_id
        present = current(database, cluster.clustering_id, [number]).get(number)
        if present is not None and present.version == cluster.version:
            continue
        later = [
            one
            for one in decisions(database, cluster.clustering_id)
            if number in one.clusters and one.decision_id > cluster.version
        ]
        what = str(later[-1]) if later else "it was never at that version"
        raise ChangedError(
            f"Cluster {number} has changed since version {cluster.version}: {what}; "
            "look at it again, then decide"
        )


def _require_free(database: Database, names: Sequence[str]) -> None:
    taken = given_names(database) & set(names) if names else set()
    if taken:
        raise ChangedError(
            f"The name {min(taken)} was given to another cluster at this moment; decide again"
        )


def _append(
    connection: sqlite3.Connection,
    clustering_id: int,
    kind: str,
    about: Facts,
    by: str,
    remarks: str,
    undone: tuple[int | None, int | None] = (None, None),
) -> int:
    cursor = connection.execute(
        f"INSERT INTO decisions ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (clustering_id, kind, as_json(about), by, now(), remarks, *undone),
    )
    write_checksum(connection, "decisions", cursor.lastrowid)
    return int(cursor.lastrowid or 0)


def _next_cluster(connection: sqlite3.Connection) -> int:
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'clusters'").fetchone()
    return 1 + (int(found[0]) if found else 0)


def _make(
    connection: sqlite3.Connection,
    clustering_id: int,
    decision: int,
    first: int,
    made: Sequence[tuple[Facts, Sequence[str]]],
) -> None:
    records = [
        (first + place, clustering_id, decision, as_json(facts))
        for place, (facts, _) in enumerate(made)
    ]
    columns = "cluster_id, clustering_id, decision_id, facts, checksum"
    insert_rows(
        connection, f"INSERT INTO clusters ({columns})", with_checksums("clusters", records)
    )
    placed = [
        (specimen, first + place) for place, (_, those) in enumerate(made) for specimen in those
    ]
    _move(connection, decision, placed)


def _move(
    connection: sqlite3.Connection, decision: int, moved: Iterable[tuple[str, int | None]]
) -> None:
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'memberships'")
    free = 1 + next((int(record[0]) for record in found), 0)
    records = [
        (free + place, decision, specimen, cluster)
        for place, (specimen, cluster) in enumerate(moved)
    ]
    columns = "membership_id, decision_id, specimen_id, cluster_id, checksum"
    insert_rows(
        connection, f"INSERT INTO memberships ({columns})", with_checksums("memberships", records)
    )
