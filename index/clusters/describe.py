"""What a cluster looks like: its typical images, what it is near to, and what it hangs under."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Codes, Embeddings, Floats
from ..gallery.gallery import Gallery
from ..gallery.taxon_counts import counts_of
from ..identification.classes import centres_of, rows_of
from ..taxonomy import RANKS, Lineage
from .pool import Judged, Pool

_TYPICAL = 5  # images that are shown first
_OUTLIERS = 10  # at most
_FENCE = 1.5  # interquartile ranges below the first quartile, as Tukey's box plots have it
_FEWEST = 4  # members of which one may be an outlier
_NEAREST = 5  # known taxa that are told
_BLOCK = 4096  # known taxa that are compared at once
_PARENT = 0.8  # the mean probability from which on a parent is told
_FEW = 3  # specimens that a taxon needs to be told by votes


@dataclass(frozen=True, eq=False)
class Centres:
    """The unit means of the named taxa of a gallery, each at its finest rank.

    Attributes:
        vectors: float32 [taxa, dim].
        names: what they are called.
        counts: int64 [taxa], their images.
    """

    vectors: Embeddings
    names: list[str]
    counts: Codes


def centres(gallery: Gallery) -> Centres:
    """Return the centres of the named taxa, made once of a gallery."""
    return gallery.once("taxon centres", None, lambda: _centres(gallery))


def _centres(gallery: Gallery) -> Centres:
    names = [""] * (int(gallery.taxon.max(initial=-1)) + 1)
    for rank in RANKS[1:]:  # a category is a drawer rather than a name
        found = gallery.names(rank)
        for taxon, code in enumerate(found.of_taxon[: len(names)].tolist()):
            names[taxon] = found.names[code] if code >= 0 else names[taxon]
    called = np.array([bool(name) for name in [*names, ""]])  # the last is for no taxon
    there, member = np.unique(
        np.where(called[gallery.taxon], gallery.taxon, -1), return_inverse=True
    )
    shift = int(len(there) > 0 and there[0] < 0)
    taxa, member = there[shift:], member - shift
    rows, of_row = rows_of(member, np.arange(len(taxa)), len(taxa))
    empty = np.zeros((len(taxa), gallery.space.dim), np.float32)
    vectors = centres_of(gallery.index, rows, of_row, empty)[0] if len(rows) else empty
    counts = np.bincount(of_row, minlength=len(taxa))
    return Centres(vectors, [names[taxon] for taxon in taxa.tolist()], counts)


def looks(pool: Pool, members: Sequence[Codes]) -> list[dict[str, Any]]:
    """Return medoid, typical images, outliers, coherence and nearest known taxa of clusters.

    Args:
        pool: the specimens.
        members: int64 [size] of each cluster, its specimens.
    """
    known = centres(pool.gallery)
    images = np.argsort(pool.member, kind="stable")  # ascending already: the places of each
    ends = np.append(pool.starts[1:], len(pool.member))
    middles, found = [], []
    for those in members:
        own = np.concatenate([images[pool.starts[one] : ends[one]] for one in those])
        vectors = pool.gallery.index.rows(pool.places[own])
        middle, told = _look(vectors, [pool.images[one] for one in own])
        middles.append(middle)
        found.append(told)
    for told, nearest in zip(found, _nearest(np.array(middles), known), strict=True):
        told["nearest"] = nearest
    return found


def _look(vectors: Embeddings, names: Sequence[str]) -> tuple[Embeddings, dict[str, Any]]:
    total = vectors.sum(axis=0)
    middle = total / max(float(np.linalg.norm(total)), 1e-12)
    near = vectors @ middle
    order = np.argsort(-near, kind="stable")
    coherence = None
    if len(vectors) > 1:
        others = total - vectors
        lengths = np.maximum(np.linalg.norm(others, axis=1), 1e-12)
        coherence = float(np.mean(np.einsum("ij,ij->i", others, vectors) / lengths))
    return (
        middle,
        {
            "medoid": names[order[0]],  # the sum of cosines to all is the cosine to their sum
            "typical": [names[place] for place in order[:_TYPICAL]],
            "outliers": [names[place] for place in _outlying(near)],
            "coherence": coherence,
        },
    )


def _outlying(near: Embeddings) -> Codes:
    """Return the members that lie far below what is usual in their cluster, farthest first."""
    if len(near) < _FEWEST:
        return np.zeros(0, np.int64)
    first, third = np.quantile(near, [0.25, 0.75])
    order = np.argsort(near, kind="stable")[:_OUTLIERS]
    far: Codes = order[near[order] < first - _FENCE * (third - first)]
    return far


def _nearest(middles: Embeddings, known: Centres) -> list[list[dict[str, Any]]]:
    """Return the known taxa nearest to each middle, best first."""
    if not known.names or not len(middles):
        return [[] for _ in middles]
    best: list[tuple[Floats, Codes]] = []
    for start in range(0, len(known.names), _BLOCK):
        cosines = (middles @ known.vectors[start : start + _BLOCK].T).astype(np.float64)
        top = np.argsort(-cosines, axis=1, kind="stable")[:, :_NEAREST]
        best.append((np.take_along_axis(cosines, top, axis=1), top + start))
    scores = np.concatenate([one for one, _ in best], axis=1)
    taxa = np.concatenate([one for _, one in best], axis=1)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :_NEAREST]
    return [
        [
            {"taxon": known.names[taxa[row, place]], "cosine": float(scores[row, place])}
            for place in order[row]
        ]
        for row in range(len(middles))
    ]


def parents(
    pool: Pool, said: Judged, members: Sequence[Codes]
) -> list[tuple[dict[str, Any] | None, Lineage]]:
    """Return what each cluster hangs under, and the lineage of that.

    It is the finest rank above the species at which the members' mean probability of one taxon
    reaches 0.8: a member that is likelier something else counts as 0. Without a calibration
    these are shares of votes, and `p` is None; of a rank with a single taxon they say nothing, nor
    for a taxon of one or two specimens, which are the nearest of whatever is unlike the others.
    """
    found = [_parent(pool.gallery, said.part(those)) for those in members]
    lineages = {one[:2]: pool.gallery.lineage(*one[:2]) for one in found if one is not None}
    nothing: Lineage = ("",) * len(RANKS)
    return [
        (None, nothing) if one is None else (_told(pool.gallery, said, *one), lineages[one[:2]])
        for one in found
    ]


def _told(gallery: Gallery, said: Judged, rank: str, code: int, p: float) -> dict[str, Any]:
    taxon = gallery.names(rank).names[code]
    return {"rank": rank, "taxon": taxon, "p": p if said.calibrated else None}


def _specimens_at(gallery: Gallery, rank: str) -> Codes:
    """Return how many specimens each taxon of a rank has, int64 [taxa]."""
    codes, specimens = gallery.names(rank).of_taxon, counts_of(gallery).specimens
    named = np.flatnonzero(codes >= 0)
    counts: Codes = np.bincount(codes[named], specimens[named]).astype(np.int64)
    return counts


def _parent(gallery: Gallery, said: Judged) -> tuple[str, int, float] | None:
    """Return rank, code and mean probability of what some specimens hang under."""
    for place in reversed(range(len(gallery.ranks))):
        rank = gallery.ranks[place]
        taxa = said.taxa[:, place]
        if rank == "species" or not (taxa >= 0).any():
            continue
        sums = np.bincount(taxa[taxa >= 0], said.p[taxa >= 0, place])
        code = int(sums.argmax())
        if not said.calibrated and rank != RANKS[0]:
            specimens = _specimens_at(gallery, rank)
            if np.count_nonzero(specimens) < 2 or specimens[code] < _FEW:
                continue  # votes are for it, whatever the picture shows
        p = float(sums[code]) / len(taxa)
        if p >= _PARENT:
            return rank, code, p
    return None
