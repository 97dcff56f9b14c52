"""The lineage that a person means who gives a cluster a name, or a place."""

from __future__ import annotations

from ..database.connection import Database
from ..errors import UsageError
from ..storage.clusters.records import Facts
from ..storage.determinations import CALLED_NOW, as_kept
from ..taxonomy import (
    GENUS,
    RANKS,
    SPECIES,
    Lineage,
    left_unread,
    lowest_rank,
    no_higher_name,
)
from ..ways import option
from .names import is_provisional, provisional_lineage, stem_of

_TAXON = ", ".join(f'"{rank}"' for rank in RANKS)


def named_lineage(
    database: Database, facts: Facts, name: str, under: str = ""
) -> tuple[Lineage, str]:
    """Return the lineage and the qualifier of a name that is given to a cluster.

    A species that the collection has is meant with the lineage that it has there.

    Args:
        facts: the cluster's.
        name: as somebody wrote it.
        under: where a new name belongs, such as `family=Noctuidae`.

    Raises:
        UsageError: it cannot be read, or names nothing.
    """
    written = " ".join(name.split())
    parent = parent_lineage(database, under, facts) if under else tuple(facts.get("under", ()))
    if is_provisional(written) and not under:
        lineage = _known(database, "species", written)
        if lineage is not None:
            return lineage, _qualifier(lineage)
        if parent and written.startswith(f"{stem_of(parent)} "):
            return provisional_lineage(parent, written)
    if is_provisional(written) and under and written.startswith(f"{stem_of(parent)} "):
        return provisional_lineage(parent, written)
    row = [""] * len(RANKS)
    row[SPECIES] = written
    unread = f"'{name}' is not read as the name of a taxon; write one such as 'Xestia baja'"
    if not written:
        raise UsageError(unread)
    try:
        found = as_kept(database.connection(), tuple(row))
    except UsageError as error:
        raise UsageError(unread) from error
    read = found.lineage[SPECIES]
    if is_provisional(read) and read != written and not found.lineage[GENUS]:
        # `Noctuidae gen. sp. 1?` is given where `Noctuidae gen. sp. 1` is.
        return named_lineage(database, facts, read, under)[0], found.qualifier
    _require_whole(written, found.lineage)
    return _completed(found.lineage, parent, bool(under)), found.qualifier


def _require_whole(written: str, lineage: Lineage) -> None:
    """Refuse what is more than what is read of it.

    Raises:
        UsageError: the message says what is read.
    """
    is_read = bool(lineage[GENUS]) and is_provisional(lineage[SPECIES])
    if is_provisional(written) and not is_read:
        stem = written.partition(" ")[0]
        raise UsageError(
            f"'{written}' is no species of the collection, and the cluster does not hang under "
            f"{stem}; say where it belongs, such as family={stem} ({option('under')})"
        )
    sentence = left_unread(written, lineage)
    if sentence is not None:
        raise UsageError(sentence)


def _qualifier(lineage: Lineage) -> str:
    return provisional_lineage((*lineage[:SPECIES], ""), lineage[SPECIES])[1]


def _completed(lineage: Lineage, parent: Lineage, told: bool) -> Lineage:
    """Return a lineage with the higher names of a parent, where it has none of its own.

    Args:
        told: a person named the parent, so it counts wherever the lineage says nothing.
    """
    higher = lineage[:GENUS]
    rank = lowest_rank(lineage)
    place = RANKS.index(rank) if rank else 0
    if not parent or (any(higher) and not told) or place < GENUS:
        return lineage
    if parent[GENUS] and parent[GENUS] != lineage[GENUS] and not told:
        return lineage
    filled = (own or its for own, its in zip(higher, parent[:GENUS], strict=True))
    return (*filled, *lineage[GENUS:])


def parent_lineage(database: Database, under: str, facts: Facts) -> Lineage:
    """Return the lineage of a taxon above the species, such as `genus=Xestia`.

    Args:
        facts: of a cluster. It stays in the category that it hangs under, where none is known,
            unless another taxon of that rank is denied by this one.

    Raises:
        UsageError: it is no rank above the species and a name.
    """
    rank, equals, name = under.partition("=")
    rank, name = rank.strip().lower(), " ".join(name.split())
    if rank not in RANKS[:SPECIES] or not equals or not name:
        ranks = ", ".join(RANKS[:SPECIES])
        raise UsageError(f"'{under}' is no place; write a rank of {ranks} and a name, genus=Xestia")
    place = RANKS.index(rank)
    found = _known(database, rank, name)
    if found is None:
        _require_higher(database, rank, name)
        row = [""] * len(RANKS)
        row[place] = name
        found = as_kept(database.connection(), tuple(row)).lineage
    category, *_ = hung = tuple(facts.get("under", ())) or ("",) * len(RANKS)
    is_denied = hung[place] not in ("", found[place])
    return found if is_denied or found[0] else (category, *found[1:])


def _require_higher(database: Database, rank: str, name: str) -> None:
    """Refuse what cannot be a new taxon above the species.

    Raises:
        UsageError: it is not one word of letters, or the collection has it at another rank.
    """
    sentence = no_higher_name(rank, name)
    if sentence is not None:
        raise UsageError(sentence)
    for other in RANKS[1:SPECIES]:
        if rank != RANKS[0] and other != rank and _known(database, other, name) is not None:
            raise UsageError(f"The collection has {name} as a {other}; write {other}={name}")


def _known(database: Database, rank: str, name: str) -> Lineage | None:
    """Return the fullest lineage that specimens have of a taxon, cut off below it.

    Of two the one that most have; one that nobody has any more only where it is the only one.
    """
    place = RANKS.index(rank)
    told = " + ".join(f"(\"{higher}\" <> '')" for higher in RANKS[:place]) or "NULL"
    above = ", ".join(f'"{one}"' for one in RANKS[: place + 1])
    condition = f'"{rank}" = ? COLLATE NOCASE'
    found = database.read(
        f"SELECT {_TAXON}, coalesce(sum(specimens), 0) AS many FROM taxa "
        f"LEFT JOIN ({CALLED_NOW.format(condition)}) USING (taxon_id) WHERE {condition} "
        f"GROUP BY {above} ORDER BY many > 0 DESC, {told} DESC, many DESC, "
        "min(taxon_id) LIMIT 1",
        (name, name),
    )
    if not found:
        return None
    return (*tuple(found[0])[: place + 1], *[""] * (len(RANKS) - place - 1))
