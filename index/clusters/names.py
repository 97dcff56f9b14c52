"""Provisional names in open nomenclature: `Xestia sp. 1`, `Noctuidae gen. sp. 2`.

The number is counted up for each parent and is never given twice. A cluster that is found again
keeps the name that it had: of the clusters of earlier runs it takes the name of the one that it
shares most specimens with, if they share at least half of all that either has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ..database.connection import Database
from ..database.sql import run_over
from ..storage.clusters.records import given_names
from ..taxonomy import GENUS, RANKS, Lineage, lowest_rank, name_at

_SAME = 0.5  # share of the specimens of either that are of both
_NUMBERED = re.compile(r"(.+ sp\.) (\d+)")
_UNPLACED = "Incertae sedis sp."


def stem_of(parent: Lineage) -> str:
    """Return what stands before the number of a provisional name.

    >>> stem_of(("Moth", "", "", "", "", "Noctuidae", "", ""))
    'Noctuidae gen. sp.'
    """
    rank = lowest_rank(parent)
    if rank is None:
        return _UNPLACED
    name = name_at(parent, rank)
    return f"{name} sp." if rank == "genus" else f"{name} gen. sp."


def is_provisional(name: str) -> bool:
    """Return whether a name is one of those that are given here.

    >>> is_provisional("Xestia sp. 1"), is_provisional("Xestia baja")
    (True, False)
    """
    return _NUMBERED.fullmatch(name) is not None


def provisional_lineage(parent: Lineage, name: str) -> tuple[Lineage, str]:
    """Return the lineage of a provisional taxon, and its qualifier in open nomenclature."""
    lineage = (*parent[: GENUS + 1], name)
    stem = name_at(parent, lowest_rank(parent) or RANKS[0])
    return lineage, name.removeprefix(f"{stem} ") if stem else name


class Names:
    """The names that a collection has given, and the next free ones."""

    def __init__(self, database: Database) -> None:
        self._last: dict[str, int] = {}
        for name in given_names(database):
            self._take(name)

    def _take(self, name: str) -> None:
        found = _NUMBERED.fullmatch(name)
        if found and len(found[2]) < 10:
            key = found[1].casefold()
            self._last[key] = max(self._last.get(key, 0), int(found[2]))

    def new(self, parent: Lineage) -> str:
        """Return the next name under a parent."""
        stem = stem_of(parent)
        name = f"{stem} {self._last.get(stem.casefold(), 0) + 1}"
        self._take(name)
        return name


def names_for(
    database: Database, members: Sequence[Iterable[str]], parents: Sequence[Lineage]
) -> list[str]:
    """Return a name for every cluster.

    Args:
        members: of each, its specimens.
        parents: of each, the lineage that it hangs under.
    """
    names, kept = Names(database), _kept(database, members)
    return [
        kept[place] if kept.get(place, "").startswith(f"{stem_of(parent)} ") else names.new(parent)
        for place, parent in enumerate(parents)
    ]


def _kept(database: Database, members: Sequence[Iterable[str]]) -> dict[int, str]:
    """Return the names of clusters that earlier runs found, by their places here."""
    place_of = {one: place for place, those in enumerate(members) for one in those}
    size = Counter(place_of.values())
    query = "SELECT DISTINCT specimen_id, cluster_id FROM memberships WHERE specimen_id IN"
    both = Counter(
        (place_of[specimen], cluster)
        for specimen, cluster in run_over(database.read, query, list(place_of))
        if cluster is not None
    )
    earlier = {cluster for _, cluster in both}
    query = "SELECT cluster_id, specimen_id FROM memberships WHERE cluster_id IN"
    sizes = Counter(
        record[0] for record in set(map(tuple, run_over(database.read, query, sorted(earlier))))
    )
    query = "SELECT cluster_id, json_extract(facts, '$.name') FROM clusters WHERE cluster_id IN"
    called = dict(map(tuple, run_over(database.read, query, sorted(earlier))))
    shares = sorted(
        (-count / (size[place] + sizes[cluster] - count), -cluster, place)
        for (place, cluster), count in both.items()
    )
    found: dict[int, str] = {}
    for share, cluster, place in shares:
        name = called[-cluster]
        free = place not in found and name not in found.values()
        if -share >= _SAME and free and is_provisional(name):
            found[place] = name
    return found
