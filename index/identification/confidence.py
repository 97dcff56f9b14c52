"""From neighbours to probabilities: tempered, class-capped votes, calibrated on the gallery itself.

Every image of the gallery is identified by the others, images of its own specimen left out. What
the votes looked like when they were right and when they were wrong makes them probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Codes, Flags, Floats, Scores
from ..gallery.gallery import Gallery
from ..vectors.brute_force import exact_knn

NEIGHBOURS = 15
_TEMPERATURE = 0.05
_CAP = 3  # votes that one taxon may cast: common species must not outvote rare ones
_SAMPLE = 2000  # gallery images that calibration looks at
_FEW = 20  # right and wrong answers below which a rank is not calibrated


@dataclass(frozen=True)
class Votes:
    """What the neighbours of one query say at one rank: taxa as codes, shares in (0, 1]."""

    taxa: list[int]
    shares: list[float]


def count_votes(gallery: Gallery, scores: Scores, places: Codes) -> dict[str, Votes]:
    """Count the votes of one query's neighbours at every rank, strongest taxon first.

    A neighbour of cosine s weighs exp((s - best) / 0.05); of neighbours with one and the same
    determination only the three nearest count. A rank that no neighbour is named at is left out.

    Args:
        scores: cosines float32 [k], best first.
        places: the neighbours' places in the gallery, int64 [k].
    """
    counted = _capped(gallery.taxon[places])
    scores, places = scores[counted], places[counted]
    if not len(places):
        return {}
    weights = np.exp((scores.astype(np.float64) - scores[0]) / _TEMPERATURE)
    found = {}
    for rank in gallery.ranks:
        codes = gallery.labels(rank).codes[places]
        named = codes >= 0
        if not named.any():
            continue
        taxa, member = np.unique(codes[named], return_inverse=True)
        shares = np.bincount(member, weights[named]) / weights[named].sum()
        order = np.argsort(-shares, kind="stable")
        found[rank] = Votes(taxa[order].tolist(), shares[order].tolist())
    return found


def _capped(taxa: Codes) -> Flags:
    """Return which neighbours count: those with a determination, three of each at most."""
    seen: dict[int, int] = {}
    keep = np.zeros(len(taxa), bool)
    for place, taxon in enumerate(taxa.tolist()):
        seen[taxon] = seen.get(taxon, 0) + 1
        keep[place] = taxon >= 0 and seen[taxon] <= _CAP
    return keep


@dataclass(frozen=True)
class Calibration:
    """What leave-one-out over a gallery taught.

    Attributes:
        models: for each rank the logistic coefficients (intercept and weights of `_features`),
            or None where there were too few right or too few wrong answers to learn from.
        base_rates: for each rank the share of right answers, shrunk towards one half.
        nearest: float32 [n] ascending, the cosine of each sampled image to its nearest other
            specimen.
    """

    models: dict[str, Floats | None]
    base_rates: dict[str, float]
    nearest: Scores

    def confidence(self, rank: str, share: float, scores: Scores) -> float:
        """Return the probability that the strongest taxon of a rank is right."""
        model = self.models.get(rank)
        if model is None:
            return float(self.base_rates.get(rank, 0.5) * share)
        return float(1 / (1 + np.exp(-(model[0] + _features(share, scores) @ model[1:]))))

    def novelty(self, best: float) -> float:
        """Return the p-value of a nearest cosine: how rare one so low is within the gallery."""
        below = int(np.searchsorted(self.nearest, best, side="right"))
        return (1 + below) / (1 + len(self.nearest))


def calibrate(gallery: Gallery) -> Calibration:
    """Calibrate a gallery by leave-one-out over at most 2,000 of its images (fixed seed), once."""
    return gallery.once("confidence", None, lambda: _calibrate(gallery))


def _calibrate(gallery: Gallery) -> Calibration:
    drawn = np.random.default_rng(0).permutation(np.flatnonzero(gallery.taxon >= 0))[:_SAMPLE]
    vectors = gallery.index.vectors
    scores, places = exact_knn(
        vectors[drawn],
        vectors,
        NEIGHBOURS,
        query_groups=gallery.specimens[drawn],
        gallery_groups=gallery.specimens,
    )
    features: dict[str, list[Floats]] = {rank: [] for rank in gallery.ranks}
    right: dict[str, list[bool]] = {rank: [] for rank in gallery.ranks}
    nearest = []
    for query, row_scores, row_places in zip(drawn, scores, places, strict=True):
        there = row_places >= 0
        if not there.any():
            continue
        nearest.append(row_scores[0])
        for rank, votes in count_votes(gallery, row_scores[there], row_places[there]).items():
            truth = gallery.labels(rank).codes[query]
            if truth >= 0:
                features[rank].append(_features(votes.shares[0], row_scores[there]))
                right[rank].append(votes.taxa[0] == truth)
    return Calibration(
        models={rank: _fit(features[rank], right[rank]) for rank in gallery.ranks},
        base_rates={rank: (sum(r) + 1) / (len(r) + 2) for rank, r in right.items()},
        nearest=np.sort(np.array(nearest, np.float32)),
    )


def _features(share: float, scores: Scores) -> Floats:
    """Return the log-odds of the share, the best cosine and its lead over the last."""
    odds = np.log(max(share, 1e-3) / max(1 - share, 1e-3))
    return np.array([odds, scores[0], scores[0] - scores[-1]], np.float64)


def _fit(features: list[Floats], right: list[bool]) -> Floats | None:
    if min(sum(right), len(right) - sum(right)) < _FEW:
        return None
    from sklearn.linear_model import LogisticRegression  # takes longer than all else to import

    model = LogisticRegression(C=10.0, max_iter=1000).fit(np.stack(features), right)
    coefficients: Floats = np.concatenate([model.intercept_, model.coef_[0]])
    return coefficients
