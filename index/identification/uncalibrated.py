"""Judging a specimen where no calibration is kept: by the votes of its nearest neighbours alone.

What is returned are shares of votes. Nothing has measured how often such a share is right, so no
confidence and no p-value come with it.
"""

from __future__ import annotations

from ..arrays import Codes, Floats, Scores
from ..gallery.gallery import Gallery
from .answers import Judgement, Taxa
from .votes import NEIGHBOURS, vote_weights

_SHOWN = 5  # taxa listed at every rank


def judge_by_votes(gallery: Gallery, scores: Scores, places: Codes) -> Judgement:
    """Judge a specimen by its neighbours' votes.

    Args:
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
        decisive=gallery.once("decisive ranks", None, lambda: _decisive(gallery)),
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


def _decisive(gallery: Gallery) -> frozenset[str]:
    """Return the ranks at which images of the gallery are named differently."""
    return frozenset(rank for rank in gallery.ranks if _several(gallery.labels(rank).codes))


def _several(codes: Codes) -> bool:
    named = codes[codes >= 0]
    return len(named) > 0 and bool(named.min() != named.max())
