"""Ranks, names and lineages.

A lineage is a tuple with one name per rank of `RANKS`, coarse to fine, and an empty string where
the name is not known. Names are kept as the user wrote them: complexes (`Noctua janthina/janthe`),
hybrids (`Quercus x turneri`) and open nomenclature (`Xestia sp. 1`, `cf.`, `aff.`) stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

RANKS = ("category", "kingdom", "phylum", "class", "order", "family", "genus", "species")
SPECIES = RANKS.index("species")
GENUS = RANKS.index("genus")

Lineage = tuple[str, ...]

_GENUS = re.compile(r"[^\W\d_][\w-]*")


class TaxonNameError(ValueError):
    """A name that cannot be what its column says."""


def clean_name(name: str) -> str:
    """Return the name with underscores as spaces and single spaces.

    >>> clean_name(" Xestia_c-nigrum ")
    'Xestia c-nigrum'
    """
    return " ".join(name.replace("_", " ").split())


def genus_of(species: str) -> str:
    """Return the genus of a binomial.

    >>> genus_of("Quercus x turneri")
    'Quercus'
    """
    return species.split(" ", 1)[0]


def parse_lineage(row: Mapping[str, str]) -> tuple[Lineage, str | None]:
    """Return the lineage that a row of a manifest states, and a note where it was mended.

    The genus is taken from the binomial where its own column is empty. A `species` that holds only
    an epithet is joined with the genus column, as Darwin Core's `specificEpithet` is written. A
    `species` that is one word without a genus is a genus: the specimen is labelled to genus only.

    Raises:
        TaxonNameError: a binomial that has no genus, or another one than the genus column.

    >>> parse_lineage({"species": "Xestia baja", "family": "Noctuidae"})[0][-3:]
    ('Noctuidae', 'Xestia', 'Xestia baja')
    """
    names = [clean_name(row.get(rank, "")) for rank in RANKS]
    species, genus = names[SPECIES], names[GENUS]
    if not species:
        return tuple(names), None
    if " " not in species:
        if not genus or genus.casefold() == species.casefold():
            if not _GENUS.fullmatch(species):
                raise TaxonNameError(
                    f"species '{species}' is not a name; write 'Genus epithet', or leave it empty"
                )
            names[GENUS], names[SPECIES] = genus or species.capitalize(), ""
            note = f"species '{species}' is one word, so it is kept as genus {names[GENUS]} only"
            return tuple(names), note
        species = f"{genus} {species}"
    first = genus_of(species)
    if not _GENUS.fullmatch(first):
        raise TaxonNameError(
            f"species '{species}' does not begin with a genus; write 'Genus epithet'"
        )
    if genus and first.casefold() != genus.casefold():
        raise TaxonNameError(
            f"species '{species}' is not in genus '{genus}'; correct one of the two columns"
        )
    names[SPECIES], names[GENUS] = species, genus or first
    return tuple(names), None


def lowest_rank(lineage: Lineage) -> str | None:
    """Return the finest rank that is named, or None for a lineage that names nothing.

    >>> lowest_rank(parse_lineage({"category": "Moth", "genus": "Xestia"}))
    'genus'
    """
    for rank, name in zip(reversed(RANKS), reversed(lineage), strict=True):
        if name:
            return rank
    return None


def lowest_name(lineage: Lineage) -> str:
    """Return the name at the finest rank that is named, empty where none is."""
    return next((name for name in reversed(lineage) if name), "")


def name_at(lineage: Lineage, rank: str) -> str:
    """Return the name at a rank, empty where it is not known."""
    return lineage[RANKS.index(rank)]
