"""What the nearest neighbours and class centres say about a query, as numbers at every rank.

Every number means the same for a small gallery and a large one as far as that can be had: counts
of neighbours are left out on purpose, since they follow the number of images a species has.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes, Embeddings, Floats
from .reference import Reference, View
from .votes import shares_at, strongest, vote_weights

NEAR = 5  # neighbours whose mean cosine says how far a query is from everything
OF_A_VIEW = (
    "share", "best", "lead", "centre", "centre_lead", "near", "centre_agrees", "nearest_agrees",
    "centre_excess",
)  # fmt: skip
OF_LIKELIHOOD = ("of_taxon", "lead", "of_any")
_BLOCK = 128
_MOST_CANDIDATES = 50
_NONE = -2.0  # below every cosine


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
        candidates: int64 [q, m], the closest classes, at most 50, for prediction sets.
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
class _Seen:
    """One space's neighbours and centres for a block of queries."""

    view: View
    scores: Floats
    classes: Codes
    weights: Floats
    centres: Embeddings


def gather_evidence(
    reference: Reference, queries: Embeddings, groups: Codes | None = None
) -> Evidence:
    """Compare queries with a gallery.

    Args:
        reference: the gallery.
        queries: float32 [q, dim], the encoder's unit rows; of a specimen with several images, the
            normalised mean.
        groups: int64 [q], the queries' specimens where these are in the gallery too.
    """
    blocks = []
    for start in range(0, max(len(queries), 1), _BLOCK):
        block = slice(start, start + _BLOCK)
        blocks.append(_block(reference, queries[block], None if groups is None else groups[block]))
    names = [part.name for part in fields(Evidence)]
    return Evidence(*(np.concatenate([getattr(b, name) for b in blocks]) for name in names))


def _block(reference: Reference, queries: Embeddings, groups: Codes | None) -> Evidence:
    seen, nearest = [], []
    for view in reference.views:
        projected = view.projection.apply(queries)
        scores, places = reference.neighbours(view.vectors, projected, groups)
        classes = np.where(places >= 0, reference.member[places], -1)
        weights = vote_weights(scores, classes)
        floored = np.maximum(scores, -1).astype(np.float64)
        centres = projected @ view.centres.T
        seen.append(_Seen(view, floored, classes, weights, centres))
        nearest.append(places)
    own, _ = reference.neighbours(reference.vectors, queries, groups, NEAR)
    nearness = np.maximum(own, -1).mean(axis=1, dtype=np.float64)
    candidates, closeness = _candidates(seen)
    taxa, shares, features = _at_ranks(
        seen, nearness, reference.likelihood.log_ratios(queries), reference.classes
    )
    return Evidence(
        taxa,
        shares,
        features,
        nearness,
        nearest[0],
        candidates,
        reference.classes[candidates],
        closeness,
    )


def _at_ranks(
    seen: list[_Seen], nearness: Floats, ratios: Floats, lineages: Codes
) -> tuple[Codes, Floats, Floats]:
    """Return the strongest taxon [q, ranks], its share and the features at every rank.

    Args:
        ratios: float64 [q, classes], from `Likelihood.log_ratios`.
        lineages: int64 [classes, ranks].
    """
    ranks = lineages.shape[1]
    taxon_of = np.full((ranks, len(lineages) + 1), -1, np.int64)  # the last answers for class -1
    taxon_of[:, :-1] = lineages.T
    voters = [taxon_of[:, one.classes].transpose(1, 0, 2) for one in seen]
    votes = np.concatenate(voters, axis=2)
    weights = np.repeat(np.concatenate([s.weights for s in seen], axis=1), ranks, axis=0)
    flat = votes.reshape(len(weights), -1)
    top, part = strongest(shares_at(weights, flat), flat)
    taxa, share = top.reshape(-1, ranks), part.reshape(-1, ranks)
    named = (taxa >= 0)[:, :, None]
    inside = (taxon_of[None, :, :-1] == taxa[:, :, None]) & named
    columns = [log_odds(share), np.broadcast_to(nearness[:, None], share.shape)]
    for one, theirs in zip(seen, voters, strict=True):
        agree = (theirs == taxa[:, :, None]) & named
        nearest_centre = taxa == taxon_of[:, one.centres.argmax(axis=1)].T
        columns += _of_view(one, agree, theirs < 0, inside, nearest_centre)
    columns += _of_likelihood(ratios, inside)
    return taxa, share, np.stack(columns, axis=2)


def _of_view(
    one: _Seen,
    agree: NDArray[np.bool_],
    unnamed: NDArray[np.bool_],
    inside: NDArray[np.bool_],
    nearest_centre: NDArray[np.bool_],
) -> list[Floats]:
    """Return the features of one space [q, ranks], in the order of `OF_A_VIEW`.

    Args:
        one: the space's neighbours.
        agree: bool [q, ranks, k], which of them are of the strongest taxon.
        unnamed: bool [q, ranks, k], which are not named at the rank.
        inside: bool [q, ranks, classes], which classes are within the taxon.
        nearest_centre: bool [q, ranks], whether the nearest centre's class is.
    """
    scores, centres = one.scores[:, None, :], one.centres[:, None, :]
    furthest = scores[:, :, -1]
    best = np.where(agree, scores, _NONE).max(axis=2)
    other = np.where(agree | unnamed, _NONE, scores).max(axis=2)
    centre = np.where(inside, centres, _NONE)
    of_best = centre.argmax(axis=2)
    centre_best = centre.max(axis=2)
    centre_other = np.where(inside, _NONE, centres).max(axis=2)
    best = np.maximum(best, furthest)
    near = one.scores[:, :NEAR].mean(axis=1)
    return [
        log_odds((one.weights[:, None, :] * agree).sum(axis=2)),
        best,
        best - np.maximum(other, furthest),
        centre_best,
        np.where(centre_other > _NONE, centre_best - centre_other, 0.5),
        np.broadcast_to(near[:, None], best.shape),
        nearest_centre.astype(np.float64),
        agree[:, :, 0].astype(np.float64),
        centre_best - one.view.spread[of_best],
    ]


def _of_likelihood(ratios: Floats, inside: NDArray[np.bool_]) -> list[Floats]:
    """Return the log-ratios as features: of the taxon's best class, its lead, of any class.

    Where the gallery has no class outside the taxon, the lead is over a class never seen.

    Args:
        ratios: float64 [q, classes].
        inside: bool [q, ranks, classes], which classes are within the taxon.
    """
    each = ratios[:, None, :]
    lowest = ratios.min(axis=1)[:, None, None]
    best = np.where(inside, each, lowest).max(axis=2)
    other = np.where(inside, lowest, each).max(axis=2)
    any_class = np.broadcast_to(ratios.max(axis=1)[:, None], best.shape)
    return [best, best - np.where(inside.all(axis=2), 0.0, other), any_class]


def _candidates(seen: list[_Seen]) -> tuple[Codes, NDArray[np.float32]]:
    """Return the classes that are closest over all spaces, and how close in each."""
    closeness = np.stack([c for s in seen for c in (s.centres, _nearest_of_class(s))], axis=2)
    order = np.argsort(-closeness.sum(axis=2), axis=1, kind="stable")[:, :_MOST_CANDIDATES]
    return order, np.take_along_axis(closeness, order[:, :, None], axis=1)


def _nearest_of_class(one: _Seen) -> Embeddings:
    """Return float32 [q, classes]: the cosine to each class's nearest neighbour among the 15.

    A class that has none there gets the cosine of the last.
    """
    closest = np.repeat(one.scores[:, -1:], one.centres.shape[1] + 1, axis=1).astype(np.float32)
    np.maximum.at(closest, (np.arange(len(closest))[:, None], one.classes), one.scores)
    return closest[:, :-1]  # padding (class -1) wrote into the last column


def log_odds(share: Floats) -> Floats:
    """Return log(p / (1 - p)) with p kept within [0.001, 0.999].

    >>> log_odds(np.array([0.5, 1.0])).round(2).tolist()
    [0.0, 6.91]
    """
    kept = np.minimum(np.maximum(share, 1e-3), 1 - 1e-3)
    odds: Floats = np.log(kept / (1 - kept))
    return odds
