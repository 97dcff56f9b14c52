"""What neighbours, class centres and likelihoods say for the strongest taxon of every rank.

Of thousands of classes only few can win at any rank: those of the neighbours, and those with the
nearest centres in some space (`propose`). Only of these more is looked at. Where none of them lies
within a taxon, or none beyond it, all are looked through (`rivals`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..arrays import Codes, Embeddings, Flags, Floats
from .classes import Lineages
from .votes import shares_at, strongest

NEAR = 5  # neighbours whose mean cosine says how far a query is from everything
OF_A_VIEW = (
    "share", "best", "lead", "centre", "centre_lead", "near", "centre_agrees", "nearest_agrees",
    "centre_excess",
)  # fmt: skip
OF_LIKELIHOOD = ("of_taxon", "lead", "of_any")
NONE = np.float32(-2)  # below every cosine


@dataclass(frozen=True, eq=False)
class Seen:
    """What the working spaces show of q queries.

    Attributes:
        scores: float64 [spaces, q, 15], the neighbours' cosines, best first.
        classes: int64 [spaces, q, 15], their classes, -1 as padding.
        weights: float64 [spaces, q, 15], of their votes.
        centres: float32 [spaces, q, classes], cosines to all class centres, `NONE` for what is no
            class without the query's own specimen.
        gone: int64 [2, g], these pairs of query and class.
    """

    scores: Floats
    classes: Codes
    weights: Floats
    centres: Embeddings
    gone: Codes


class Strongest(NamedTuple):
    """The taxon with most votes at every rank.

    Attributes:
        taxa: int64 [q, ranks], -1 where no neighbour is named.
        shares: float64 [q, ranks], of the votes.
        agree: bool [spaces, q, ranks, 15], which neighbours are of it.
        unnamed: bool [spaces, q, ranks, 15], which are not named at the rank.
    """

    taxa: Codes
    shares: Floats
    agree: Flags
    unnamed: Flags


@dataclass(frozen=True, eq=False)
class Proposed:
    """Classes that can win.

    Attributes:
        classes: int64 [q, m], -1 as padding.
        codes: int64 [ranks, q, m], their taxa.
        centres: float32 [spaces, q, m], cosines to their centres, `NONE` as padding.
        least: float32 [spaces, q]; no class with a nearer centre than that is missing.
    """

    classes: Codes
    codes: Codes
    centres: Embeddings
    least: Embeddings

    def inside(self, taxa: Codes) -> Flags:
        """Return which of the classes are within some taxa [q, ranks]: bool [q, ranks, m]."""
        flags: Flags = self.codes.transpose(1, 0, 2) == np.where(taxa < 0, -2, taxa)[:, :, None]
        return flags

    def nearest_agrees(self, taxa: Codes) -> Flags:
        """Return whether the class of each space's nearest centre is: bool [spaces, q, ranks]."""
        place = self.centres.argmax(axis=2)
        codes = self.codes[:, np.arange(len(taxa)), place]
        flags: Flags = codes.transpose(1, 2, 0) == taxa
        return flags


class Rivals(NamedTuple):
    """The class of the nearest centre within each taxon (first), and beyond it (second).

    Attributes:
        centres: float32 [2, spaces, q, ranks], cosines to them, `NONE` where there is none.
        classes: int64 [2, spaces, q, ranks].
        alone: bool [q, ranks], where there is no class beyond the taxon.
    """

    centres: Embeddings
    classes: Codes
    alone: Flags


def strongest_taxa(seen: Seen, lineages: Lineages) -> Strongest:
    """Count the votes of all spaces."""
    spaces, count, k = seen.classes.shape
    codes = lineages.codes[:, seen.classes]
    ranks = len(codes)
    votes = codes.transpose(2, 0, 1, 3).reshape(count * ranks, spaces * k)
    weights = seen.weights.transpose(1, 0, 2).reshape(count, spaces * k)
    top, part = strongest(shares_at(np.repeat(weights, ranks, axis=0), votes), votes)
    taxa, theirs = top.reshape(count, ranks), codes.transpose(1, 2, 0, 3)
    unnamed = theirs < 0
    agree = (theirs == taxa[:, :, None]) & ~unnamed
    return Strongest(taxa, part.reshape(count, ranks), agree, unnamed)


def largest(values: Embeddings, most: int) -> Codes:
    """Return the places of the largest values along the last axis, int64 […, most]."""
    return np.argpartition(values, -most, axis=-1)[..., -most:]


def propose(seen: Seen, lineages: Lineages, most: int, others: Codes) -> Proposed:
    """Propose the classes of the neighbours and those of the nearest centres of each space.

    Args:
        most: how many of the nearest centres.
        others: int64 [q, m], further classes, -1 as padding.
    """
    spaces, count, size = seen.centres.shape
    if size <= most:
        every, none = np.tile(np.arange(size), (count, 1)), np.full((spaces, count), NONE)
        return _proposed(seen, lineages, every, none)
    near = largest(seen.centres, most)
    least = np.take_along_axis(seen.centres, near, axis=2).min(axis=2)
    classes = np.concatenate([*near, *seen.classes, others], axis=1)
    return _proposed(seen, lineages, _each_once(classes), least)


def _proposed(seen: Seen, lineages: Lineages, classes: Codes, least: Embeddings) -> Proposed:
    centres = seen.centres[:, np.arange(len(classes))[:, None], classes]
    classes = np.where(centres[0] > NONE, classes, -1)
    return Proposed(
        classes, lineages.codes[:, classes], np.where(classes < 0, NONE, centres), least
    )


def _each_once(classes: Codes) -> Codes:
    """Return the classes of every row in ascending order; -1 instead of one that came before."""
    classes = np.sort(classes, axis=1)
    classes[:, 1:][classes[:, 1:] == classes[:, :-1]] = -1
    return classes


def rivals(
    seen: Seen, proposed: Proposed, taxa: Codes, lineages: Lineages
) -> tuple[Rivals, Proposed]:
    """Return the classes of the nearest centre within each taxon and beyond it.

    Args:
        seen: what the spaces show.
        proposed: the classes that can win.
        taxa: int64 [q, ranks].
        lineages: of all classes.

    Returns:
        with them the classes that can win and those that no space proposed.
    """
    query = np.arange(len(taxa))[:, None]
    inside = proposed.inside(taxa)
    sides = np.stack([inside, (proposed.classes >= 0)[:, None] & ~inside])
    among = np.where(sides[:, None], proposed.centres[:, :, None], NONE)
    place = among.argmax(axis=-1)
    classes = proposed.classes[query, place]
    centres = np.take_along_axis(among, place[..., None], axis=-1)[..., 0]
    sizes = _sizes(seen, taxa, lineages)
    open_ones = (sizes > sides.sum(axis=-1))[:, None] & (centres < proposed.least[..., None])
    for found in zip(*np.nonzero(open_ones), strict=True):
        side, space, row, rank = found
        within = lineages.codes[rank, :-1] == taxa[row, rank]
        line = np.where(within ^ bool(side), seen.centres[space, row], NONE)
        classes[found] = line.argmax()
        centres[found] = line[classes[found]]
    if open_ones.any():
        more = classes.transpose(2, 0, 1, 3).reshape(len(taxa), -1)
        every = _each_once(np.concatenate([proposed.classes, more], axis=1))
        proposed = _proposed(seen, lineages, every, proposed.least)
    return Rivals(centres, classes, sizes[1] == 0), proposed


def _sizes(seen: Seen, taxa: Codes, lineages: Lineages) -> Codes:
    """Return how many classes are within each taxon and beyond it, int64 [2, q, ranks]."""
    within = np.where(taxa < 0, 0, lineages.sizes[np.arange(taxa.shape[1]), taxa])
    every = np.full(len(taxa), seen.centres.shape[2])
    if seen.gone.size:
        row, one = seen.gone
        inside = (taxa[row] >= 0) & (taxa[row] == lineages.codes[:, one].T)
        np.subtract.at(within, row, inside)
        np.subtract.at(every, row, 1)
    return np.stack([within, every[:, None] - within])


def of_views(seen: Seen, found: Strongest, best: Rivals, agrees: Flags, spread: Floats) -> Floats:
    """Return what every space says, float64 [q, ranks, spaces * features]; see `OF_A_VIEW`.

    Args:
        seen: what the spaces show.
        found: the strongest taxa.
        best: their rivals.
        agrees: bool [spaces, q, ranks], whether the class of the nearest centre is within it.
        spread: float64 [spaces, q, ranks], of the class of the nearest centre within it.
    """
    scores = seen.scores[:, :, None]
    furthest = scores[..., -1]
    nearest = np.maximum(np.where(found.agree, scores, NONE).max(axis=-1), furthest)
    other = np.where(found.agree | found.unnamed, NONE, scores).max(axis=-1)
    within, beyond = best.centres
    columns = _columns(
        nearest.shape,
        log_odds((seen.weights[:, :, None] * found.agree).sum(axis=-1)),
        nearest,
        nearest - np.maximum(other, furthest),
        within,
        np.where(beyond > NONE, within - beyond, 0.5),
        seen.scores[:, :, None, :NEAR].mean(axis=-1),
        agrees,
        found.agree[..., 0],
        within - spread,
    )
    return columns.transpose(1, 2, 0, 3).reshape(*found.taxa.shape, -1)


def of_likelihood(ratios: Floats, inside: Flags, alone: Flags) -> Floats:
    """Return the log-ratios as features, float64 [q, ranks, 3]; see `OF_LIKELIHOOD`.

    They are that of the taxon's best class, its lead, and that of any class.

    Args:
        ratios: float64 [q, m].
        inside: bool [q, ranks, m], which classes are within the taxon.
        alone: bool [q, ranks], where there is no class beyond it: its lead is over one never seen.
    """
    each, lowest = ratios[:, None], ratios.min(axis=1)[:, None, None]
    best = np.where(inside, each, lowest).max(axis=2)
    other = np.where(inside, lowest, each).max(axis=2)
    lead = best - np.where(alone, 0.0, other)
    return _columns(best.shape, best, lead, ratios.max(axis=1)[:, None])


def _columns(shape: tuple[int, ...], *features: Floats | Embeddings | Flags) -> Floats:
    """Return features of a shape, or that fit it, side by side along a new last axis, float64."""
    columns = np.empty((*shape, len(features)))
    for place, values in enumerate(features):
        columns[..., place] = values
    return columns


def log_odds(share: Floats) -> Floats:
    """Return log(p / (1 - p)) with p kept within [0.001, 0.999].

    >>> log_odds(np.array([0.5, 1.0])).round(2).tolist()
    [0.0, 6.91]
    """
    kept = np.minimum(np.maximum(share, 1e-3), 1 - 1e-3)
    odds: Floats = np.log(kept / (1 - kept))
    return odds
