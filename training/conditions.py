"""The conditions under which pictures were taken: places, series or days, as a table has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.search.column_reader import read_column

from .tuning.folds import united

COLUMNS = ("locality", "series", "date")
_FEWEST = 5  # conditions
_FEWEST_SPECIES = 3  # of several conditions
_LEAST = 0.5  # share of the named images whose species was met under several
_LARGEST = 0.5  # share of all images that one condition may have


@dataclass(frozen=True, eq=False)
class Conditions:
    """What pictures that were taken together have in common.

    Attributes:
        column: of the manifest, which tells them apart.
        groups: int64 [n], pictures of one specimen or of one condition are of one group.
    """

    column: str
    groups: Codes


def conditions_of(
    collection: Collection, gallery: Gallery, species: Codes, specimens: Codes
) -> Conditions | None:
    """Return the conditions by which folds can be dealt; None where nothing tells them.

    Who asks later comes from another place or day than the gallery. A fit whose folds mix these
    promises more than it keeps.

    Args:
        collection: of the gallery.
        gallery: n images.
        species: int64 [n], -1 where not named.
        specimens: int64 [n].
    """
    for column in COLUMNS:
        codes = _codes(collection, gallery, column)
        if codes is None:
            continue
        groups = united(specimens, codes)
        if _tell(groups, species):
            return Conditions(column, groups)
    return None


def _codes(collection: Collection, gallery: Gallery, column: str) -> Codes | None:
    """Return the values of a column, int64 [n], -1 for none; None without any."""
    try:
        found = read_column(collection, gallery, column)
    except UsageError:  # nobody has such a column
        return None
    if not len(found.values) or found.missing > len(gallery) // 2:
        return None
    days = [value.partition("T")[0].partition(" ")[0] for value in found.values]
    values = days if column == "date" else list(found.values)
    of_value = np.unique(values, return_inverse=True)[1].astype(np.int64)
    return np.where(found.codes < 0, -1, of_value[found.codes])


def _tell(groups: Codes, species: Codes) -> bool:
    """Return whether leaving out groups leaves enough to recognise their species by."""
    named = species >= 0
    if not named.any():
        return False
    sizes = np.unique(groups, return_counts=True)[1]
    if len(sizes) < _FEWEST or sizes.max() > _LARGEST * len(groups):
        return False
    pairs = np.unique(np.stack([species[named], groups[named]]), axis=1)
    found, counts = np.unique(pairs[0], return_counts=True)
    several = found[counts > 1]
    share = np.isin(species[named], several).mean()
    return len(several) >= _FEWEST_SPECIES and bool(share >= _LEAST)
