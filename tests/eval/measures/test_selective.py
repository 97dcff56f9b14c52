"""Thresholds: the curve, the areas, and that a threshold is chosen on other data."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn import metrics

from holotype.eval.measures.intervals import wilson
from holotype.eval.measures.selective import (
    aurc,
    choose_threshold,
    knee,
    selective_curve,
    selective_point,
)

P4_ALL = np.array([[61, 66, 82, 70, 71], [56, 61, 70, 62, 62], [8, 11, 4, 9, 7]])
P4_ABOVE = np.array([[45, 54, 52, 53, 37], [44, 51, 52, 52, 37], [3, 1, 1, 0, 0]])


Codes = NDArray[np.int64]


def answers(positives: Codes, right: Codes, wrong: Codes) -> tuple[Codes, Codes]:
    """Return truths and predictions that have the counts of one of P4's tables."""
    hits, taxa = np.repeat(np.arange(5), right), np.arange(5)
    missed, named = np.repeat(taxa, positives - right), np.repeat(taxa, wrong)
    rows, columns = linear_sum_assignment(missed[:, None] == named)  # no miss named as itself
    return np.concatenate([hits, missed[rows]]), np.concatenate([hits, named[columns]])


def test_p4_at_its_threshold_of_94_percent() -> None:
    kept, discarded = answers(*P4_ABOVE), answers(*(P4_ALL - P4_ABOVE))
    scores = np.repeat([0.97, 0.5], [len(kept[0]), len(discarded[0])])
    every = np.concatenate([kept[0], discarded[0]]), np.concatenate([kept[1], discarded[1]])
    point = selective_point(scores, *every, threshold=0.94)
    assert (point.n, point.n_accepted) == (350, 241)
    assert f"{point.coverage:.4f} {point.kappa:.4f}" == "0.6886 0.9740"
    assert f"{point.accuracy.estimate:.4f} {point.accuracy.low:.3f} {point.accuracy.high:.3f}" == (
        "0.9793 0.952 0.991"
    )
    curve = selective_curve(scores, *every)
    assert [f"{kappa:.4f}" for kappa in curve["kappa"]] == ["0.9740", "0.8606"]
    assert f"{curve['accuracy'].iloc[-1]:.4f}" == "0.8886"


@pytest.mark.parametrize("seed", range(6))
def test_every_point_of_the_curve_equals_scikit_learn_on_the_accepted(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(-1, 5, 80), rng.integers(0, 6, 80)
    predicted = np.where(rng.random(80) < 0.5, truth, predicted)
    scores = rng.integers(0, 20, 80) / 20  # with ties
    curve = selective_curve(scores, truth, predicted)
    assert curve["threshold"].tolist() == sorted(set(scores), reverse=True)
    for record in curve.to_dict("records"):
        row = SimpleNamespace(**{str(name): float(value) for name, value in record.items()})
        accepted = scores >= row.threshold
        right = (truth == predicted)[accepted]
        assert row.n_accepted == accepted.sum()
        assert row.coverage == pytest.approx(accepted.mean(), abs=1e-12)
        assert row.accuracy == pytest.approx(right.mean(), abs=1e-12)
        assert row.overall_correct == pytest.approx(right.sum() / 80, abs=1e-12)
        assert row.accuracy_low == pytest.approx(wilson(int(right.sum()), len(right)).low)
        kappa = metrics.cohen_kappa_score(truth[accepted], predicted[accepted])
        assert row.kappa == pytest.approx(kappa, abs=1e-9, nan_ok=True)
        point = selective_point(scores, truth, predicted, row.threshold)
        assert point.kappa == pytest.approx(kappa, abs=1e-9, nan_ok=True)


def test_the_threshold_of_largest_coverage_that_reaches_the_target() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(2000)
    truth = rng.integers(0, 5, 2000)
    predicted = np.where(rng.random(2000) < scores, truth, (truth + 1) % 5)
    curve = selective_curve(scores, truth, predicted)
    for target, measure, figure in ((0.9, "accuracy", "accuracy_low"), (0.9, "kappa", "kappa")):
        threshold = choose_threshold(curve, target, measure)  # type: ignore[arg-type]
        reached = curve[curve[figure] >= target]
        assert threshold == reached["threshold"].min()
        assert reached["coverage"].max() == (scores >= threshold).mean()


def test_a_target_out_of_reach_answers_nothing_rather_than_something() -> None:
    scores, truth, predicted = np.array([0.9, 0.8]), np.array([0, 1]), np.array([1, 0])
    threshold = choose_threshold(selective_curve(scores, truth, predicted), 0.5)
    assert threshold == math.inf
    point = selective_point(scores, truth, predicted, threshold)
    assert point.to_dict() == {
        "threshold": None,
        "n": 2,
        "n_accepted": 0,
        "coverage": 0.0,
        "accuracy": {"estimate": None, "low": None, "high": None},
        "overall_correct": 0.0,
        "kappa": None,
    }


def test_a_lucky_first_answer_does_not_set_the_threshold() -> None:
    scores, truth, predicted = np.arange(40.0), np.arange(40) % 2, np.zeros(40, np.int64)
    curve = selective_curve(scores, truth, predicted)
    assert choose_threshold(curve, 0.9, "kappa") == math.inf
    assert choose_threshold(curve, 0.9) == math.inf


@pytest.mark.parametrize("seed", range(4))
def test_aurc_is_the_mean_risk_and_does_not_depend_on_the_order_of_ties(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    scores, correct = rng.random(60), rng.random(60) < 0.7
    wrong = ~correct[np.argsort(-scores)]
    by_hand = np.mean([wrong[:m].mean() for m in range(1, 61)])
    best = np.mean([np.sort(~correct)[:m].mean() for m in range(1, 61)])
    assert aurc(scores, correct) == pytest.approx((by_hand, by_hand - best), abs=1e-12)

    tied = rng.integers(0, 4, 60).astype(np.float64)
    mean_of_orders = np.mean([aurc(tied + rng.random(60) * 1e-6, correct)[0] for _ in range(1500)])
    assert aurc(tied, correct)[0] == pytest.approx(mean_of_orders, abs=2e-3)
    mixed = rng.permutation(60)
    assert aurc(tied[mixed], correct[mixed]) == pytest.approx(aurc(tied, correct))


def test_the_knee_is_where_the_curve_bends() -> None:
    coverage = np.linspace(0.1, 1, 10)
    accuracy = np.array([1, 1, 0.99, 0.985, 0.98, 0.975, 0.97, 0.9, 0.82, 0.74])
    curve = pd.DataFrame({"threshold": 1 - coverage, "coverage": coverage, "accuracy": accuracy})
    assert knee(curve) == pytest.approx(0.3)


def test_a_flat_curve_has_no_knee() -> None:
    flat = selective_curve(np.array([0.9, 0.8]), np.array([0, 1]), np.array([0, 1]))
    assert math.isnan(knee(flat))


def test_a_score_that_is_not_a_number_is_refused() -> None:
    with pytest.raises(ValueError, match="score 1 is NaN"):
        selective_curve(np.array([0.5, np.nan]), np.array([0, 0]), np.array([0, 0]))
    with pytest.raises(ValueError, match="score 0 is NaN"):
        aurc(np.array([np.nan]), np.array([True]))


def test_no_specimens_give_an_empty_curve() -> None:
    nothing = np.array([], np.int64)
    curve = selective_curve(np.array([]), nothing, nothing)
    assert len(curve) == 0
    assert choose_threshold(curve, 0.9) == math.inf
    assert math.isnan(aurc(np.array([]), np.array([], bool))[0])
