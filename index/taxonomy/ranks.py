"""Ranks, and lineages: one name a rank."""

from __future__ import annotations

RANKS = ("category", "kingdom", "phylum", "class", "order", "family", "genus", "species")
SPECIES = RANKS.index("species")
GENUS = RANKS.index("genus")

Lineage = tuple[str, ...]


class TaxonNameError(ValueError):
    """A name that cannot be what its column says."""


def lowest_rank(lineage: Lineage) -> str | None:
    """Return the finest rank that is named, or None for a lineage that names nothing.

    >>> lowest_rank(("Moth", "", "", "", "", "Noctuidae", "Xestia", ""))
    'genus'
    """
    for rank, name in zip(reversed(RANKS), reversed(lineage), strict=True):
        if name:
            return rank
    return None


def by_rank(lineage: Lineage) -> dict[str, str]:
    """Return the names of a lineage by rank, those that are known.

    >>> by_rank(("Moth", "", "", "", "", "Noctuidae", "Xestia", ""))
    {'category': 'Moth', 'family': 'Noctuidae', 'genus': 'Xestia'}
    """
    return {rank: name for rank, name in zip(RANKS, lineage, strict=True) if name}


def lowest_name(lineage: Lineage) -> str:
    """Return the name at the finest rank that is named, empty where none is."""
    return next((name for name in reversed(lineage) if name), "")


def name_at(lineage: Lineage, rank: str) -> str:
    """Return the name at a rank, empty where it is not known."""
    return lineage[RANKS.index(rank)]
