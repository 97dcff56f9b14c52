"""Clusterings, their clusters, decisions and members, as they are stored."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...database.connection import Database
from ...database.sql import countable, run_over
from ...errors import CorruptError, NotFoundError
from ...files.plain_json import read_json
from ...taxonomy import RANKS
from ...ways import way
from ..determinations import Standing

Facts = Mapping[str, Any]

_UNCALIBRATED = (
    "The collection is not calibrated, so nothing can be set aside as known and everything was "
    "clustered"
)

_STANDS = "(SELECT count(*) FROM decisions AS u WHERE u.root = {}.decision_id) % 2 = 0"

# The latest membership of every specimen whose decision stands, in one clustering.
_MEMBERS = (
    "SELECT m.specimen_id, m.cluster_id FROM decisions AS d "
    "JOIN memberships AS m USING (decision_id) WHERE d.clustering_id = ? AND "
    f"{_STANDS.format('d')} ORDER BY m.membership_id"
)
_OF_CLUSTER = (
    "SELECT m.specimen_id FROM memberships AS m JOIN decisions AS d USING (decision_id) "
    f"WHERE m.cluster_id = ? AND {_STANDS.format('d')} AND NOT EXISTS ("
    "SELECT 1 FROM memberships AS l JOIN decisions AS e USING (decision_id) "
    "WHERE l.specimen_id = m.specimen_id AND l.membership_id > m.membership_id "
    f"AND e.clustering_id = d.clustering_id AND {_STANDS.format('e')}) ORDER BY m.membership_id"
)

_GIVEN = (
    "SELECT json_extract(facts, '$.name') FROM clusters UNION "
    "SELECT json_extract(c.value, '$.name') FROM decisions, "
    "json_each(decisions.about, '$.clusters') AS c UNION SELECT species FROM taxa"
)


@dataclass(frozen=True)
class Clustering:
    """A run that grouped specimens.

    Attributes:
        space: the name of the space whose vectors were grouped.
        source: what was asked for.
        parameters: how, as JSON-ready values.
        made_by, made_at: by whom, and when, ISO 8601.
    """

    clustering_id: int
    space: str
    source: str
    parameters: Facts
    made_by: str
    made_at: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {**vars(self), "parameters": self.told_parameters()}

    def told_parameters(self) -> dict[str, Any]:
        """Return how it was made, with notes in the words of who asks now, not of who made it."""
        kept = self.parameters.get("notes", ())
        notes = [one for one in kept if not one.startswith(_UNCALIBRATED)]  # it was kept once
        if not self.parameters.get("calibrated", True):
            notes.insert(0, f"{_UNCALIBRATED}; run {way('calibrate')} first")
        return {**self.parameters, "notes": notes}


@dataclass(frozen=True)
class Decision:
    """What somebody decided about clusters, or an undo of that.

    Attributes:
        kind: `name`, `place`, `accept`, `merge`, `split`, `move`, `reject`, `set aside`, `undo`,
            or `cluster` for the clustering itself.
        what: it in words.
        clusters: of every cluster that it is about, the facts that it changes.
        undoes: the decision or undo that an undo takes back; None for a decision.
        stands: it has not been undone.
    """

    decision_id: int
    clustering_id: int
    kind: str
    what: str
    clusters: Mapping[int, Facts]
    decided_by: str
    decided_at: str
    remarks: str
    undoes: int | None
    root: int | None
    stands: bool

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values; what it changed the clusters show."""
        told = {name: value for name, value in vars(self).items() if name != "root"}
        return {**told, "clusters": list(self.clusters)}

    def __str__(self) -> str:
        return f"decision {self.decision_id} ({self.what}) by {self.decided_by}, {self.decided_at}"


@dataclass(frozen=True)
class Cluster:
    """A cluster as it is now.

    Attributes:
        version: the last decision or undo that touched it.
        facts: what is known of it, as JSON-ready values.
        specimens: its members that the collection still has images of.
        images: theirs.
    """

    cluster_id: int
    clustering_id: int
    version: int
    facts: Facts
    specimens: Sequence[str] = ()
    images: Sequence[str] = field(default=())

    @property
    def state(self) -> str:
        """`open`, `placed`, `named`, `merged`, `rejected` or `set aside`."""
        return str(self.facts.get("state", "open"))

    @property
    def name(self) -> str:
        """Its provisional name, or the one that it was given."""
        return str(self.facts["name"])


def clustering(database: Database, clustering_id: int) -> Clustering:
    """Return a clustering.

    Raises:
        NotFoundError: there is none of that number.
    """
    for found in _clusterings(database, "clustering_id = ?", (countable(clustering_id),)):
        return found
    raise NotFoundError(
        f"{database.folder} has no clustering {clustering_id}; give one that {way('cluster')} made"
    )


def clusterings(database: Database) -> list[Clustering]:
    """Return all clusterings, oldest first."""
    return _clusterings(database, "1", ())


def _clusterings(database: Database, where: str, values: Sequence[object]) -> list[Clustering]:
    names = ", ".join(Clustering.__dataclass_fields__)
    query = f"SELECT {names} FROM clusterings WHERE {where} ORDER BY clustering_id"
    return [
        Clustering(**{**dict(found), "parameters": _json(found["parameters"])})
        for found in database.read(query, values)
    ]


def clustering_of(database: Database, cluster_id: int) -> int:
    """Return the number of a cluster's clustering.

    Raises:
        NotFoundError: there is no such cluster.
    """
    query = "SELECT clustering_id FROM clusters WHERE cluster_id = ?"
    for found in database.read(query, (countable(cluster_id),)):
        return int(found[0])
    raise NotFoundError(
        f"{database.folder} has no cluster {cluster_id}; {way('clusters list')} shows them"
    )


def decisions(database: Database, clustering_id: int | None = None) -> list[Decision]:
    """Return the decisions and undos about one clustering, or about all, oldest first.

    Raises:
        NotFoundError: there is no such clustering.
    """
    where, values = "1", tuple[int, ...]()
    if clustering_id is not None:
        clustering(database, clustering_id)
        where, values = "clustering_id = ?", (clustering_id,)
    return decisions_in(
        database.read(f"SELECT * FROM decisions WHERE {where} ORDER BY decision_id", values)
    )


def decisions_in(records: Iterable[sqlite3.Row]) -> list[Decision]:
    """Return the decisions of rows of the table, in their order."""
    rows = list(records)
    standing = Standing()
    for row in rows:
        standing.append(row["decision_id"], row["undoes"])
    about = {row["decision_id"]: _json(row["about"]) for row in rows}
    return [_decision(row, about, row["decision_id"] in standing.events) for row in rows]


def _decision(row: sqlite3.Row, about: Mapping[int, Facts], stands: bool) -> Decision:
    said, rooted = about[row["decision_id"]], about[row["root"] or row["decision_id"]]
    names = "decision_id clustering_id kind decided_by decided_at remarks undoes root".split()
    return Decision(
        **{name: row[name] for name in names},
        what=str(said.get("what", "")),
        clusters={int(one): facts for one, facts in rooted.get("clusters", {}).items()},
        stands=stands,
    )


def decision(database: Database, decision_id: int) -> Decision:
    """Return a decision or an undo.

    Raises:
        NotFoundError: there is none of that number.
    """
    query = "SELECT clustering_id FROM decisions WHERE decision_id = ?"
    for record in database.read(query, (countable(decision_id),)):
        for found in decisions(database, record[0]):
            if found.decision_id == decision_id:
                return found
    raise NotFoundError(
        f"{database.folder} has no decision {decision_id}; {way('clusters log')} shows them"
    )


def current(
    database: Database, clustering_id: int, only: Sequence[int] | None = None
) -> dict[int, Cluster]:
    """Return the clusters of a clustering as they are now, without their members, by number.

    Args:
        only: these clusters; None for all.
    """
    query = "SELECT cluster_id, decision_id, facts FROM clusters WHERE"
    made = (
        database.read(f"{query} clustering_id = ? ORDER BY cluster_id", (clustering_id,))
        if only is None
        else run_over(database.read, f"{query} cluster_id IN", only)
    )
    taken = decisions(database, clustering_id)
    stands = {one.decision_id: one.stands for one in taken}
    facts = {row["cluster_id"]: dict(_json(row["facts"])) for row in made}
    versions = {row["cluster_id"]: int(row["decision_id"]) for row in made}
    for one in taken:
        for cluster_id, changed in one.clusters.items():
            if cluster_id not in facts:
                continue
            versions[cluster_id] = one.decision_id
            if one.stands and one.undoes is None:
                facts[cluster_id] |= changed
    return {
        number: Cluster(number, clustering_id, versions[number], _possible(number, facts[number]))
        for number, decided in ((row["cluster_id"], row["decision_id"]) for row in made)
        if stands.get(decided, False)
    }


def _possible(number: int, facts: Facts) -> Facts:
    """Return the facts of a cluster, having refused what this program never writes."""
    texts = [facts.get(name, []) for name in ("typical", "outliers")]
    lineages = [facts.get(name, [""] * len(RANKS)) for name in ("under", "lineage")]
    lists = [*texts, *lineages]
    fits = isinstance(facts.get("name"), str) and all(
        isinstance(one, list) and all(isinstance(text, str) for text in one) for one in lists
    )
    if not fits or any(len(lineage) != len(RANKS) for lineage in lineages):
        raise CorruptError(f"Cluster {number} has facts that cannot be; restore a snapshot")
    return facts


def members(database: Database, clustering_id: int) -> dict[int, list[str]]:
    """Return the specimens of every cluster of a clustering."""
    latest = dict(map(tuple, database.read(_MEMBERS, (clustering_id,))))
    found: dict[int, list[str]] = {}
    for specimen, cluster in latest.items():
        if cluster is not None:
            found.setdefault(cluster, []).append(specimen)
    return found


def given_names(database: Database) -> set[str]:
    """Return the names that any cluster has or had, and those of all species."""
    return {str(found[0]) for found in database.read(_GIVEN) if found[0]}


def named_elsewhere(database: Database, specimens: Sequence[str], clustering_id: int) -> set[str]:
    """Return those of some specimens that were named to species, not by this clustering.

    Imported names count: a specimen that is clustered had none, so they came later.
    """
    query = (
        "SELECT a.specimen_id, e.clustering_id FROM accepted AS a "
        "JOIN determinations AS d USING (determination_id) "
        "JOIN taxa AS t ON t.taxon_id = a.taxon_id "
        "LEFT JOIN decisions AS e ON e.decision_id = d.decision_id "
        "WHERE t.species <> '' AND a.specimen_id IN"
    )
    found = run_over(database.read, query, specimens)
    return {specimen for specimen, by in found if by != clustering_id}


def names_without(
    database: Database, specimens: Sequence[str], clustering_id: int
) -> dict[str, tuple[int | None, str]]:
    """Return the taxa and qualifiers that specimens would have without one clustering."""
    query = (
        "SELECT s.origin = 'human' AS person, s.determination_id, s.specimen_id, s.taxon_id, "
        "s.qualifier FROM standing AS s LEFT JOIN decisions AS e ON e.decision_id = s.decision_id "
        "WHERE s.origin IN ('import', 'human') AND e.clustering_id IS NOT ? AND s.specimen_id IN"
    )
    found = run_over(lambda sql, some: database.read(sql, (clustering_id, *some)), query, specimens)
    return {
        row["specimen_id"]: (row["taxon_id"], row["qualifier"])
        for row in sorted(found, key=lambda row: (row[0], row[1]))
    }


def members_of(database: Database, cluster_id: int) -> list[str]:
    """Return the specimens of one cluster."""
    return [found[0] for found in database.read(_OF_CLUSTER, (cluster_id,))]


def _json(text: str) -> dict[str, Any]:
    try:
        return read_json(text, dict)
    except ValueError as error:
        raise CorruptError(
            f"A record of a clustering cannot be read ({error}); restore a snapshot"
        ) from error


def as_json(value: object) -> str:
    """Return JSON as it is stored."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
