"""What the images of a taxon are taken for: the taxa of its rank that lie near it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..arrays import Codes, Embeddings, Ids
from ..collection import Collection
from ..gallery.gallery import Gallery
from ..gallery.taxon_counts import counts_of
from ..vectors import Selection
from ..vectors.own_rows import search_others

_ASKED = 100  # specimens of a taxon that stand for all
_NEAR = 5  # images of other taxa that are looked at for each
_TAXA = 10  # that are told
_CENTRE = 200  # images that a centre is the mean of


@dataclass(frozen=True)
class Lookalike:
    """A taxon near another of its rank.

    Attributes:
        share: of the specimens that were asked about, in [0, 1]: how many have an image of it as
            the nearest of another specimen.
        cosine: of the two centres.
    """

    taxon: str
    share: float
    cosine: float

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return asdict(self)


def lookalikes(gallery: Gallery, rank: str, code: int) -> list[Lookalike]:
    """Return the taxa that a taxon is confused with, those first that take most of its specimens.

    At most a hundred of its specimens are looked at, each by its first image. It is worked out once
    for each state of a gallery.

    Args:
        rank: of the taxon.
        code: of the taxon among those of its rank.
    """
    return gallery.answered(
        ("lookalikes", rank, code), None, lambda: _lookalikes(gallery, rank, code)
    )


def typical_images(collection: Collection, gallery: Gallery, rank: str, code: int) -> list[str]:
    """Return the ids of images of a taxon that are nearest to its centre, one a specimen."""
    return gallery.answered(
        ("typical", rank, code), None, lambda: _typical(collection, gallery, rank, code)
    )


def _lookalikes(gallery: Gallery, rank: str, code: int) -> list[Lookalike]:
    codes = gallery.labels(rank).codes
    own = codes == code
    named = gallery.once(f"named at {rank}", None, lambda: Selection.of(codes >= 0))
    others = Selection(~own & (codes >= 0))
    if named is None or not others.count:
        return []
    asked = _spread(_firsts(gallery, codes, code), _ASKED)
    queries = gallery.index.rows(asked)
    nearest = search_others(gallery.index, queries, 1, named, _own_rows(gallery, asked))[1][:, 0]
    near = gallery.index.search(queries, _NEAR, others)[1]
    taken = codes[nearest[nearest >= 0]]
    taken = taken[taken != code]
    seen, count = np.unique(np.concatenate([taken, codes[near[near >= 0]]]), return_counts=True)
    shares = np.array([np.count_nonzero(taken == one) for one in seen]) / len(asked)
    best = np.lexsort((-count, -shares))[:_TAXA]
    centre = _centre(gallery, codes, code)
    names = gallery.names(rank).names
    found = [
        Lookalike(
            names[seen[place]],
            round(float(shares[place]), 4),
            round(float(centre @ _centre(gallery, codes, int(seen[place]))), 4),
        )
        for place in best
    ]
    return sorted(found, key=lambda one: (-one.share, -one.cosine))


def _typical(collection: Collection, gallery: Gallery, rank: str, code: int) -> list[str]:
    codes = gallery.labels(rank).codes
    places = _spread(_firsts(gallery, codes, code), _CENTRE)
    cosines = gallery.index.rows(places) @ _centre(gallery, codes, code)
    best = places[np.argsort(-cosines, kind="stable")[:_TAXA]]
    rows = gallery.rows[best].tolist()
    images = collection.images_at(rows)
    return [images[row].image_id for row in rows if row in images]


def _firsts(gallery: Gallery, codes: Codes, code: int) -> Ids:
    """Return the places of the first images of a taxon's specimens."""
    firsts = counts_of(gallery).firsts
    return np.sort(firsts[codes[firsts] == code])


def _spread(places: Ids, most: int) -> Ids:
    """Return at most so many of some places, evenly spread."""
    if len(places) <= most:
        return places
    return places[np.linspace(0, len(places) - 1, most).astype(np.int64)]


def _own_rows(gallery: Gallery, places: Ids) -> list[Ids]:
    """Return the places of all images of the specimens of some places."""
    wanted = gallery.specimens[places]
    is_own = np.zeros(int(gallery.specimens.max(initial=-1)) + 1, np.bool_)
    is_own[wanted] = True
    rows = np.flatnonzero(is_own[gallery.specimens])
    rows = rows[np.argsort(gallery.specimens[rows], kind="stable")]
    of_row = gallery.specimens[rows]
    ends = zip(
        np.searchsorted(of_row, wanted), np.searchsorted(of_row, wanted, "right"), strict=True
    )
    return [rows[start:end] for start, end in ends]


def _centre(gallery: Gallery, codes: Codes, code: int) -> Embeddings:
    """Return the unit mean of images of a taxon, float32 [dim]."""
    rows = gallery.index.rows(_spread(np.flatnonzero(codes == code), _CENTRE))
    mean = rows.mean(axis=0)
    centre: Embeddings = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return centre
