"""What the nearest neighbours and class centres say about a query, as numbers at every rank.

The road of a question: an index of every working space proposes neighbours (`look_up`), or all rows
are compared (`gather_evidence`, for who calibrates and measures). Neighbours and class centres
propose the classes that can win, whose likelihoods are compared. `_weigh` makes numbers of it.

Every number means the same for a small gallery and a large one as far as that can be had: counts
of neighbours are left out on purpose, since they follow the number of images a species has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes, Embeddings, Floats
from .classes import spread_of
from .features import (
    NEAR,
    NONE,
    Seen,
    largest,
    log_odds,
    of_likelihood,
    of_views,
    propose,
    rivals,
    strongest_taxa,
)
from .left_out import LeftOut, left_out
from .neighbours import compared, indexed, ranked
from .reference import Reference, View
from .votes import NEIGHBOURS, vote_weights

_BLOCK, _BLOCK_VALUES = 128, 1 << 22  # queries at once, and their numbers of ranks x classes
_MOST_CANDIDATES = 50
_NEAREST_CENTRES = 64  # of each space, whose classes are compared by likelihood
_FEW_CLASSES = 256  # so many are all compared


@dataclass(frozen=True, eq=False)
class Evidence:
    """What speaks for the strongest taxon of every rank, for q queries.

    Attributes:
        taxa: int64 [q, ranks], the taxon with most votes, -1 where no neighbour is named.
        shares: float64 [q, ranks], its share of the votes.
        features: float64 [q, ranks, features]: log-odds of the share, `nearness`, then `OF_A_VIEW`
            of each space, then `OF_LIKELIHOOD`.
        nearness: float64 [q], mean cosine to the 5 nearest in the encoder's own space, which sees
            best what is unlike everything; to fewer where there are no more.
        nearest: int64 [q, 15], places of the neighbours in the first space, -1 as padding.
        candidates: int64 [q, m], the closest classes, at most 50, for prediction sets; -1 as
            padding.
        candidate_taxa: int64 [q, m, ranks], their lineages.
        closeness: float32 [q, m, 2 * spaces], cosines to their centres and nearest neighbours.
    """

    taxa: Codes
    shares: Floats
    features: Floats
    nearness: Floats
    nearest: Codes
    candidates: Codes
    candidate_taxa: Codes
    closeness: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Block:
    """Some queries, and what was found for them.

    Attributes:
        vectors: float32 [q, dim], unit rows.
        projected: of each working space, the same there.
        scores, places: the neighbours, [spaces, q, 15].
        nearest: float32 [q, 5], cosines to the nearest in the encoder's own space.
        left: what some classes are without the specimens of queries; None where none counts.
    """

    vectors: Embeddings
    projected: list[Embeddings]
    scores: Embeddings
    places: Codes
    nearest: Embeddings
    left: LeftOut | None


def look_up(
    reference: Reference,
    queries: Embeddings,
    own: Sequence[Codes],
    proposed: Codes | None = None,
) -> Evidence:
    """Gather evidence from what the indexes of a gallery propose.

    Args:
        reference: the gallery, or the part of it that a filter leaves.
        queries: float32 [q, dim], the encoder's unit rows; of a specimen with several images, the
            normalised mean.
        own: int64 [·] for each, the rows of its own specimen, which are no evidence for it.
        proposed: int64 [q, m], what a search in the encoder's own space has found already; -1 as
            padding.
    """

    def found(part: slice) -> _Block:
        def search(view: View, rows: Embeddings) -> tuple[Embeddings, Codes]:
            return indexed(view.index, rows, NEIGHBOURS, reference.usable, own[part])

        vectors = queries[part]
        if proposed is None:
            nearest, _ = indexed(reference.index, vectors, NEAR, reference.usable, own[part])
        else:
            nearest, _ = ranked(reference.index, vectors, proposed[part], NEAR)
        left = left_out(reference, own[part])
        return _block(reference, vectors, search, nearest, left)

    return _in_blocks(reference, len(queries), found)


def gather_evidence(
    reference: Reference,
    queries: Embeddings,
    groups: Codes | None = None,
    *,
    classes: int = _NEAREST_CENTRES,
) -> Evidence:
    """Gather evidence by comparing all rows of a gallery.

    Args:
        reference: the gallery.
        queries: float32 [q, dim], as for `look_up`.
        groups: int64 [q], the queries' specimens where these are in the gallery too: no neighbours
            of theirs, but part of their classes.
        classes: of how many nearest centres of each space the likelihoods are compared.
    """

    def found(part: slice) -> _Block:
        own = None if groups is None else groups[part]

        def search(view: View, rows: Embeddings) -> tuple[Embeddings, Codes]:
            return reference.neighbours(view, rows, own)

        vectors, usable = queries[part], reference.usable
        nearest, _ = compared(reference.index, vectors, NEAR, usable, own, reference.groups)
        return _block(reference, vectors, search, nearest, None)

    return _in_blocks(reference, len(queries), found, classes)


def nearness_to(reference: Reference, queries: Embeddings, own: Sequence[Codes]) -> Floats:
    """Return `Evidence.nearness` by itself, float64 [q]; arguments are those of `look_up`."""
    parts = [slice(start, start + _BLOCK) for start in range(0, len(queries), _BLOCK)]
    found = (
        indexed(reference.index, queries[part], NEAR, reference.usable, own[part])[0]
        for part in parts
    )
    return np.concatenate([np.zeros(0), *map(_mean_cosine, found)])


def _mean_cosine(nearest: Embeddings) -> Floats:
    """Return the mean of those neighbours that there are, -1 where there are none."""
    there = np.isfinite(nearest)
    cosines = np.where(there, nearest, 0).sum(axis=1, dtype=np.float64)
    return np.where(there.any(axis=1), cosines / np.maximum(there.sum(axis=1), 1), -1.0)


def _block(
    reference: Reference,
    vectors: Embeddings,
    search: Callable[[View, Embeddings], tuple[Embeddings, Codes]],
    nearest: Embeddings,
    left: LeftOut | None,
) -> _Block:
    projected = [view.projection.apply(vectors) for view in reference.views]
    found = [search(*pair) for pair in zip(reference.views, projected, strict=True)]
    scores, places = (np.stack(part) for part in zip(*found, strict=True))
    return _Block(vectors, projected, scores, places, nearest, left)


def _in_blocks(
    reference: Reference,
    count: int,
    found: Callable[[slice], _Block],
    most: int = _NEAREST_CENTRES,
) -> Evidence:
    step = max(1, min(_BLOCK, _BLOCK_VALUES // max(reference.classes.size, 1)))
    starts = range(0, max(count, 1), step)
    parts = [_weigh(reference, found(slice(start, start + step)), most) for start in starts]
    if len(parts) == 1:
        return parts[0]
    names = [part.name for part in fields(Evidence)]
    return Evidence(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _weigh(reference: Reference, block: _Block, most: int) -> Evidence:
    """Return the evidence on the queries of a block.

    Args:
        most: of how many nearest centres of each space the classes are proposed.
    """
    lineages, size = reference.lineages, len(reference.classes)
    seen = _see(reference, block)
    found = strongest_taxa(seen, lineages)
    proposed = propose(seen, lineages, size if size <= _FEW_CLASSES else most, _own_classes(block))
    best, proposed = rivals(seen, proposed, found.taxa, lineages)
    ratios = _ratios(reference, block, proposed.classes)
    candidates, closeness = _candidates(seen)
    nearness = _mean_cosine(block.nearest)
    features = np.concatenate(
        [
            log_odds(found.shares)[:, :, None],
            np.broadcast_to(nearness[:, None, None], (*found.shares.shape, 1)),
            of_views(
                seen,
                found,
                best,
                proposed.nearest_agrees(found.taxa),
                _spread(reference, block.left, best.classes[0]),
            ),
            of_likelihood(ratios, proposed.inside(found.taxa), best.alone),
        ],
        axis=2,
    )
    return Evidence(
        found.taxa,
        found.shares,
        features,
        nearness,
        block.places[0],
        candidates,
        lineages.codes[:, candidates].transpose(1, 2, 0),
        closeness,
    )


def _see(reference: Reference, block: _Block) -> Seen:
    """Return what the working spaces show, every query's own specimen taken out of its class."""
    scores, k = np.maximum(block.scores, -1).astype(np.float64), block.scores.shape[2]
    classes = np.where(block.places >= 0, reference.member[block.places], -1)
    weights = vote_weights(block.scores.reshape(-1, k), classes.reshape(-1, k))
    centres = np.empty((len(classes), len(block.vectors), len(reference.classes)), np.float32)
    for view, projected, cosines in zip(reference.views, block.projected, centres, strict=True):
        np.matmul(projected, view.centres.T, out=cosines)
    left, pairs = block.left, np.empty((2, 0), np.int64)
    if left is not None:
        for space, (theirs, projected) in enumerate(
            zip(left.centres, block.projected, strict=True)
        ):
            centres[space, left.queries, left.classes] = _own_of(theirs @ projected.T, left.queries)
        pairs = left.gone
        centres[:, pairs[0], pairs[1]] = NONE
    return Seen(scores, classes, weights.reshape(scores.shape), centres, pairs)


def _own_classes(block: _Block) -> Codes:
    """Return the classes of the queries' specimens, int64 [q, m], -1 as padding."""
    count = len(block.vectors)
    return np.empty((count, 0), np.int64) if block.left is None else block.left.padded(count)


def _own_of(values: NDArray[Any], queries: Codes) -> NDArray[Any]:
    """Return of p values for each of q queries, [p, q], that for the query of each pair, [p]."""
    return values[np.arange(len(queries)), queries]


def _spread(reference: Reference, left: LeftOut | None, classes: Codes) -> Floats:
    """Return `View.spread` of some classes, int64 [spaces, q, ranks], without own specimens."""
    spread = reference.spread[np.arange(len(classes))[:, None, None], classes]
    if left is None:
        return spread
    for row in np.unique(left.queries):
        own = left.queries == row
        counts = reference.counts.copy()
        counts[left.classes[own]] = left.counts[own]
        for space, view in enumerate(reference.views):
            means = view.means.copy()
            means[left.classes[own]] = left.means[space][own]
            spread[space, row] = spread_of(means, counts)[classes[space, row]]
    return spread


def _ratios(reference: Reference, block: _Block, classes: Codes) -> Floats:
    """Return the log-ratios of proposed classes, float64 [q, m]; padding gets the lowest.

    Args:
        classes: int64 [q, m], -1 as padding.
    """
    likelihood, left = reference.likelihood, block.left
    placed = likelihood.placed(block.vectors)
    ratios = np.full(classes.shape, np.inf)
    there = classes >= 0
    wanted = [line[known] for line, known in zip(classes, there, strict=True)]
    ratios[there] = np.concatenate(likelihood.log_ratios(placed, wanted))
    if left is not None:
        without = _own_of(likelihood.log_ratios_to(placed, left.specimens).T, left.queries)
        pair, place = np.nonzero(classes[left.queries] == left.classes[:, None])
        ratios[left.queries[pair], place] = without[pair]
    lowest = ratios.min(axis=1, initial=np.inf)[:, None]
    return np.where(there, ratios, np.where(np.isinf(lowest), 0.0, lowest))


def _candidates(seen: Seen) -> tuple[Codes, Embeddings]:
    """Return the classes that are closest over all spaces, and how close in each."""
    closest = _nearest_of_classes(seen)
    total = (seen.centres + closest).sum(axis=0)
    total[seen.gone[0], seen.gone[1]] = -np.inf
    near = np.sort(largest(total, min(_MOST_CANDIDATES, total.shape[1])), axis=1)
    query = np.arange(len(near))[:, None]
    order = np.argsort(-total[query, near], axis=1, kind="stable")
    near = near[query, order]
    both = np.stack([seen.centres[:, query, near], closest[:, query, near]], axis=-1)
    closeness = both.transpose(1, 2, 0, 3).reshape(*near.shape, -1)
    return np.where(np.isinf(total[query, near]), -1, near), closeness


def _nearest_of_classes(seen: Seen) -> Embeddings:
    """Return float32 [spaces, q, classes]: the cosine to each class's nearest neighbour of the 15.

    A class that has none there gets the cosine of the last.
    """
    spaces, queries, classes = seen.centres.shape
    closest = np.repeat(seen.scores[..., -1:].astype(np.float32), classes + 1, axis=2)
    space, query, _ = np.ogrid[:spaces, :queries, :1]
    np.maximum.at(closest, (space, query, seen.classes), seen.scores)
    return closest[..., :-1]  # padding (class -1) wrote into the last column
