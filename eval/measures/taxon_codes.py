"""The taxa of one rank on both sides of an evaluation, as codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from holotype.index.arrays import Codes


@dataclass(frozen=True)
class TaxonCodes:
    """What queries and gallery images are called at one rank.

    Attributes:
        names: the taxa; a code is a position in it.
        query: int64 [q], the taxon of every query, -1 where it has none at this rank.
        gallery: int64 [n], the same for every gallery image.

    Raises:
        ValueError: a code below -1 or without a name.
    """

    names: Sequence[str]
    query: Codes
    gallery: Codes

    def __post_init__(self) -> None:
        for side, codes in (("query", self.query), ("gallery", self.gallery)):
            bad = (codes < -1) | (codes >= len(self.names))
            if bad.any():
                row = int(bad.argmax())
                raise ValueError(
                    f"{side} {row} has taxon code {codes[row]}; codes are -1 (not labelled) "
                    f"to {len(self.names) - 1}"
                )

    @classmethod
    def split(
        cls, names: Sequence[str], codes: Codes, query_rows: Codes, gallery_rows: Codes
    ) -> TaxonCodes:
        """Return the two sides of a split of one table.

        Args:
            names: the taxa.
            codes: int64 [n], the taxon of every row of the table.
            query_rows: int64 [q], rows that ask.
            gallery_rows: int64 [g], rows that answer.
        """
        return cls(names, codes[query_rows], codes[gallery_rows])

    @classmethod
    def from_names(cls, query: Sequence[str], gallery: Sequence[str]) -> TaxonCodes:
        """Code names; an empty name is not labelled.

        >>> TaxonCodes.from_names(["Xestia", ""], ["Noctua"]).query
        array([ 1, -1])
        """
        names = sorted({*query, *gallery} - {""})
        code = {name: place for place, name in enumerate(names)} | {"": -1}
        sides = (np.array([code[name] for name in side], np.int64) for side in (query, gallery))
        return cls(names, *sides)


def count_positives(
    taxa: TaxonCodes, query_groups: Codes | None = None, gallery_groups: Codes | None = None
) -> Codes:
    """Return how many gallery images of its taxon each query may find, int64 [q].

    Images of the query's own group are not counted. A query without a taxon has none.
    """
    counts = np.zeros(len(taxa.names) + 1, np.int64)  # code -1 reads the last entry
    counts[:-1] = np.bincount(taxa.gallery[taxa.gallery >= 0], minlength=len(taxa.names))
    positives = counts[taxa.query]
    if query_groups is None or gallery_groups is None:
        return positives
    _, groups = np.unique(np.concatenate([query_groups, gallery_groups]), return_inverse=True)
    keys = np.concatenate([taxa.query, taxa.gallery]) * len(groups) + groups
    wanted, held = keys[: len(taxa.query)], np.sort(keys[len(taxa.query) :])
    own = np.searchsorted(held, wanted, "right") - np.searchsorted(held, wanted, "left")
    return np.where(taxa.query >= 0, positives - own, 0)
