"""Taxa: their ranks and lineages, and one reading of names for all ways in."""

from .given import left_unread, no_higher_name
from .lineage import (
    ADDED_COLUMNS,
    QUALIFIER,
    VERBATIM,
    Identification,
    parse_lineage,
    read_lineage,
    spellings,
)
from .missing import is_missing
from .ranks import (
    GENUS,
    RANKS,
    SPECIES,
    Lineage,
    TaxonNameError,
    by_rank,
    lowest_name,
    lowest_rank,
    name_at,
)
from .scientific_name import ScientificName, genus_of, read_name
from .siblings import Siblings, is_open, joined, same_taxon
from .spelling import clean_name

__all__ = [
    "ADDED_COLUMNS",
    "GENUS",
    "QUALIFIER",
    "RANKS",
    "SPECIES",
    "VERBATIM",
    "Identification",
    "Lineage",
    "ScientificName",
    "Siblings",
    "TaxonNameError",
    "by_rank",
    "clean_name",
    "genus_of",
    "is_missing",
    "is_open",
    "joined",
    "left_unread",
    "lowest_name",
    "lowest_rank",
    "name_at",
    "no_higher_name",
    "parse_lineage",
    "read_lineage",
    "read_name",
    "same_taxon",
    "spellings",
]
