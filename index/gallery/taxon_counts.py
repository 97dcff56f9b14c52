"""The taxa of a gallery with their numbers of images and specimens."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from ..errors import UsageError
from ..taxonomy import RANKS
from .gallery import Gallery

# Kept as long as the gallery is in use, and no longer: a gallery is large.
_LISTED: WeakKeyDictionary[Gallery, dict[str, list[dict[str, Any]]]] = WeakKeyDictionary()


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


def _of_rank(gallery: Gallery, rank: str) -> list[dict[str, Any]]:
    known = _LISTED.setdefault(gallery, {})
    if rank not in known:
        known[rank] = _list(gallery, rank)
    return known[rank]


def _list(gallery: Gallery, rank: str) -> list[dict[str, Any]]:
    labels = gallery.labels(rank)
    named = labels.codes >= 0
    codes, specimens = labels.codes[named], gallery.specimens[named]
    images = np.bincount(codes, minlength=len(labels.names))
    pairs = np.unique(codes * (len(gallery) + 1) + specimens)
    different = np.bincount(pairs // (len(gallery) + 1), minlength=len(labels.names))
    listed = [
        {
            "taxon": name,
            "rank": rank,
            "lineage": {r: n for r, n in zip(RANKS, lineage, strict=True) if n},
            "images": int(images[code]),
            "specimens": int(different[code]),
        }
        for code, (name, lineage) in enumerate(zip(labels.names, labels.lineages, strict=True))
        if images[code]
    ]
    return sorted(listed, key=lambda taxon: str(taxon["taxon"]).casefold())
