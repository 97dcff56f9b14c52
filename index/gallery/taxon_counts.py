"""The taxa of a gallery with their numbers of images and specimens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..arrays import Codes, Ids
from ..errors import UsageError
from ..taxonomy import RANKS
from .gallery import Gallery

# Kept as long as the gallery is in use, and no longer: a gallery is large.
_LISTED: WeakKeyDictionary[Gallery, dict[str, list[dict[str, Any]]]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Counts:
    """How much of a gallery each taxon has, by its id; the last place is for none.

    Attributes:
        images, specimens: int64 [largest id + 2].
        firsts: int64 [specimens], the place of the first image of each.
    """

    images: Codes
    specimens: Codes
    firsts: Ids


def taxa_of(gallery: Gallery, rank: str | None) -> dict[str, Any]:
    """Return the taxa of a gallery as JSON-ready values, coarse to fine, by name.

    Args:
        rank: only those of this rank; None for all.

    Raises:
        UsageError: there is no such rank.
    """
    if rank is not None and rank not in RANKS:
        raise UsageError(f"rank is '{rank}'; it must be one of {', '.join(RANKS)}")
    ranks = gallery.ranks if rank is None else (rank,)
    found = [taxon for one in ranks for taxon in _of_rank(gallery, one)]
    return {"space": gallery.space.name, "taxa": found}


def counts_of(gallery: Gallery) -> Counts:
    """Return how many images and specimens each taxon of a gallery has."""
    return gallery.once("taxon counts", None, lambda: _counts(gallery))


def _counts(gallery: Gallery) -> Counts:
    size = max(len(gallery.names(rank).of_taxon) for rank in RANKS)
    first = np.full(int(gallery.specimens.max(initial=-1)) + 1, -1, np.int64)
    first[gallery.specimens[::-1]] = np.arange(len(gallery))[::-1]  # the last one written stays
    firsts = first[first >= 0]
    taxon = np.where(gallery.taxon < 0, size - 1, gallery.taxon)
    return Counts(
        np.bincount(taxon, minlength=size), np.bincount(taxon[firsts], minlength=size), firsts
    )


def _of_rank(gallery: Gallery, rank: str) -> list[dict[str, Any]]:
    known = _LISTED.setdefault(gallery, {})
    if rank not in known:
        known[rank] = _list(gallery, rank)
    return known[rank]


def _list(gallery: Gallery, rank: str) -> list[dict[str, Any]]:
    names, counts = gallery.names(rank), counts_of(gallery)
    known = np.flatnonzero(names.of_taxon >= 0)
    codes, many = names.of_taxon[known], len(names.names)
    images = np.bincount(codes, counts.images[known], many)
    specimens = np.bincount(codes, counts.specimens[known], many)
    listed = [
        {
            "taxon": name,
            "rank": rank,
            "lineage": {r: n for r, n in zip(RANKS, lineage, strict=True) if n},
            "images": int(images[code]),
            "specimens": int(specimens[code]),
        }
        for code, (name, lineage) in enumerate(zip(names.names, names.lineages, strict=True))
        if images[code]
    ]
    return sorted(listed, key=lambda taxon: str(taxon["taxon"]).casefold())
