"""What a map is coloured by: the values of a column, the most frequent first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...arrays import Codes, Flags, Floats
from ...collection import Collection
from ...search.column_reader import read_column
from ...search.spans import number_of
from ...taxonomy import RANKS
from ..morphospace import Morphospace

_ITALIC = ("genus", "species")
_MEASURED = 12  # different numbers from which on a column is a measurement, not a list of classes


@dataclass(frozen=True, eq=False)
class Groups:
    """The images of a figure by their value of a column.

    Attributes:
        column: as the collection writes it; empty where nothing is asked for.
        names: the values that the images have, the most frequent first.
        codes: int64 [n], positions in `names`, -1 for images without a value.
        numbers: float64 [names], where the column is a measurement; else None.
    """

    column: str
    names: Sequence[str]
    codes: Codes
    numbers: Floats | None = None

    @property
    def italic(self) -> bool:
        """Whether the names are those of genera or species."""
        return self.column in _ITALIC

    @property
    def counts(self) -> Codes:
        """How many images have each value, int64 [names]."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))

    def short_names(self) -> list[str]:
        """Return the names as a crowded figure has them: genera by their first letter.

        Two species that would be called alike keep their genera.
        """
        if self.column != "species":
            return list(self.names)
        short = [_abbreviated(name) for name in self.names]
        times = Counter(short)
        pairs = zip(self.names, short, strict=True)
        return [name if times[brief] > 1 else brief for name, brief in pairs]


def groups_of(
    collection: Collection, shown: Morphospace, column: str | None, allowed: Flags | None
) -> Groups:
    """Return the images of a map by a column.

    Args:
        collection: of the map.
        shown: the map.
        column: a rank, a column of every collection, or one of the user's own; None takes the
            finest rank at which any image is named.
        allowed: bool [n], the images of the figure; None for all.

    Raises:
        UsageError: there is no such column.
    """
    if column is None:
        column = next(iter(reversed(shown.gallery.ranks)), None)
    if column is None:  # nothing is named
        size = len(shown) if allowed is None else int(allowed.sum())
        return Groups("", [], np.full(size, -1, np.int64))
    read = read_column(collection, shown.gallery, column)
    codes = read.codes if allowed is None else read.codes[allowed]
    return grouped(read.name, read.values, codes)


def grouped(column: str, values: Sequence[str], codes: Codes) -> Groups:
    """Return images by their values of a column.

    Args:
        column: as the collection writes it.
        values: of the column.
        codes: int64 [n], positions in `values`, -1 for images without one.
    """
    there, counts = np.unique(codes[codes >= 0], return_counts=True)
    names = [values[code] for code in there]
    order = sorted(range(len(there)), key=lambda place: (-counts[place], names[place]))
    position = np.full(len(values) + 1, -1, np.int64)
    position[there[order]] = np.arange(len(there))
    ordered = [names[place] for place in order]
    return Groups(column, ordered, position[codes], _numbers(column, ordered))


def _numbers(column: str, names: Sequence[str]) -> Floats | None:
    """Return the numbers that all values of a column are; None where it holds names."""
    if column in RANKS or len(names) < _MEASURED:
        return None
    found = [number_of(name) for name in names]
    return None if None in found else np.array(found, np.float64)


def _abbreviated(species: str) -> str:
    genus, space, epithet = species.partition(" ")
    return f"{genus[0]}. {epithet}" if space and genus else species
