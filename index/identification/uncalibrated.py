"""Judging a specimen where no calibration is kept: by the votes of its nearest neighbours alone.

What is returned are shares of votes. Nothing has measured how often such a share is right, so no
confidence and no p-value come with it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..arrays import Codes, Floats, Scores
from ..gallery.gallery import Gallery
from ..vectors.selection import Selection
from .answers import Judgement, Taxa
from .votes import NEIGHBOURS, vote_weights

_SHOWN = 5  # taxa listed at every rank


def judge_by_votes(
    gallery: Gallery, scores: Scores, places: Codes, decisive: frozenset[str]
) -> Judgement:
    """Judge a specimen by its neighbours' votes.

    Args:
        decisive: see `decisive_ranks`.
        scores: float32 [k], cosines of the neighbours, best first.
        places: int64 [k], their places in the gallery.
    """
    scores, places = scores[:NEIGHBOURS], places[:NEIGHBOURS]
    weights = vote_weights(scores[None], gallery.taxon[places][None])[0]
    ranks = {rank: _shares(gallery, rank, places, weights) for rank in gallery.ranks}
    return Judgement(
        ranks={rank: taxa for rank, taxa in ranks.items() if taxa},
        novelty_p=None,
        far=False,
        decisive=decisive,
    )


def _shares(gallery: Gallery, rank: str, places: Codes, weights: Floats) -> Taxa:
    """Return the taxa of a rank and their shares of all votes, best first, the nearer before."""
    labels = gallery.labels(rank)
    shares: dict[int, float] = {}
    for code, weight in zip(labels.codes[places].tolist(), weights.tolist(), strict=True):
        if code >= 0 and weight > 0:
            shares[code] = shares.get(code, 0.0) + weight
    best = sorted(shares.items(), key=lambda found: -found[1])[:_SHOWN]
    return [(labels.names[code], min(share, 1.0)) for code, share in best]


def decisive_ranks(gallery: Gallery, chosen: Selection | None) -> frozenset[str]:
    """Return the ranks at which the images that may answer are named differently.

    Args:
        chosen: these images; None for all of the gallery.
    """
    found = gallery.once("decisive ranks", None, lambda: _decisive(gallery, slice(None)))
    # What all agree on, a part of them cannot tell apart: only the others are looked at again.
    return found if chosen is None else _decisive(gallery, np.flatnonzero(chosen.allowed), found)


def _decisive(
    gallery: Gallery, places: Codes | slice, ranks: Iterable[str] | None = None
) -> frozenset[str]:
    asked = gallery.ranks if ranks is None else ranks
    return frozenset(rank for rank in asked if _several(gallery.labels(rank).codes[places]))


def _several(codes: Codes) -> bool:
    named = codes[codes >= 0]
    return len(named) > 0 and bool(named.min() != named.max())
