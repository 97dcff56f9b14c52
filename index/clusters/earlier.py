"""Which provisional taxon of an earlier clustering a new cluster probably is.

Two clusters are probably one taxon where the cosine of their centres is as high as that of two
halves of one known species usually is: the threshold is the cosine that tells halves of one
species from the nearest other species best, in the gallery itself. The two must be each other's
nearest, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Codes, Embeddings, Ids
from ..collection import Collection
from ..gallery.gallery import Gallery
from ..storage.clusters.records import clusterings, current, members
from .describe import centres
from .names import is_provisional
from .pool import Pool, pool_of

_HALVED = 300  # species that show how near halves of one are
_FEWEST = 4  # images of each
_ENOUGH = 5  # species that have so many
_WITHOUT = 0.9  # the threshold where the gallery has fewer


@dataclass(frozen=True, eq=False)
class Earlier:
    """Provisional taxa: accepted ones, and clusters that nobody has decided about.

    Attributes:
        names: what they are called.
        middles: float32 [n, dim], their centres.
        specimens: of clusters that nobody has decided about, their members.
    """

    names: list[str]
    middles: Embeddings
    specimens: list[frozenset[str]]


def probable(collection: Collection, pool: Pool, groups: Sequence[Codes]) -> list[str | None]:
    """Return the name of the earlier provisional taxon that each cluster probably is.

    Args:
        groups: int64 [size] of each cluster, its specimens in the pool.
    """
    earlier = earlier_taxa(collection, pool.gallery)
    if not earlier.names or not groups:
        return [None] * len(groups)
    vectors = pool.vectors(pool.gallery)
    middles = np.array([_middle(vectors[those]) for those in groups])
    cosines = middles @ earlier.middles.T
    place_of = {pool.specimens[one]: place for place, those in enumerate(groups) for one in those}
    for number, theirs in enumerate(earlier.specimens):
        if theirs & place_of.keys():
            cosines[:, number] = -1  # the same specimens, clustered anew
    least = pool.gallery.once("same taxon", None, lambda: threshold(pool.gallery))
    best, back = cosines.argmax(axis=1), cosines.argmax(axis=0)
    return [
        earlier.names[one] if cosines[place, one] >= least and back[one] == place else None
        for place, one in enumerate(best.tolist())
    ]


def earlier_taxa(collection: Collection, gallery: Gallery) -> Earlier:
    """Return the provisional taxa of a collection with their centres."""
    known = centres(gallery)
    accepted = [place for place, name in enumerate(known.names) if is_provisional(name)]
    names = [known.names[place] for place in accepted]
    middles = [known.vectors[place] for place in accepted]
    theirs: list[frozenset[str]] = [frozenset()] * len(accepted)
    undecided = list(_undecided(collection))
    everybody = dict.fromkeys(one for _, specimens in undecided for one in specimens)
    pool = pool_of(collection, gallery.space.name, everybody, np.zeros(0, bool))
    vectors = pool.vectors(gallery) if pool.specimens else known.vectors
    place_of = {one: place for place, one in enumerate(pool.specimens)}
    for name, specimens in undecided:
        places = [place_of[one] for one in specimens if one in place_of]
        if places:
            names.append(name)
            middles.append(_middle(vectors[places]))
            theirs.append(frozenset(specimens))
    empty = np.zeros((0, gallery.space.dim), np.float32)
    return Earlier(names, np.array(middles, np.float32) if middles else empty, theirs)


def _undecided(collection: Collection) -> Iterator[tuple[str, list[str]]]:
    """Yield the provisional name and the specimens of clusters that nobody has decided about."""
    for one in clusterings(collection.database):
        clusters = current(collection.database, one.clustering_id)
        for number, specimens in members(collection.database, one.clustering_id).items():
            cluster = clusters.get(number)
            if cluster is not None and cluster.state == "open" and is_provisional(cluster.name):
                yield cluster.name, specimens


def threshold(gallery: Gallery) -> float:
    """Return the cosine of two centres from which on they are rather one species than two."""
    codes = gallery.labels("species").codes
    counts = np.bincount(codes[codes >= 0])
    many = np.flatnonzero(counts >= _FEWEST)
    if len(many) < _ENOUGH:
        return _WITHOUT
    chosen = many[np.linspace(0, len(many) - 1, min(_HALVED, len(many))).astype(np.int64)]
    halves = [_halves(gallery, np.flatnonzero(codes == code)) for code in chosen]
    cosines = np.array([one for one, _ in halves]) @ np.array([other for _, other in halves]).T
    same = np.diag(cosines).copy()
    np.fill_diagonal(cosines, -1)
    return best_cut(same, cosines.max(axis=1))


def best_cut(same: Embeddings, other: Embeddings) -> float:
    """Return the value that tells the higher from the lower best, half way to the next lower one.

    >>> best_cut(np.array([0.8, 0.9]), np.array([0.1, 0.6])).__round__(2)
    0.7
    """
    values = np.unique(np.concatenate([same, other]))
    right = [np.mean(same >= value) + np.mean(other < value) for value in values]
    place = int(np.argmax(right))
    return float((values[place] + values[max(place - 1, 0)]) / 2)


def _halves(gallery: Gallery, places: Ids) -> tuple[Embeddings, Embeddings]:
    vectors = gallery.index.rows(places)
    return _middle(vectors[::2]), _middle(vectors[1::2])


def _middle(vectors: Embeddings) -> Embeddings:
    total: Embeddings = vectors.sum(axis=0)
    return total / max(float(np.linalg.norm(total)), 1e-12)
