"""What the nearest neighbours and class centres say about a query, as numbers at every rank.

The road of a question: an index of every working space proposes neighbours (`look_up`), or all rows
are compared (`gather_evidence`, for who calibrates and measures). Neighbours and class centres
propose the classes whose likelihoods are compared. `_weigh` makes numbers of all of it.

Every number means the same for a small gallery and a large one as far as that can be had: counts
of neighbours are left out on purpose, since they follow the number of images a species has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes, Embeddings, Floats
from .classes import spread_of
from .features import NEAR, NONE, Seen, log_odds, of_likelihood, strongest_taxa
from .neighbours import compared, indexed, ranked
from .reference import Left, Reference, View
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
            best what is unlike everything.
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
        scores, places: of each working space, the neighbours, [q, 15].
        nearest: float32 [q, 5], cosines to the nearest in the encoder's own space.
        left: for each query, what some classes are without its specimen.
    """

    vectors: Embeddings
    projected: list[Embeddings]
    scores: list[Embeddings]
    places: list[Codes]
    nearest: Embeddings
    left: Sequence[Left | None]


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
        left = [reference.without(rows) for rows in own[part]]
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
        return _block(reference, vectors, search, nearest, [None] * len(vectors))

    return _in_blocks(reference, len(queries), found, classes)


def _block(
    reference: Reference,
    vectors: Embeddings,
    search: Callable[[View, Embeddings], tuple[Embeddings, Codes]],
    nearest: Embeddings,
    left: Sequence[Left | None],
) -> _Block:
    projected = [view.projection.apply(vectors) for view in reference.views]
    found = [search(*pair) for pair in zip(reference.views, projected, strict=True)]
    scores, places = [one[0] for one in found], [one[1] for one in found]
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
    gone = np.zeros((len(block.vectors), len(reference.classes)), np.bool_)
    for row, one in enumerate(block.left):
        if one is not None:
            gone[row, one.classes[one.counts == 0]] = True
    seen = [_see(reference, number, block, gone) for number in range(len(reference.views))]
    nearness = np.maximum(block.nearest, -1).mean(axis=1, dtype=np.float64)
    found = strongest_taxa(seen, reference.classes)
    most = max(most, len(reference.classes) if len(reference.classes) <= _FEW_CLASSES else 0)
    near = [_nearest(one.centres, most) for one in seen]
    proposed = np.concatenate([found.rivals, *near, *(one.classes for one in seen)], axis=1)
    ratios = _ratios(reference, block, proposed, gone)
    alone = np.all(found.inside | gone[:, None, :], axis=2)
    columns = [log_odds(found.shares), np.broadcast_to(nearness[:, None], found.shares.shape)]
    columns += [*found.columns, *of_likelihood(ratios, found.inside, alone)]
    candidates, closeness = _candidates(seen, gone)
    return Evidence(
        found.taxa,
        found.shares,
        np.stack(columns, axis=2),
        nearness,
        seen[0].places,
        candidates,
        np.where(candidates[:, :, None] < 0, -1, reference.classes[candidates]),
        closeness,
    )


def _see(reference: Reference, number: int, block: _Block, gone: NDArray[np.bool_]) -> Seen:
    """Return what one working space shows, every query's own specimen taken out of its class."""
    view, projected = reference.views[number], block.projected[number]
    scores, places = block.scores[number], block.places[number]
    classes = np.where(places >= 0, reference.member[places], -1)
    centres = projected @ view.centres.T
    spread = np.broadcast_to(view.spread, centres.shape)
    if any(one is not None for one in block.left):
        spread = spread.copy()
    for row, one in enumerate(block.left):
        if one is not None:
            centres[row, one.classes] = one.centres[number] @ projected[row]
            means, counts = view.means.copy(), reference.counts.copy()
            means[one.classes], counts[one.classes] = one.means[number], one.counts
            spread[row] = spread_of(means, counts)
    centres[gone] = NONE
    floored = np.maximum(scores, -1).astype(np.float64)
    return Seen(floored, places, classes, vote_weights(scores, classes), centres, spread)


def _ratios(
    reference: Reference, block: _Block, proposed: Codes, gone: NDArray[np.bool_]
) -> Floats:
    """Return the log-ratios of proposed classes, float64 [q, classes]; others get the lowest.

    Args:
        proposed: int64 [q, m], -1 as padding.
    """
    classes = [np.unique(line[line >= 0]) for line in proposed]
    ratios = np.full(gone.shape, np.nan)
    found = reference.likelihood.log_ratios(block.vectors, classes)
    for row, (known, values, one) in enumerate(zip(classes, found, block.left, strict=True)):
        ratios[row, known] = values
        if one is not None:
            without = reference.likelihood.log_ratios_to(block.vectors[row], one.specimens)
            ratios[row, one.classes] = without
    ratios[gone] = np.nan
    lowest = np.fmin.reduce(ratios, axis=1, initial=np.inf)[:, None]
    return np.where(np.isnan(ratios), np.where(np.isinf(lowest), 0.0, lowest), ratios)


def _candidates(seen: list[Seen], gone: NDArray[np.bool_]) -> tuple[Codes, NDArray[np.float32]]:
    """Return the classes that are closest over all spaces, and how close in each."""
    closeness = np.stack([c for s in seen for c in (s.centres, _nearest_of_class(s))], axis=2)
    total = np.where(gone, np.float32(-np.inf), closeness.sum(axis=2))
    near = np.sort(_nearest(total, _MOST_CANDIDATES), axis=1)
    order = np.argsort(-np.take_along_axis(total, near, axis=1), axis=1, kind="stable")
    candidates = np.take_along_axis(near, order, axis=1)
    there = ~np.take_along_axis(gone, candidates, axis=1)
    return np.where(there, candidates, -1), np.take_along_axis(
        closeness, candidates[:, :, None], axis=1
    )


def _nearest(values: Embeddings, most: int) -> Codes:
    """Return the places of the largest values of every row, int64 [q, at most `most`]."""
    if values.shape[1] <= most:
        return np.repeat(np.arange(values.shape[1])[None], len(values), axis=0)
    return np.argpartition(-values, most - 1, axis=1)[:, :most]


def _nearest_of_class(one: Seen) -> Embeddings:
    """Return float32 [q, classes]: the cosine to each class's nearest neighbour among the 15.

    A class that has none there gets the cosine of the last.
    """
    closest = np.repeat(one.scores[:, -1:], one.centres.shape[1] + 1, axis=1).astype(np.float32)
    np.maximum.at(closest, (np.arange(len(closest))[:, None], one.classes), one.scores)
    return closest[:, :-1]  # padding (class -1) wrote into the last column
