"""Telling the known from the novel, and the right from the wrong (METHODS 4.8).

Scores say how well known a specimen looks: larger is better known. Near novelty (a new species of
a known genus) and far novelty (another category) are two calls with their own novel specimens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score

from holotype.index.arrays import Flags, Floats

from .intervals import Interval, wilson
from .jsonable import Figures


@dataclass(frozen=True)
class Novelty(Figures):
    """How well a score separates, in [0, 1]; 1 is best but for `fpr95`, where 0 is.

    Attributes:
        auroc: known against novel.
        aupr_in: average precision of finding the known.
        aupr_out: average precision of finding the novel.
        fpr95: the share of novel specimens taken for known where 95 % of the known are.
        oscr: area under the correct classification rate over the share of novel ones accepted.
        auroc_correct: right answers against wrong ones and novel specimens together.
        auroc_wrong: right against wrong answers, known specimens only.
    """

    n_known: int
    n_novel: int
    auroc: float
    aupr_in: float
    aupr_out: float
    fpr95: float
    oscr: float
    auroc_correct: float
    auroc_wrong: float


@dataclass(frozen=True)
class Retained(Figures):
    """What a threshold keeps and catches, each share with Wilson's 95 % interval.

    Attributes:
        threshold: a specimen with this score or more is kept, one below is flagged.
        retained_correct: right answers that are kept.
        detected_failures: wrong answers, of known specimens, that are flagged.
        detected_novel: novel specimens that are flagged.
    """

    threshold: float
    retained_correct: Interval
    detected_failures: Interval
    detected_novel: Interval


def measure_novelty(known_scores: Floats, known_correct: Flags, novel_scores: Floats) -> Novelty:
    """Return how well scores separate known from novel specimens.

    Args:
        known_scores: float64 [n], larger looks better known.
        known_correct: bool [n], the answer for a known specimen was right.
        novel_scores: float64 [m].
    """
    scores = np.concatenate([known_scores, novel_scores])
    known = np.arange(len(scores)) < len(known_scores)
    correct = np.concatenate([known_correct, np.zeros(len(novel_scores), np.bool_)])
    both = bool(known.any() and not known.all())
    return Novelty(
        n_known=len(known_scores),
        n_novel=len(novel_scores),
        auroc=auroc(scores, known),
        aupr_in=float(average_precision_score(known, scores)) if both else math.nan,
        aupr_out=float(average_precision_score(~known, -scores)) if both else math.nan,
        fpr95=fpr_at_tpr(known_scores, novel_scores),
        oscr=oscr(known_scores, known_correct, novel_scores),
        auroc_correct=auroc(scores, correct),
        auroc_wrong=auroc(known_scores, known_correct),
    )


def auroc(scores: Floats, positive: Flags) -> float:
    """Return the chance that a positive scores above a negative, ties counting half.

    Args:
        scores: float64 [n].
        positive: bool [n].

    Returns:
        in [0, 1]; NaN where one side is empty.
    """
    if positive.all() or not positive.any():
        return math.nan
    above, below = int(positive.sum()), int((~positive).sum())
    # By Mann and Whitney's U of the ranks: intervals ask for it thousands of times, and
    # scikit-learn checks its arguments for longer than it counts.
    beaten = rankdata(scores)[positive].sum() - above * (above + 1) / 2
    return float(beaten / (above * below))


def fpr_at_tpr(known_scores: Floats, novel_scores: Floats, tpr: float = 0.95) -> float:
    """Return the share of novel specimens accepted where a share of the known ones is.

    Args:
        known_scores: float64 [n].
        novel_scores: float64 [m].
        tpr: the share of known specimens to accept, at least, in (0, 1].

    >>> fpr_at_tpr(np.array([0.9, 0.8, 0.7, 0.6]), np.array([0.65, 0.1]), tpr=0.75)
    0.0
    """
    if not len(known_scores) or not len(novel_scores):
        return math.nan
    return float((novel_scores >= threshold_retaining(known_scores, tpr)).mean())


def threshold_retaining(scores: Floats, share: float) -> float:
    """Return the largest threshold that at least a share of the scores reaches.

    Args:
        scores: float64 [n], of right answers on calibration data; at least one.
        share: in (0, 1].

    Raises:
        ValueError: no scores, or a share outside (0, 1].

    >>> threshold_retaining(np.array([0.1, 0.2, 0.3, 0.4]), 0.75)
    0.2
    """
    if not len(scores) or not 0 < share <= 1:
        raise ValueError(
            f"a share of {share} of {len(scores)} scores cannot be retained; "
            "give at least one score and a share above 0, up to 1"
        )
    # 0.07 * 100 is 7.000000000000001 in floating point, which would be rounded up to 8.
    wanted = math.ceil(share * len(scores) - 1e-9)
    return float(np.sort(scores)[len(scores) - max(wanted, 1)])


def oscr(known_scores: Floats, known_correct: Flags, novel_scores: Floats) -> float:
    """Return the area under the open-set classification rate (Dhamija et al. 2018).

    The share of known specimens that are accepted and right, over the share of novel specimens
    that are accepted, for every threshold.

    Args:
        known_scores: float64 [n].
        known_correct: bool [n].
        novel_scores: float64 [m].

    Returns:
        in [0, 1]; NaN where one side is empty.
    """
    if not len(known_scores) or not len(novel_scores):
        return math.nan
    thresholds = np.unique(np.concatenate([known_scores, novel_scores]))[::-1]
    right, novel = np.sort(known_scores[known_correct]), np.sort(novel_scores)
    ccr = (len(right) - np.searchsorted(right, thresholds)) / len(known_scores)
    fpr = (len(novel) - np.searchsorted(novel, thresholds)) / len(novel)
    return float(np.trapezoid(np.append(0, ccr), np.append(0, fpr)))


def retained(
    known_scores: Floats, known_correct: Flags, novel_scores: Floats, threshold: float
) -> Retained:
    """Return what a threshold keeps of the right answers and catches of the others.

    Args:
        known_scores: float64 [n].
        known_correct: bool [n].
        novel_scores: float64 [m].
        threshold: from calibration data, for example `threshold_retaining(…, 0.92)` there.
    """
    kept, caught = known_scores >= threshold, novel_scores < threshold
    n_right = int(known_correct.sum())
    return Retained(
        threshold,
        wilson(int((kept & known_correct).sum()), n_right),
        wilson(int((~kept & ~known_correct).sum()), len(known_correct) - n_right),
        wilson(int(caught.sum()), len(novel_scores)),
    )


def over_commitment(novel_given_species: Flags) -> Interval:
    """Return the share of novel specimens that were given a species, with Wilson's interval.

    Args:
        novel_given_species: bool [m], for every novel specimen.
    """
    return wilson(int(novel_given_species.sum()), len(novel_given_species))
