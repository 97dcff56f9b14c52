"""What a person decides about specimens of a queue; every decision is a determination."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from ..arrays import Codes
from ..collection import Collection
from ..errors import ChangedError, NotFoundError, UsageError
from ..storage.determinations import CALLED_NOW, as_kept
from ..storage.specimens.listing import accepted_of
from ..storage.specimens.namings import Naming, require_unchanged
from ..taxonomy import (
    RANKS,
    SPECIES,
    Lineage,
    left_unread,
    lowest_name,
    lowest_rank,
    no_higher_name,
    same_taxon,
)
from .queues import Entry, Queue

DecisionKind = Literal["accept", "correct", "dismiss"]


@dataclass(frozen=True)
class Decision:
    """What is decided about specimens that a queue asks about, all of them or none.

    Attributes:
        kind: they get the name that the queue proposes, or another, or theirs is confirmed.
        specimen_ids: of duplicates one stands for all that share its picture, to be accepted.
        by: who decides.
        remarks: why.
        name: the other one; see `lineage_of`.
        names: the lowest name that was proposed for some of them when they were looked at.
        versions: of those that were looked at; see `determine_all`.
    """

    kind: DecisionKind
    specimen_ids: Sequence[str]
    by: str
    remarks: str = ""
    name: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)


def decide(collection: Collection, decision: Decision, queue: Callable[[], Queue]) -> list[int]:
    """Carry out a decision, and return its determinations.

    Args:
        queue: what gives the queue as it stands now; called only to accept what it proposes.

    Raises:
        ChangedError: a specimen was determined since it was looked at, or another name is proposed.
        NotFoundError: the collection or the queue has no such specimen.
        UsageError: no such name can be given; see `accepted`, `corrected` and `confirmed`.
    """
    # First of all: what somebody has decided about has another name, and stands in no queue.
    require_unchanged(collection.database, decision.versions)
    specimens, remarks = list(dict.fromkeys(decision.specimen_ids)), decision.remarks
    if decision.kind == "accept":
        entries = _as_looked_at(queue(), specimens, decision.names)
        namings = accepted(collection, entries, remarks)
    elif decision.kind == "correct":
        namings = corrected(collection, specimens, decision.name, remarks)
    else:
        namings = confirmed(collection, specimens, remarks)
    return collection.determine_all(namings, by=decision.by, versions=decision.versions)


def _as_looked_at(
    queue: Queue, specimen_ids: Sequence[str], names: Mapping[str, str]
) -> list[Entry]:
    """Return the entries of specimens, for which what was seen must still be proposed."""
    entries = [queue.find(one, evidence=False) for one in specimen_ids]
    for one, entry in zip(specimen_ids, entries, strict=True):
        now = lowest_name(entry.proposed_lineage or ())
        if names.get(one, now) != now:
            raise ChangedError(
                f"For specimen '{one}' {now or 'no name'} is proposed by now and not "
                f"{names[one] or 'none'}; look at it again, then decide"
            )
    return entries


def dismiss(collection: Collection, specimen_id: str, *, by: str, remarks: str = "") -> int:
    """Confirm the name that a specimen has, and return the determination; see `confirmed`.

    Raises:
        NotFoundError: the collection has no such specimen.
        UsageError: it has no name that could be confirmed.
    """
    return collection.determine_all(confirmed(collection, [specimen_id], remarks), by=by)[0]


def confirmed(collection: Collection, specimen_ids: Sequence[str], remarks: str) -> list[Naming]:
    """Return what confirms the names that specimens have.

    No queue of names asks about them again, until that is undone.

    Raises:
        NotFoundError: the collection has no such specimen.
        UsageError: one has no name that could be confirmed.
    """
    said = "; ".join(text for text in ("name confirmed in review", remarks) if text)
    return [Naming(one, *_own_name(collection, one), said) for one in specimen_ids]


def correct(
    collection: Collection, specimen_id: str, name: str, *, by: str, remarks: str = ""
) -> int:
    """Give a specimen another name, and return the determination; see `lineage_of`.

    Raises:
        NotFoundError: the collection has no such specimen.
        UsageError: the name cannot be read, or the specimen has it already.
    """
    return collection.determine_all(corrected(collection, [specimen_id], name, remarks), by=by)[0]


def corrected(
    collection: Collection, specimen_ids: Sequence[str], name: str, remarks: str
) -> list[Naming]:
    """Return what gives specimens another name; see `lineage_of`.

    Of several those that have it already are confirmed: one of two copies is named rightly.

    Raises:
        NotFoundError, UsageError: see `correct`.
    """
    lineage = lineage_of(collection, name)
    right = [one for one in specimen_ids if lineage == _accepted(collection, one)[0]]
    if right and len(right) == len(specimen_ids):
        raise UsageError(
            f"Specimen '{right[0]}' is called {lowest_name(lineage)} already; dismiss it to "
            "confirm that"
        )
    kept = {one.specimen_id: one for one in confirmed(collection, right, remarks)}
    return [kept.get(one) or Naming(one, lineage, "", remarks) for one in specimen_ids]


def accept(collection: Collection, entry: Entry, *, by: str, remarks: str = "") -> list[int]:
    """Give the specimens of an entry the name that it proposes; see `accepted`.

    Raises:
        UsageError: it proposes none.
    """
    return collection.determine_all(accepted(collection, [entry], remarks), by=by)


def accepted(collection: Collection, entries: Iterable[Entry], remarks: str) -> list[Naming]:
    """Return what gives the specimens of entries the names that these propose.

    Of several specimens those that have the name already are left alone.

    Raises:
        UsageError: one proposes none.
    """
    namings: dict[str, Naming] = {}
    for entry in entries:
        lineage = entry.proposed_lineage
        if lineage is None:
            raise UsageError(
                f"No name is proposed for specimen '{entry.specimen_ids[0]}'; correct it to one, "
                "or dismiss it"
            )
        for one in entry.specimen_ids:
            # One by itself has another name, if only a homonym's.
            if len(entry.specimen_ids) == 1 or not _is_called(collection, one, lineage):
                namings.setdefault(one, Naming(one, lineage, "", remarks))
    return list(namings.values())


def lineage_of(collection: Collection, name: str) -> Lineage:
    """Return the lineage of a name that the collection has, or of a new species.

    Args:
        name: of a taxon; as `rank=name` where several are called so, or none is yet.

    Raises:
        UsageError: none of one word is called so, several are, or the rank is none.
    """
    rank, told, rest = name.partition("=")
    if told:
        if rank.strip() not in RANKS:
            raise UsageError(f"'{rank.strip()}' is no rank; choose one of {', '.join(RANKS)}")
        return _known(collection, rest.strip(), (rank.strip(),)) or _new(
            collection, rest.strip(), rank.strip()
        )
    found = _known(collection, name.strip(), RANKS)
    if found is None and len(name.split()) < 2:
        raise UsageError(
            f"The collection has no taxon '{name.strip()}'; write 'Genus species', or the rank "
            "with it, such as genus=Xestia"
        )
    return found or _new(collection, " ".join(name.split()), "species")


def _known(collection: Collection, name: str, ranks: tuple[str, ...]) -> Lineage | None:
    taxa = collection.taxa()
    codes = [(rank, code) for rank in ranks for _, _, code in taxa.ranks[rank].known.get(name, [])]
    specimens = _specimens(collection, name, ranks, taxa.most)
    used = [one for one in codes if specimens[taxa.called(*one)].any()]
    # What nobody is called any more makes no name ambiguous.
    found = {(rank, taxa.lineage(rank, code, specimens)) for rank, code in used or codes}
    if len(found) > 1:
        told = "; ".join(sorted(" ".join(filter(None, lineage)) for _, lineage in found))
        raise UsageError(
            f"Several taxa are called '{name}' ({told}); name the specimen where its lineage can "
            "be given, in a manifest"
        )
    return found.pop()[1] if found else None


def _specimens(collection: Collection, name: str, ranks: tuple[str, ...], most: int) -> Codes:
    """Return how many specimens have each taxon of a name, int64 [most + 1], by its id."""
    where = " OR ".join(f'"{rank}" = ?' for rank in ranks)
    found = collection.database.read(CALLED_NOW.format(where), (name,) * len(ranks))
    counts = np.zeros(most + 1, np.int64)
    for taxon_id, count in found:
        if taxon_id <= most:  # a later one was just added
            counts[taxon_id] = count
    return counts


def _new(collection: Collection, name: str, rank: str) -> Lineage:
    lineage = tuple(name if one == rank else "" for one in RANKS)
    if rank == "species":
        read = as_kept(collection.database.connection(), lineage).lineage if name else lineage
        sentence = left_unread(name, read)
        if not read[SPECIES] and sentence is None:
            sentence = f"'{name}' names no species; write one such as 'Xestia baja'"
    else:
        sentence = no_higher_name(rank, name) or _other_rank(collection, name, rank)
    if sentence is not None:
        raise UsageError(sentence)
    return lineage


def _other_rank(collection: Collection, name: str, rank: str) -> str | None:
    """Return the sentence on a name that the collection has at another rank, else None."""
    found = None if rank == RANKS[0] else _known(collection, name, RANKS[1:])
    if found is None:
        return None
    return f"The collection has {name} as a {lowest_rank(found)}; write {name} alone"


def _is_called(collection: Collection, specimen_id: str, lineage: Lineage) -> bool:
    own, _ = _accepted(collection, specimen_id)
    return lowest_name(own) == lowest_name(lineage) and same_taxon(own, lineage)


def _own_name(collection: Collection, specimen_id: str) -> tuple[Lineage, str]:
    lineage, qualifier = _accepted(collection, specimen_id)
    if not any(lineage):
        raise UsageError(f"Specimen '{specimen_id}' has no name to confirm; correct it to one")
    return lineage, qualifier


def _accepted(collection: Collection, specimen_id: str) -> tuple[Lineage, str]:
    """Return the accepted lineage of a specimen and its qualifier."""
    if not collection.database.read(
        "SELECT 1 FROM images WHERE specimen_id = ? LIMIT 1", (specimen_id,)
    ):
        raise NotFoundError(f"{collection.folder} has no specimen '{specimen_id}'")
    found = accepted_of(collection.database, specimen_id)
    if found is None:
        return ("",) * len(RANKS), ""
    return found.lineage, found.said["qualifier"]
