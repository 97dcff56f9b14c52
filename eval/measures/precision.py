"""How much of a species is found when nearly all that is called so must be right (METHODS 4.5)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Flags, Floats

from .intervals import wilson_bounds

_COLUMNS = ("n", "recall", "threshold", "recall_wilson", "threshold_wilson")


@dataclass(frozen=True)
class RecallAtPrecision:
    """The largest recall at which a precision is held, and the threshold that gives it.

    Recall is 0 and the threshold infinite where no threshold holds it; recall is NaN without
    positives.
    """

    recall: float
    threshold: float


def recall_at_precision(
    scores: Floats, positive: Flags, precision: float = 0.95, *, wilson: bool = False
) -> RecallAtPrecision:
    """Return the largest recall whose precision is at least the one asked for.

    Args:
        scores: float64 [n], for being of the species; -inf where it was not considered.
        positive: bool [n], it is of the species.
        precision: in (0, 1].
        wilson: hold the precision by its lower 95 % Wilson bound.

    >>> recall_at_precision(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True]))
    RecallAtPrecision(recall=0.6666666666666666, threshold=0.8)
    """
    n_positive = int(positive.sum())
    if not n_positive:
        return RecallAtPrecision(math.nan, math.inf)
    considered = np.flatnonzero(scores > -np.inf)
    order = considered[np.argsort(-scores[considered], kind="stable")]
    ranked = scores[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True)[: len(ranked)])
    right = np.cumsum(positive[order])[last].astype(np.float64)
    named = (last + 1).astype(np.float64)
    held = wilson_bounds(right, named)[0] if wilson else right / named
    good = np.flatnonzero((held >= precision) & (right > 0))
    if not len(good):
        return RecallAtPrecision(0.0, math.inf)
    best = good[right[good].argmax()]
    return RecallAtPrecision(float(right[best] / n_positive), float(ranked[last[best]]))


def recall_at_precision_by_taxon(
    scores: Floats, truth: Codes, names: Sequence[str], precision: float = 0.95
) -> pd.DataFrame:
    """Return recall at a precision for every taxon with a specimen.

    Args:
        scores: float64 [n, c], of each specimen for each taxon; -inf where it was not considered.
        truth: int64 [n], the taxon, -1 for one that is not among them.
        names: the c taxa.
        precision: in (0, 1].

    Returns:
        one row a taxon: taxon, n, recall, threshold, recall_wilson, threshold_wilson.
    """
    present = np.unique(truth[truth >= 0])
    rows = [
        {"taxon": names[code], **_both(scores[:, code], truth == code, precision)}
        for code in present
    ]
    return pd.DataFrame(rows, columns=["taxon", *_COLUMNS])


def recall_at_precision_of_answers(
    scores: Floats, answers: Codes, truth: Codes, precision: float = 0.95
) -> pd.DataFrame:
    """Return the same where every specimen has one answer: it is considered for no other taxon.

    Args:
        scores: float64 [n], the confidence in each answer.
        answers: int64 [n], the taxon that was answered, -1 for none.
        truth: int64 [n], the taxon, -1 for one that is not among them.
        precision: in (0, 1].

    Returns:
        one row a taxon with a specimen, its code as the index: n, recall, threshold,
        recall_wilson, threshold_wilson.
    """
    present = np.unique(truth[truth >= 0])
    rows = [
        _both(np.where(answers == code, scores, -np.inf), truth == code, precision)
        for code in present
    ]
    return pd.DataFrame(rows, columns=list(_COLUMNS), index=present)


def _both(scores: Floats, positive: Flags, precision: float) -> dict[str, float]:
    """Return the figures of one taxon, the precision held by itself and by its Wilson bound."""
    plain = recall_at_precision(scores, positive, precision)
    safe = recall_at_precision(scores, positive, precision, wilson=True)
    n = int(positive.sum())
    figures = (n, plain.recall, plain.threshold, safe.recall, safe.threshold)
    return dict(zip(_COLUMNS, figures, strict=True))
