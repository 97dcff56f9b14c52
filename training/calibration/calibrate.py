"""Calibrating identification on specimens and species that are left out of the gallery in turn."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Embeddings, Floats
from holotype.index.identification.calibration import Calibration, with_odds
from holotype.index.identification.logistic import Logistic

from .left_out import LeftOut, leave_out, working_spaces
from .sets import candidates_of, fit_sets, fit_sharpness
from .steps import Steps

_FEW = 10  # right or wrong answers below which a rank is modelled by its log-odds alone
_MANY = 600  # specimens from which on a model of all features learns none by heart
_PARTS = 5  # of the folds, for held-out probabilities


class _Features(NamedTuple):
    """Features that a model takes, and the inverse strength of its L2 penalty."""

    columns: slice
    inverse_penalty: float


_ALL = _Features(slice(None), 0.3)
_LIKELIHOOD = _Features(slice(-5, -2), 1.0)  # those of `OF_LIKELIHOOD`
_ODDS = _Features(slice(-2, None), 1.0)  # those that `with_odds` adds


def calibrate(
    vectors: Embeddings,
    labels: Codes,
    groups: Codes,
    *,
    conditions: Codes | None = None,
    seed: int = 0,
    steps: Steps | None = None,
) -> Calibration:
    """Fit all that turns the evidence of a gallery into probabilities.

    Args:
        vectors: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n, ranks], taxa coarse to fine, -1 where not known.
        groups: int64 [n], specimens; a specimen's images are pooled into one query.
        conditions: int64 [n], places or days, see `leave_out`; None where nothing tells them.
        seed: of the folds.
        steps: are told how far it is, from when there is enough to fit on.

    Raises:
        ValueError: fewer than 50 named specimens, or no species with two of them.
    """
    left_out = leave_out(vectors, labels, groups, conditions=conditions, seed=seed, steps=steps)
    return fit_calibration(vectors, labels, left_out, seed=seed)


def fit_calibration(
    vectors: Embeddings, labels: Codes, left_out: LeftOut, *, seed: int
) -> Calibration:
    """Fit what `calibrate` does, from what `leave_out` found in the same rows with that seed."""
    sharpness, surprise = fit_sets(left_out)
    features, right = _features(left_out, sharpness), left_out.right
    known, stated = left_out.novel == 0, left_out.truth >= 0
    ranks = range(labels.shape[1])
    return Calibration(
        working_spaces(vectors, labels[:, -1], np.arange(len(labels))),
        _fit(features[:, -1], known, _balanced(left_out.novel)),
        tuple(_at(r, known & stated[:, r], features, right) for r in ranks),
        tuple(_at(r, ~known & stated[:, r], features, right) for r in ranks),
        np.sort(left_out.joined("nearness")[known]),
        sharpness,
        surprise,
        _card(labels, left_out, seed),
    )


def held_out_probabilities(left_out: LeftOut) -> tuple[Floats, Floats]:
    """Return probabilities of left-out specimens from models that never saw them.

    For choosing thresholds: the models of `calibrate` look better on the specimens that they were
    fitted on than on others. A specimen that is left out twice, as known and as novel, is judged
    twice by models that saw neither.

    Returns:
        float64 [q], P(right at the finest rank | known), and float64 [q], P(known) at equal shares.
    """
    closeness, true = candidates_of(left_out)
    known, right = left_out.novel == 0, left_out.right[:, -1]
    p_right, p_known = np.zeros(len(known)), np.zeros(len(known))
    for part in range(_PARTS):
        inside = left_out.fold % _PARTS == part
        others = ~np.isin(left_out.specimen, left_out.specimen[inside])
        fitted = others & known
        sharpness = fit_sharpness(closeness[fitted], true[fitted])
        features = _features(left_out, sharpness)[:, -1]
        ones, balanced = np.ones(int(fitted.sum())), _balanced(left_out.novel[others])
        if_known = _fit(features[fitted], right[fitted], ones)
        is_known = _fit(features[others], known[others], balanced)
        p_right[inside], p_known[inside] = if_known(features[inside]), is_known(features[inside])
    return p_right, p_known


def _features(left_out: LeftOut, sharpness: Floats) -> Floats:
    return np.concatenate([with_odds(evidence, sharpness) for evidence in left_out.evidence])


def _balanced(novel: Codes) -> Floats:
    """Return weights that make known and novel count the same, and each kind of novel too."""
    kinds, member, counts = np.unique(novel, return_inverse=True, return_counts=True)
    share = np.where(kinds == 0, 0.5, 0.5 / max((kinds > 0).sum(), 1))
    weights: Floats = (share / counts)[member] * len(novel)
    return weights


def _at(
    rank: int,
    rows: NDArray[np.bool_],
    features: Floats,
    right: NDArray[np.bool_],
) -> Logistic:
    weights = np.ones(int(rows.sum()))
    return _fit(features[rows, rank], right[rows, rank], weights)


def _fit(features: Floats, yes: NDArray[np.bool_], weights: Floats) -> Logistic:
    """Fit a logistic model.

    With few of one answer it has the class probabilities' log-odds alone to go by: they tell a
    wrong answer from a right one without many of either. With none of one answer it is a constant
    (add-half smoothing). Of few specimens a model of all features learns some by heart: it is
    averaged with one of the likelihoods alone.
    """
    n_yes, n_no = int(yes.sum()), int((~yes).sum())
    if n_no == 0 or n_yes == 0:
        odds = np.log((weights[yes].sum() + 0.5) / (weights[~yes].sum() + 0.5))
        return Logistic(np.zeros(features.shape[1]), float(odds))
    if min(n_yes, n_no) < _FEW:
        return _regression(features, yes, weights, _ODDS)
    every = _regression(features, yes, weights, _ALL)
    if len(yes) >= _MANY:
        return every
    few = _regression(features, yes, weights, _LIKELIHOOD)
    return Logistic((every.weights + few.weights) / 2, (every.intercept + few.intercept) / 2)


def _regression(
    features: Floats, yes: NDArray[np.bool_], weights: Floats, chosen: _Features
) -> Logistic:
    values = features[:, chosen.columns]
    mean, scale = values.mean(axis=0), values.std(axis=0)
    scale[scale < 1e-9] = 1.0
    from sklearn.linear_model import LogisticRegression  # what is calibrated does without

    model = LogisticRegression(C=chosen.inverse_penalty, max_iter=2000)
    model.fit((values - mean) / scale, yes, sample_weight=weights)
    slopes = np.zeros(features.shape[1])
    slopes[chosen.columns] = model.coef_[0] / scale
    return Logistic(slopes, float(model.intercept_[0] - slopes[chosen.columns] @ mean))


def _card(labels: Codes, left_out: LeftOut, seed: int) -> dict[str, Any]:
    known = left_out.novel == 0
    return {
        "images": int((labels[:, -1] >= 0).sum()),
        "taxa": [len(np.unique(column[column >= 0])) for column in labels.T],
        "known_specimens": int(known.sum()),
        "known_conditions": len(np.unique(left_out.condition[known])),
        "novel_specimens": int((~known).sum()),
        "right_if_known": left_out.right[known].mean(axis=0).tolist(),
        "seed": seed,
    }
