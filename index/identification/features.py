"""What neighbours, class centres and likelihoods say for the strongest taxon of every rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arrays import Codes, Embeddings, Flags, Floats
from .votes import shares_at, strongest

NEAR = 5  # neighbours whose mean cosine says how far a query is from everything
OF_A_VIEW = (
    "share", "best", "lead", "centre", "centre_lead", "near", "centre_agrees", "nearest_agrees",
    "centre_excess",
)  # fmt: skip
OF_LIKELIHOOD = ("of_taxon", "lead", "of_any")
NONE = -2.0  # below every cosine


@dataclass(frozen=True, eq=False)
class Seen:
    """What one working space shows of q queries.

    Attributes:
        scores: float64 [q, 15], the neighbours' cosines.
        places: int64 [q, 15], their rows, -1 as padding.
        classes: int64 [q, 15], their classes, -1 as padding.
        weights: float64 [q, 15], of their votes.
        centres: float32 [q, classes], cosines to all class centres, `NONE` for what is no class.
        spread: float64 [q, classes], mean cosine of the members to the others' centre.
    """

    scores: Floats
    places: Codes
    classes: Codes
    weights: Floats
    centres: Embeddings
    spread: Floats


class Strongest(NamedTuple):
    """The taxon with most votes at every rank.

    Attributes:
        taxa: int64 [q, ranks], -1 where no neighbour is named.
        shares: float64 [q, ranks], of the votes.
        inside: bool [q, ranks, classes], which classes are within it.
        columns: the features of all spaces, float64 [q, ranks] each.
        rivals: int64 [q, m], classes that matter: the nearest within each taxon and beyond it.
    """

    taxa: Codes
    shares: Floats
    inside: Flags
    columns: list[Floats]
    rivals: Codes


def strongest_taxa(seen: list[Seen], lineages: Codes) -> Strongest:
    """Count the votes of all spaces, and look at the winners in each.

    Args:
        seen: what each space shows.
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
    taxa, shares = top.reshape(-1, ranks), part.reshape(-1, ranks)
    named = (taxa >= 0)[:, :, None]
    inside = (taxon_of[None, :, :-1] == taxa[:, :, None]) & named
    columns, rivals = [], []
    for one, theirs in zip(seen, voters, strict=True):
        agree = (theirs == taxa[:, :, None]) & named
        nearest_centre = taxa == taxon_of[:, one.centres.argmax(axis=1)].T
        found, both = _of_view(one, agree, theirs < 0, inside, nearest_centre)
        columns += found
        rivals += both
    return Strongest(taxa, shares, inside, columns, np.concatenate(rivals, axis=1))


def _of_view(
    one: Seen, agree: Flags, unnamed: Flags, inside: Flags, nearest_centre: Flags
) -> tuple[list[Floats], list[Codes]]:
    """Return the features of one space [q, ranks], in the order of `OF_A_VIEW`, and two classes.

    Args:
        one: what the space shows.
        agree: bool [q, ranks, k], which neighbours are of the strongest taxon.
        unnamed: bool [q, ranks, k], which are not named at the rank.
        inside: bool [q, ranks, classes], which classes are within the taxon.
        nearest_centre: bool [q, ranks], whether the nearest centre's class is.

    Returns:
        with the features the classes of the nearest centre within the taxon and of the nearest
        beyond it, int64 [q, ranks] each.
    """
    scores, centres = one.scores[:, None, :], one.centres[:, None, :]
    furthest = scores[:, :, -1]
    best = np.where(agree, scores, NONE).max(axis=2)
    other = np.where(agree | unnamed, NONE, scores).max(axis=2)
    within, beyond = np.where(inside, centres, NONE), np.where(inside, NONE, centres)
    of_best, of_other = within.argmax(axis=2), beyond.argmax(axis=2)
    centre_best, centre_other = within.max(axis=2), beyond.max(axis=2)
    best = np.maximum(best, furthest)
    near = one.scores[:, :NEAR].mean(axis=1)
    columns = [
        log_odds((one.weights[:, None, :] * agree).sum(axis=2)),
        best,
        best - np.maximum(other, furthest),
        centre_best,
        np.where(centre_other > NONE, centre_best - centre_other, 0.5),
        np.broadcast_to(near[:, None], best.shape),
        nearest_centre.astype(np.float64),
        agree[:, :, 0].astype(np.float64),
        centre_best - np.take_along_axis(one.spread, of_best, axis=1),
    ]
    return columns, [of_best, of_other]


def of_likelihood(ratios: Floats, inside: Flags, alone: Flags) -> list[Floats]:
    """Return the log-ratios as features: of the taxon's best class, its lead, of any class.

    Args:
        ratios: float64 [q, classes].
        inside: bool [q, ranks, classes], which classes are within the taxon.
        alone: bool [q, ranks], where there is no class beyond it: its lead is over one never seen.
    """
    each = ratios[:, None, :]
    lowest = ratios.min(axis=1)[:, None, None]
    best = np.where(inside, each, lowest).max(axis=2)
    other = np.where(inside, lowest, each).max(axis=2)
    any_class = np.broadcast_to(ratios.max(axis=1)[:, None], best.shape)
    return [best, best - np.where(alone, 0.0, other), any_class]


def log_odds(share: Floats) -> Floats:
    """Return log(p / (1 - p)) with p kept within [0.001, 0.999].

    >>> log_odds(np.array([0.5, 1.0])).round(2).tolist()
    [0.0, 6.91]
    """
    kept = np.minimum(np.maximum(share, 1e-3), 1 - 1e-3)
    odds: Floats = np.log(kept / (1 - kept))
    return odds
